"""What each page shows, as values: a template is rendered with one of the `...Page` Structs as `page`.

Every field has a value before a template sees it: None, "" or () where there is nothing to show.
Codes (level, state, unit, condition) stay codes here; the templates turn them into words.
"""

from datetime import date

from msgspec import Struct


class Link(Struct, frozen=True, kw_only=True):
    """A link and its words."""

    text: str
    href: str


class Browse(Struct, frozen=True, kw_only=True):
    """A way into the catalogue: a link with how many products lie behind it, and a few words more."""

    text: str
    href: str
    count: int
    hint: str = ""


class Badge(Struct, frozen=True, kw_only=True):
    """A badge as a tag: "OneRoster 1.2 (consumer): Certified"; `holder` is "supplier" where it is not the product's."""

    name: str
    level: str
    role: str = ""
    holder: str = "product"


class Price(Struct, frozen=True, kw_only=True):
    """A price ex VAT in pence, for one unit; `is_from` when other offers cost more."""

    pence: int
    unit: str
    is_from: bool = True


class HomePage(Struct, frozen=True, kw_only=True):
    """The front page."""

    total: int
    kinds: tuple[Browse, ...]
    categories: tuple[Browse, ...] = ()
    shortcuts: tuple[Browse, ...] = ()


class Option(Struct, frozen=True, kw_only=True):
    """A choice of a select."""

    value: str
    text: str


class Choice(Struct, frozen=True, kw_only=True):
    """A select that narrows a ticked value; `name` is its query parameter, `chosen` the value of an option."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str = ""


class FacetOption(Struct, frozen=True, kw_only=True):
    """A value of a facet with its count, and what narrows it while it is ticked."""

    value: str
    label: str
    count: int
    is_checked: bool = False
    choices: tuple[Choice, ...] = ()


class Facet(Struct, frozen=True, kw_only=True):
    """A group of checkboxes; `name` is the query parameter, `is_open` shows it unfolded."""

    name: str
    title: str
    options: tuple[FacetOption, ...]
    is_open: bool = False


class Selected(Struct, frozen=True, kw_only=True):
    """A filter in force; `href` is the same search without it."""

    facet: str
    text: str
    href: str


class Notice(Struct, frozen=True, kw_only=True):
    """How the question was loosened, in one sentence, with a link that may help ("Search for ... instead")."""

    message: str
    link: Link | None = None


class Result(Struct, frozen=True, kw_only=True):
    """A product in a list. `highlight` is escaped HTML with `<mark>`, shown in place of `summary`."""

    title: str
    href: str
    supplier: str
    category: str = ""
    summary: str = ""
    highlight: str = ""
    price: Price | None = None
    conditions: tuple[str, ...] = ()
    badges: tuple[Badge, ...] = ()


class SearchPage(Struct, frozen=True, kw_only=True):
    """Results of a search, or all products when `q` is empty."""

    q: str
    total: int
    results: tuple[Result, ...]
    sort: str
    sorts: tuple[Option, ...]
    facets: tuple[Facet, ...] = ()
    selected: tuple[Selected, ...] = ()
    clear_href: str = "/search"
    kept: tuple[tuple[str, str], ...] = ()
    notice: Notice | None = None
    did_you_mean: Link | None = None
    suggestions: tuple[Link, ...] = ()
    previous_href: str | None = None
    next_href: str | None = None


class Fact(Struct, frozen=True, kw_only=True):
    """A term and what holds; `href` makes it a link, `note` says where it comes from or what it leaves out."""

    term: str
    text: str
    href: str | None = None
    note: str = ""


class Proof(Struct, frozen=True, kw_only=True):
    """A badge with what is proved. `holder` is "supplier" or "product", `holder_name` says which one.

    `badge` leads to its own page, where it is verified, `meaning` to what the standard asks for.
    """

    name: str
    level: str
    holder: str
    holder_name: str
    state: str
    standard: str = ""
    version: str = ""
    role: str = ""
    scope: str = ""
    reference: str = ""
    issued: date | None = None
    expires: date | None = None
    evidence: Link | None = None
    publisher: str = ""
    note: str = ""
    badge: Link | None = None
    meaning: Link | None = None


class Tier(Struct, frozen=True, kw_only=True):
    """The price ex VAT of one unit from a quantity on."""

    minimum: int
    pence_ex_vat: int


class OfferRow(Struct, frozen=True, kw_only=True):
    """An offer: prices in pence, what one buys and on what terms."""

    name: str
    unit: str
    seller: str = ""
    reference: str = ""
    pence_ex_vat: int
    pence_vat: int
    pence_inc_vat: int
    vat_words: str = ""
    minimum_order: int | None = None
    lead_time: str = ""
    term: str = ""
    regions: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()


class UsedDevices(Struct, frozen=True, kw_only=True):
    """The particulars of one offer of used devices."""

    title: str
    facts: tuple[Fact, ...]


class ProductPage(Struct, frozen=True, kw_only=True):
    """A product with its offers and what is proved of it."""

    title: str
    breadcrumbs: tuple[Link, ...]
    supplier: Link
    facts: tuple[Fact, ...] = ()
    summary: str = ""
    description: str = ""
    features: tuple[str, ...] = ()
    attributes: tuple[Fact, ...] = ()
    price: Price | None = None
    shortlist_href: str = ""
    badges: tuple[Badge, ...] = ()
    proofs: tuple[Proof, ...] = ()
    past_proofs: tuple[Proof, ...] = ()
    offers: tuple[OfferRow, ...] = ()
    connectivity: tuple[Fact, ...] = ()
    used: tuple[UsedDevices, ...] = ()
    used_note: str = ""
    json_ld: dict[str, object] | None = None


class Slip(Struct, frozen=True, kw_only=True):
    """One thing wrong with a request and where it is."""

    pointer: str
    detail: str


class ProblemPage(Struct, frozen=True, kw_only=True):
    """Why a page cannot be shown, and where to go from here."""

    status: int
    title: str
    detail: str = ""
    errors: tuple[Slip, ...] = ()
    links: tuple[Link, ...] = ()
    request_id: str = ""


class ProblemTypePage(Struct, frozen=True, kw_only=True):
    """What a type of problem means and how to mend it; the API's problems point here."""

    title: str
    status: int
    type: str
    meaning: str
    mends: tuple[str, ...]


class ApiPage(Struct, frozen=True, kw_only=True):
    """The API browser; `openapi_href` is the OpenAPI document it loads."""

    openapi_href: str
