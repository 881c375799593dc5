"""The words of the DfE register "Get Information about Schools": states, phases, types of group, kinds of link."""

import unicodedata
from enum import StrEnum
from uuid import UUID, uuid5

from becta.catalogue.offers.rules import Region

_NAMESPACE = UUID("8a5f2c52-6d0e-5b0b-9a39-5f1f6c0f3b11")


class Status(StrEnum):
    """Where an establishment stands in its life."""

    OPEN = "open"
    CLOSED = "closed"
    PROPOSED_TO_CLOSE = "proposed_to_close"
    PROPOSED_TO_OPEN = "proposed_to_open"


STANDING = frozenset({Status.OPEN, Status.PROPOSED_TO_CLOSE})
"""The states in which an establishment teaches and may buy."""


class SchoolPhase(StrEnum):
    """Phases of education as the register names them."""

    NURSERY = "nursery"
    PRIMARY = "primary"
    MIDDLE_DEEMED_PRIMARY = "middle_deemed_primary"
    MIDDLE_DEEMED_SECONDARY = "middle_deemed_secondary"
    SECONDARY = "secondary"
    ALL_THROUGH = "all_through"
    SIXTEEN_PLUS = "16_plus"
    NOT_APPLICABLE = "not_applicable"


class Gender(StrEnum):
    """Whom an establishment takes."""

    MIXED = "mixed"
    BOYS = "boys"
    GIRLS = "girls"


class GroupType(StrEnum):
    """Kinds of group. `other` is a kind that came after this list; the register's own words are kept beside it."""

    MULTI_ACADEMY_TRUST = "multi_academy_trust"
    SINGLE_ACADEMY_TRUST = "single_academy_trust"
    SECURE_SINGLE_ACADEMY_TRUST = "secure_single_academy_trust"
    UMBRELLA_TRUST = "umbrella_trust"
    SCHOOL_SPONSOR = "school_sponsor"
    TRUST = "trust"
    FEDERATION = "federation"
    CHILDRENS_CENTRES_GROUP = "childrens_centres_group"
    CHILDRENS_CENTRES_COLLABORATION = "childrens_centres_collab"
    OTHER = "other"


ACADEMY_TRUSTS = frozenset(
    {GroupType.MULTI_ACADEMY_TRUST, GroupType.SINGLE_ACADEMY_TRUST, GroupType.SECURE_SINGLE_ACADEMY_TRUST}
)
"""The groups that run their schools as one legal body. A school is in at most one of them."""


class GroupStatus(StrEnum):
    """Where a group stands in its life."""

    OPEN = "open"
    CLOSED = "closed"
    PROPOSED_TO_OPEN = "proposed_to_open"
    CREATED_IN_ERROR = "created_in_error"


class LinkKind(StrEnum):
    """How two establishments are linked. All but `related` lead from predecessor to successor."""

    SUCCEEDED = "succeeded"
    AMALGAMATED = "amalgamated"
    MERGED = "merged"
    SPLIT = "split"
    RELATED = "related"


def school_id(urn: int) -> UUID:
    """The identifier of an establishment in the audit trail."""
    return uuid5(_NAMESPACE, f"urn:{urn}")


def group_object_id(uid: int) -> UUID:
    """The identifier of a group in the audit trail."""
    return uuid5(_NAMESPACE, f"group:{uid}")


def register_id(kind: str) -> UUID:
    """The identifier of one part of the register in the audit trail."""
    return uuid5(_NAMESPACE, f"register:{kind}")


def name_key(name: str) -> str:
    """A name as it is sought and sorted: no case, accents, apostrophes or stops, one space between words."""
    folded = unicodedata.normalize("NFKD", name.casefold()).replace("æ", "ae").replace("ø", "o").replace("œ", "oe")
    kept = (
        " " if unicodedata.category(sign)[0] in "PSZ" else sign
        for sign in folded
        if sign not in "'’‘`´." and not unicodedata.combining(sign)
    )
    return " ".join("".join(kept).replace("\x92", "").split())


REGIONS = {
    "north east": Region.NORTH_EAST,
    "north west": Region.NORTH_WEST,
    "yorkshire and the humber": Region.YORKSHIRE,
    "east midlands": Region.EAST_MIDLANDS,
    "west midlands": Region.WEST_MIDLANDS,
    "east of england": Region.EAST,
    "london": Region.LONDON,
    "south east": Region.SOUTH_EAST,
    "south west": Region.SOUTH_WEST,
}
"""The register's regions (GOR) that are in England; the others, such as "Wales (pseudo)", are none of ours."""
