"""The command line `market`."""

import click

from becta import __version__
from becta.market import telemetry
from becta.market.cli.audit import audit
from becta.market.cli.badge import badge
from becta.market.cli.bench import bench
from becta.market.cli.importing import import_
from becta.market.cli.ocds import ocds
from becta.market.cli.people import people
from becta.market.cli.running import check, demo, migrate, reindex, serve, worker
from becta.market.cli.tokens import token


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """The BECTA 2.0 marketplace. Settings come from the environment; the README lists them."""
    telemetry.configure()


for command in (serve, worker, demo, migrate, import_, reindex, check, audit, people, token, badge, ocds, bench):
    main.add_command(command)
