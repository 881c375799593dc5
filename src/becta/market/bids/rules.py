"""What is wrong with a bid, when it may come and be opened, and what may become of it. Pure functions."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from becta.catalogue.text_rules import text_faults
from becta.kernel.clock import LONDON
from becta.kernel.errors import Conflict, Fault
from becta.kernel.money import pounds
from becta.market.bids.contents import BidFileSent, LotBid, NewBid
from becta.market.pledges.tiers import Tier
from becta.market.procurements.terms import LotTerms

MAX_TIERS = 20
MAX_PRODUCTS = 50
MAX_DECLARATIONS = 50
MAX_FILES = 20
MAX_QUANTITY = 10**7
MAX_UNIT_PENCE = 10**9
"""The dearest that one may be (10 million pounds), whatever it is: beyond it a typing error is certain.

Even for a thousand million units, a thousand schools with the largest pledge there is, the database holds the total
with VAT. What is wanted is not multiplied in when a bid comes: a refusal would tell bidders how many schools want.
"""
LARGEST_FILES = 5 << 20
"""Bytes that all files of a bid have together."""
LARGEST_BODY = 9 << 20
"""Bytes of a request with a bid: its files in base64, and room for the answers."""
LONGEST_ANSWER = 20_000
LONGEST_OUTAGE = timedelta(days=14)
OPENS_AFTER = timedelta(minutes=1)
"""How long after the deadline officers wait, so that what came in the last second is stored before they open."""
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}", re.ASCII)
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)


class BidState(StrEnum):
    """What became of a bid: it stands, its supplier replaced or withdrew it, it was opened, or could not be read."""

    CURRENT = "current"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    OPENED = "opened"
    UNREADABLE = "unreadable"


_S = BidState
MOVES: Mapping[BidState, frozenset[BidState]] = {
    _S.CURRENT: frozenset({_S.REPLACED, _S.WITHDRAWN, _S.OPENED, _S.UNREADABLE}),
    _S.REPLACED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.OPENED: frozenset(),
    _S.UNREADABLE: frozenset(),
}
"""The only moves there are; the database's trigger holds the same pairs."""


class Late(Conflict):
    """A bid or a withdrawal that came at or after the deadline, by the server's time."""

    def __init__(self, what: str, *, received_at: datetime, deadline: datetime) -> None:
        """Say both times."""
        came, ended = received_at.isoformat(timespec="milliseconds"), deadline.isoformat(timespec="seconds")
        super().__init__(f"{what} came too late: the deadline was {ended}, the server's time on arrival was {came}")
        self.received_at = received_at
        self.deadline = deadline


def check_move(current: BidState, wanted: BidState) -> None:
    """Raise Conflict unless the move is in the table."""
    if wanted not in MOVES[current]:
        raise Conflict(f"the bid is {current}, so it cannot become {wanted}")


def check_in_time(what: str, *, received_at: datetime, deadline: datetime) -> None:
    """Raise Late unless something came before the deadline."""
    if received_at >= deadline:
        raise Late(what, received_at=received_at, deadline=deadline)


def check_may_open(*, deadline: datetime, now: datetime) -> None:
    """Raise Conflict until the deadline has passed, and what came before it is stored."""
    if now < deadline + OPENS_AFTER:
        told = (deadline + OPENS_AFTER).astimezone(LONDON)
        since = f"{told:%H:%M:%S} on {told.day} {told:%B %Y}"
        raise Conflict(f"bids stay sealed until their deadline has passed: they can be opened from {since}")


def bid_faults(bid: NewBid, lots: Mapping[int, LotTerms]) -> list[Fault]:
    """Everything wrong with a bid for lots of these terms, by number."""
    faults = _lots_faults(bid.lots, lots)
    if len(bid.declarations) > MAX_DECLARATIONS:
        faults.append(Fault(field="declarations", problem="are too many", mend=f"make at most {MAX_DECLARATIONS}"))
    faults += [
        Fault(field="declarations", problem="has a code that is none", mend="use a-z, 0-9, - and _", value=code[:60])
        for code in bid.declarations
        if not _CODE.fullmatch(code)
    ]
    return faults + _file_faults(bid.files)


def outage_faults(*, began_at: datetime, ended_at: datetime, now: datetime, reason: str) -> list[Fault]:
    """What is wrong with a recorded outage: it is over, and lasted a believable time."""
    faults = text_faults("reason", reason, at_least=3, at_most=1_000)
    if not began_at < ended_at <= began_at + LONGEST_OUTAGE:
        mend = f"give an end after the beginning, at most {LONGEST_OUTAGE.days} days later"
        faults.append(Fault(field="ended_at", problem="does not fit the beginning", mend=mend))
    if ended_at > now:
        faults.append(Fault(field="ended_at", problem="is to come", mend="record an outage once it is over"))
    return faults


def deadline_after_outage(deadline: datetime, *, began_at: datetime, ended_at: datetime, now: datetime) -> datetime:
    """The deadline for everybody after an outage: as long as it lasted, from the deadline or from now if that passed.

    Whole minutes, rounded up, so that the new deadline can be told.
    """
    extended = max(deadline, now) + (ended_at - began_at)
    whole = extended.replace(second=0, microsecond=0)
    return whole if whole == extended else whole + timedelta(minutes=1)


