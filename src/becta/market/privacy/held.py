"""The register of personal data: what is held, whose it is, why, on which basis, how long, and what erasure does.

A record of processing in the sense of UK GDPR Article 30(1). Sources: UK GDPR (retained Regulation (EU) 2016/679)
Articles 6, 15, 17 and 30; PECR 2003 regulation 6(4). The periods are this project's own, to be settled by an operator.
"""

from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Holding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of personal data: where it lies, and what the law wants to be said of it.

    That is a table and its columns, or a place outside the database.
    """

    table: str | None = None
    columns: tuple[str, ...] = ()
    place: str | None = None
    whose: str
    why: str
    basis: str
    kept: str
    on_erasure: str


@cache
def holdings() -> tuple[Holding, ...]:
    """Everything that is held about people."""
    raw = files("becta.market.privacy.data").joinpath("held.json").read_bytes()
    return msgspec.json.decode(raw, type=tuple[Holding, ...])
