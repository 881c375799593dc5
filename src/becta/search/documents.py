"""What can be found: one flat document per published product."""

from msgspec import Struct


class BadgeMark(Struct, frozen=True, kw_only=True):
    """A badge on a document, with the instants between which it may be shown.

    `valid_from` and `valid_until` are UTC epoch seconds; the badge is valid while
    `valid_from <= now < valid_until`; `valid_until` None means it does not expire.
    """

    code: str
    name: str
    level: str
    holder: str
    version: str = ""
    role: str = ""
    valid_from: int = 0
    valid_until: int | None = None

    def is_valid(self, now: int) -> bool:
        """Whether the badge may be shown at `now` (UTC epoch seconds)."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Document(Struct, frozen=True, kw_only=True):
    """A product as the engine sees it. Prices are pence ex VAT; `published_at` is UTC epoch seconds."""

    id: str
    revision: int
    reference: str
    kind: str
    title: str
    supplier_id: str
    supplier: str
    brand: str = ""
    model: str = ""
    codes: tuple[str, ...] = ()
    category: str = ""
    category_name: str = ""
    summary: str = ""
    description: str = ""
    features: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    phases: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    badges: tuple[BadgeMark, ...] = ()
    price_pence: int | None = None
    price_unit: str = ""
    offers: int = 0
    published_at: int = 0
