"""The Jinja environment of the pages."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from becta.market.web.formats import FILTERS

FOLDER = Path(__file__).resolve().parent / "templates"


def environment(*, static_urls: Mapping[str, str], demonstration: bool = False) -> Environment:
    """An environment that renders the pages; `static_urls` is `assets.manifest()`, `demonstration` shows the banner."""
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    jinja = Environment(
        loader=ChoiceLoader([FileSystemLoader(FOLDER), macros]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.filters.update(FILTERS)
    jinja.globals.update(static=dict(static_urls), demonstration=demonstration)
    return jinja