def _lots_faults(bids: Sequence[LotBid], lots: Mapping[int, LotTerms]) -> list[Fault]:
    if not bids:
        return [Fault(field="lots", problem="is empty", mend="bid for at least one lot")]
    faults: list[Fault] = []
    numbers = [bid.lot for bid in bids]
    for place, bid in enumerate(bids):
        at = f"lots.{place}"
        if bid.lot not in lots:
            mend = f"name one of {', '.join(map(str, sorted(lots)))}"
            faults.append(Fault(field=f"{at}.lot", problem="is no lot of this procurement", mend=mend))
            continue
        if bid.lot in numbers[:place]:
            mend = "bid once for each lot"
            faults.append(Fault(field=f"{at}.lot", problem="is bid for twice", mend=mend))
        faults += _tier_faults(bid.tiers, f"{at}.tiers")
        faults += _number_faults(bid, at)
        faults += _answer_faults(bid, lots[bid.lot], f"{at}.answers")
    return faults


def _tier_faults(tiers: Sequence[Tier], at: str) -> list[Fault]:
    if not 1 <= len(tiers) <= MAX_TIERS:
        return [Fault(field=at, problem=f"has {len(tiers)} tiers", mend=f"give 1 to {MAX_TIERS}")]
    faults = []
    for place, tier in enumerate(tiers):
        if not 1 <= tier.from_quantity <= MAX_QUANTITY:
            mend = f"give a whole number from 1 to {MAX_QUANTITY}"
            faults.append(Fault(field=f"{at}.{place}.from_quantity", problem="is no quantity", mend=mend))
        if not 0 <= tier.unit_price_pence <= MAX_UNIT_PENCE:
            mend = f"give whole pence for one, ex VAT, up to {pounds(MAX_UNIT_PENCE)}"
            faults.append(Fault(field=f"{at}.{place}.unit_price_pence", problem="is no price", mend=mend))
    for place, (lower, upper) in enumerate(pairwise(tiers), 1):
        if upper.from_quantity <= lower.from_quantity:
            mend = "let quantities ascend"
            field, problem = f"{at}.{place}.from_quantity", "does not start above the tier before"
            faults.append(Fault(field=field, problem=problem, mend=mend))
        if upper.unit_price_pence > lower.unit_price_pence:
            mend = "let the price for one not rise with the quantity"
            field, problem = f"{at}.{place}.unit_price_pence", "is dearer than the tier before"
            faults.append(Fault(field=field, problem=problem, mend=mend))
    return faults


def _number_faults(bid: LotBid, at: str) -> list[Fault]:
    faults = []
    if bid.capacity is not None and not (bid.tiers and bid.tiers[0].from_quantity <= bid.capacity <= MAX_QUANTITY):
        mend = "give at least the quantity of the first tier, or leave it out if there is no limit"
        faults.append(Fault(field=f"{at}.capacity", problem="does not fit the tiers", mend=mend))
    if not 0 <= bid.vat_basis_points <= 10_000:
        mend = "give hundredths of a per cent: 2000 for 20 per cent"
        faults.append(Fault(field=f"{at}.vat_basis_points", problem="is no rate", mend=mend))
    if len(bid.product_ids) > MAX_PRODUCTS or len(set(bid.product_ids)) != len(bid.product_ids):
        mend = f"name each product once, at most {MAX_PRODUCTS}"
        faults.append(Fault(field=f"{at}.product_ids", problem="are too many or named twice", mend=mend))
    return faults


def _answer_faults(bid: LotBid, terms: LotTerms, at: str) -> list[Fault]:
    asked = {criterion.code: criterion.title for criterion in terms.criteria}
    faults = [
        Fault(field=at, problem="answers what was not asked", mend=f"answer {', '.join(asked)}", value=code[:60])
        for code in bid.answers
        if code not in asked
    ]
    for code, title in asked.items():
        if code not in bid.answers:
            mend = f"answer the criterion {title!r}"
            faults.append(Fault(field=f"{at}.{code}", problem="is missing", mend=mend))
        else:
            faults += text_faults(f"{at}.{code}", bid.answers[code], at_least=1, at_most=LONGEST_ANSWER)
    return [_unquoted(fault, at) for fault in faults]


def _unquoted(fault: Fault, at: str) -> Fault:
    """A fault of an answer without the answer, which is repeated nowhere."""
    if not fault.field.startswith(f"{at}."):
        return fault
    return Fault(field=fault.field, problem=fault.problem, mend=fault.mend)


def _file_faults(files: Sequence[BidFileSent]) -> list[Fault]:
    faults = []
    if len(files) > MAX_FILES:
        faults.append(Fault(field="files", problem=f"has {len(files)} entries", mend=f"send at most {MAX_FILES}"))
    if sum(len(file.data) for file in files) > LARGEST_FILES:
        mend = f"send at most {LARGEST_FILES >> 20} MB in all"
        faults.append(Fault(field="files", problem="are too large together", mend=mend))
    for place, file in enumerate(files):
        faults += text_faults(f"files.{place}.name", file.name, at_least=1, at_most=200)
        if any(sign in file.name for sign in "/\\\r\n\t"):
            mend = "give a name without a folder"
            faults.append(Fault(field=f"files.{place}.name", problem="is no plain file name", mend=mend))
        if not _MEDIA_TYPE.fullmatch(file.media_type):
            mend = "give a media type, such as application/pdf"
            faults.append(Fault(field=f"files.{place}.media_type", problem="is no media type", mend=mend))
        if not file.data:
            faults.append(Fault(field=f"files.{place}.data", problem="is empty", mend="send the file, or leave it out"))
    return faults
