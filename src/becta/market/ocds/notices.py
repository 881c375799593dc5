"""The UK notices under the Procurement Act 2023: which one a step calls for, when it is due, and by what section.

Numbers and contents: Procurement Regulations 2024 (SI 2024/692). All go to the central digital platform first, and
to other places never before (reg 5): what we hold are drafts ready to send.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct


class ForSchools(StrEnum):
    """Whether schools and their trusts give a notice."""

    YES = "yes"
    IF = "if"
    NO = "no"


class NoticeKind(Struct, frozen=True, kw_only=True):
    """A kind of notice: its number, name and section, when it is given, and what it is in OCDS 1.1."""

    number: str
    name: str
    section: str
    when: str
    for_schools: ForSchools
    tag: str
    document_type: str
    part: str


class NoticeDue(Struct, frozen=True, kw_only=True):
    """That a step calls for a notice: `is_due` False where it may be given but need not be; `by` None is at once."""

    kind: NoticeKind
    is_due: bool
    by: datetime | None
    because: str


def _kind(
    number: str,
    name: str,
    section: str,
    for_schools: ForSchools,
    tag: str,
    document_type: str,
    when: str,
) -> tuple[str, NoticeKind]:
    part = {"planning": "planning", "award": "awards", "contract": "contracts", "implementation": "contracts"}
    word = next((word for word in part if tag.startswith(word)), "tender")
    kind = NoticeKind(
        number=number,
        name=name,
        section=section,
        when=when,
        for_schools=for_schools,
        tag=tag,
        document_type=document_type,
        part=part.get(word, "tender"),
    )
    return number, kind


_YES, _IF, _NO = ForSchools.YES, ForSchools.IF, ForSchools.NO
_MARKET = "dynamic market"
KINDS: Mapping[str, NoticeKind] = dict(
    (
        _kind(
            "UK1",
            "Pipeline notice",
            "s.93",
            _IF,
            "planning",
            "procurementPlan",
            "only who pays more than £100 million a year under contracts; within 56 days from 1 April",
        ),
        _kind(
            "UK2",
            "Preliminary market engagement notice",
            "s.17",
            _IF,
            "planning",
            "marketEngagementNotice",
            "before the tender notice where the market was or will be engaged, or say there why not",
        ),
        _kind(
            "UK3",
            "Planned procurement notice",
            "s.15",
            _IF,
            "planning",
            "plannedProcurementNotice",
            "if wanted, 40 days to 12 months before the tender notice: tenders then have at least 10 days",
        ),
        _kind("UK4", "Tender notice", "s.21", _YES, "tender", "tenderNotice", "to invite tenders; not for call-offs"),
        _kind(
            "UK5",
            "Transparency notice",
            "s.44",
            _YES,
            "award",
            "awardNotice",
            "before an award without competition under s.41 or s.43; not for call-offs",
        ),
        _kind(
            "UK6",
            "Contract award notice",
            "s.50",
            _YES,
            "award",
            "awardNotice",
            "before entering into a public contract, after the assessment summaries were sent",
        ),
        _kind(
            "UK7",
            "Contract details notice",
            "s.53",
            _YES,
            "contract",
            "contractNotice",
            "within 30 days after entering into a public contract, 120 for light touch",
        ),
        _kind(
            "UK8",
            "Contract payment notice",
            "s.70",
            _NO,
            "implementation",
            "implementationNotice",
            "each quarter, payments over £30,000; not schools",
        ),
        _kind(
            "UK9",
            "Contract performance notice",
            "s.71",
            _IF,
            "implementation",
            "implementationNotice",
            "yearly where indicators were set (over £5 million), and within 30 days of a breach",
        ),
        _kind(
            "UK10",
            "Contract change notice",
            "s.75",
            _YES,
            "contractAmendment",
            "contractNotice",
            "before modifying, unless value or term change by 10 % at most",
        ),
        _kind(
            "UK11",
            "Contract termination notice",
            "s.80",
            _YES,
            "contractTermination",
            "contractTerminationNotice",
            "within 30 days after the contract ended, run out or broken off",
        ),
        _kind(
            "UK12",
            "Procurement termination notice",
            "s.55",
            _YES,
            "tenderCancellation",
            "tenderCancellationNotice",
            "as soon as reasonably practicable after deciding not to award, once invited by UK4 or UK5",
        ),
        _kind(
            "UK13", "Dynamic market intention notice", "s.39", _IF, "tender", "tenderNotice", f"{_MARKET}: before it"
        ),
        _kind(
            "UK14",
            "Dynamic market establishment notice",
            "s.39",
            _IF,
            "tenderUpdate",
            "tenderNotice",
            f"{_MARKET}: once it is there",
        ),
        _kind(
            "UK15",
            "Dynamic market modification notice",
            "s.39",
            _IF,
            "tenderUpdate",
            "tenderNotice",
            f"{_MARKET}: when it changes; cannot be edited afterwards",
        ),
        _kind(
            "UK16",
            "Dynamic market cessation notice",
            "s.39",
            _IF,
            "tenderUpdate",
            "tenderNotice",
            f"{_MARKET}: when it ends",
        ),
        _kind(
            "UK17",
            "Payments compliance notice",
            "s.69",
            _NO,
            "implementation",
            "implementationNotice",
            "every six months; not schools",
        ),
    )
)
"""Every kind by its number."""

DETAILS_WITHIN, LIGHT_TOUCH_DETAILS_WITHIN = timedelta(days=30), timedelta(days=120)
"""UK7 and UK11 follow within 30 days (ss.53, 80); UK7 of light touch within 120."""


class Occasion(StrEnum):
    """What happened that may call for a notice."""

    ENGAGED = "engaged"
    PLANNED = "planned"
    INVITED = "invited"
    INVITATION_CHANGED = "invitation_changed"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    MODIFIED = "modified"
    ENDED = "ended"
    GIVEN_UP = "given_up"


_CALLED_FOR: Mapping[Occasion, str] = {
    Occasion.ENGAGED: "UK2",
    Occasion.PLANNED: "UK3",
    Occasion.INVITED: "UK4",
    Occasion.INVITATION_CHANGED: "UK4",
    Occasion.AWARDED: "UK6",
    Occasion.CONTRACTED: "UK7",
    Occasion.MODIFIED: "UK10",
    Occasion.ENDED: "UK11",
    Occasion.GIVEN_UP: "UK12",
}
_INVITING = frozenset(
    {Occasion.ENGAGED, Occasion.PLANNED, Occasion.INVITED, Occasion.INVITATION_CHANGED, Occasion.GIVEN_UP}
)
_BELOW = "the value is below the threshold, so the Act asks schools for no notice (s.84(2)(a)); it may be given"


def notice_due(
    occasion: Occasion,
    *,
    is_advertised_to_all: bool,
    is_above_threshold: bool,
    is_light_touch: bool = False,
    at: datetime,
) -> NoticeDue | None:
    """The notice that something calls for, None if none fits: who invites only some suppliers gives no UK2 to 4 or 12.

    Below the threshold no school must give one, but may.
    """
    if occasion in _INVITING and not is_advertised_to_all:
        return None
    kind = KINDS[_CALLED_FOR[occasion]]
    is_due = is_above_threshold and occasion is not Occasion.PLANNED
    within = LIGHT_TOUCH_DETAILS_WITHIN if is_light_touch and kind.number == "UK7" else DETAILS_WITHIN
    by = at + within if is_due and kind.number in {"UK7", "UK11"} else None
    because = _BELOW if not is_above_threshold else f"Procurement Act 2023 {kind.section}: {kind.when}"
    return NoticeDue(kind=kind, is_due=is_due, by=by, because=because)
