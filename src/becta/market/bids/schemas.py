"""What requests and answers about bids look like. Amounts are pence ex VAT; times are UTC."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from becta.market.bids.badges import BadgeLack
from becta.market.bids.contents import BidContent
from becta.market.bids.receipts import Receipt
from becta.market.bids.rules import BidState
from becta.market.shortlists.rules import HeldBadge


class NewOfficers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two to four people who open the bids: any two of them together."""

    people: tuple[UUID, ...]


class GivenCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An opening officer's code."""

    code: str


class NewOutage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time in which bids could not be sent, and why; the deadline moves by its length for everybody."""

    began_at: datetime
    ended_at: datetime
    reason: str


class OfficerOut(Struct, frozen=True, kw_only=True):
    """An opening officer, when they took the duty up and when they gave their code; `name` is None once erased."""

    person_id: UUID
    name: str | None
    named_at: datetime
    taken_at: datetime | None
    gave_code_at: datetime | None


class OfficersOut(Struct, frozen=True, kw_only=True):
    """The opening officers. `are_ready`: all of them hold a code, so bids can be sealed to them."""

    items: tuple[OfficerOut, ...]
    are_ready: bool


class CodeOut(Struct, frozen=True, kw_only=True):
    """An opening code, shown this once: it is stored nowhere, and without two officers' codes no bid can be read."""

    code: str
    taken_at: datetime


class BidShort(Struct, frozen=True, kw_only=True):
    """A bid as its supplier sees it: its receipt and what became of it; `number` counts the supplier's bids.

    Once it was opened, `salt` (hex) and `content` are there, so that the receipt's commitment can be checked.
    """

    id: UUID
    number: int
    state: BidState
    receipt: Receipt
    ended_at: datetime | None
    reason: str | None
    content: BidContent | None = None
    salt: str | None = None


class LateOut(Struct, frozen=True, kw_only=True):
    """A bid of the supplier that came too late; nothing of it was kept."""

    received_at: datetime
    deadline: datetime


class OwnBids(Struct, frozen=True, kw_only=True):
    """A supplier's own bids for a procurement, newest first, and those that came too late."""

    items: tuple[BidShort, ...]
    late: tuple[LateOut, ...]


class OpenedOut(Struct, frozen=True, kw_only=True):
    """An opened bid with its receipt. `badges` are those that each product held at the opening, by product id.

    `lacks` are the badges that its lots require and its products did not hold: for such a lot it is left out.
    `reason` says why a bid could not be read; then `content` and `salt` are None.
    """

    id: UUID
    supplier_id: UUID
    supplier: str
    receipt: Receipt
    state: BidState
    content: BidContent | None
    salt: str | None
    badges: dict[UUID, tuple[HeldBadge, ...]]
    lacks: tuple[BadgeLack, ...]
    reason: str | None


class BidsOut(Struct, frozen=True, kw_only=True):
    """The bids of a procurement as its buyer may know them at this time.

    Before the deadline nothing, after it how many there are (`count`), after the opening all of them.
    """

    count: int | None
    opened_at: datetime | None
    items: tuple[OpenedOut, ...]
    next: str | None = None


class OpeningOut(Struct, frozen=True, kw_only=True):
    """Where the opening stands: begun by one officer, or done by two; then how many bids were opened and unreadable."""

    is_open: bool
    opened: int = 0
    unreadable: int = 0


class OutageOut(Struct, frozen=True, kw_only=True):
    """A recorded outage and what the deadline became for everybody."""

    id: UUID
    began_at: datetime
    ended_at: datetime
    reason: str
    recorded_at: datetime
    deadline_before: datetime
    deadline_after: datetime


class ReceiptVerdict(Struct, frozen=True, kw_only=True):
    """Whether we signed just this receipt."""

    valid: bool
    problem: str | None = None
