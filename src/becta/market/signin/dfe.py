"""DfE Sign-in: the organisation in its claim, and choosing another on its page, believed only once it confirms it.

See DFE-Digital/dsi-platform, docs/external/api: select-organisation/{create,callback}, users/query-user-organisation.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OctKey
from msgspec import Struct, structs
from sqlmodel import Session, select

from becta.kernel.actor import Role
from becta.kernel.errors import Conflict, DomainError
from becta.market.accounts.access import person_actor
from becta.market.accounts.members import admit, locked_organisation, locked_person
from becta.market.accounts.models import Member, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.signin.fetching import Fetcher, Unanswered
from becta.market.signin.issuers import Issuer, is_safe
from becta.market.signin.people import SignInRefused

AUDIENCE = "signin.education.gov.uk"
ESTABLISHMENT = "001"
TRUSTS = frozenset({"010", "013"})
"""Categories of organisation: multi-academy and single-academy trusts."""
LONGEST_REQUEST = 64
FILTER = {"type": "associated", "association": "auto", "organisationIds": []}
PROMPT = {
    "heading": "Which organisation are you buying for?",
    "hint": "You are associated with more than one organisation. Select one option.",
}


class Selection(Struct, frozen=True):
    """A choice begun: the id under which it will come back, and where the person chooses."""

    request_id: str
    url: str


def organisation_reference(organisation: object) -> str | None:
    """How we name an organisation of DfE Sign-in; None for kinds that do not act here."""
    if not isinstance(organisation, dict):
        return None
    category = organisation.get("category")
    code = category.get("id") if isinstance(category, dict) else None
    urn, uid = _digits(organisation.get("urn")), _digits(organisation.get("uid"))
    if code == ESTABLISHMENT and urn:
        return f"urn:{urn}"
    if code in TRUSTS and uid:
        return f"trust:{uid}"
    return None


def begin_selection(fetcher: Fetcher, issuer: Issuer, *, user: str, callback: str) -> Selection:
    """Ask DfE Sign-in to let a person choose one of their organisations; raises Unanswered."""
    body = {"callbackUrl": callback, "userId": user, "prompt": PROMPT, "filter": FILTER, "allowCancel": True}
    answer = _asked(fetcher, issuer, "/v2/select-organisation", body)
    request_id, url = answer.get("requestId"), answer.get("url")
    if not (isinstance(request_id, str) and 0 < len(request_id) <= LONGEST_REQUEST):
        raise Unanswered("the choice has no id")
    if not (isinstance(url, str) and is_safe(url, named_by=issuer.dfe_api_url)):
        raise Unanswered("the choice has no safe address")
    return Selection(request_id, url)


def confirmed_reference(fetcher: Fetcher, issuer: Issuer, *, user: str, organisation_id: str) -> str:
    """How we name the organisation that a person is said to have chosen, once DfE Sign-in confirms that it is theirs.

    Raises SignInRefused if it does not, and Unanswered.
    """
    try:
        chosen = UUID(organisation_id)
    except ValueError:
        raise SignInRefused("the chosen organisation has no id") from None
    path = f"/v2/users/{quote(user, safe='')}/organisations/{chosen}/query"
    answer = _asked(fetcher, issuer, path, {"filter": FILTER})
    organisation = answer.get("organisation")
    if not isinstance(organisation, dict) or str(organisation.get("id")).lower() != str(chosen):
        raise SignInRefused("DfE Sign-in does not confirm the organisation")
    if str(answer.get("userId")).lower() != user.lower():
        raise SignInRefused("DfE Sign-in confirms the organisation of somebody else")
    reference = organisation_reference(organisation)
    if reference is None:
        raise SignInRefused("the chosen organisation does not act here")
    return reference


def vouched_organisation(
    session: Session, person: Person, reference: str, roles: Iterable[Role], *, now: datetime
) -> UUID | None:
    """The organisation DfE Sign-in says a person belongs to, and they its member; None if the register lacks it.

    None too for the operator's own people. A new member gets `roles`. Whoever is a member keeps the roles given here,
    and whoever was removed stays removed.
    """
    locked_person(session, person.id)
    try:
        organisation = locked_organisation(session, open_organisation(session, reference, now=now).id)
    except DomainError:
        return None
    memberships = session.exec(
        select(Member).where(Member.person_id == person.id, Member.organisation_id == organisation.id)
    ).all()
    if any(member.ended_at is None for member in memberships):
        return organisation.id
    if memberships:
        return None
    actor = structs.replace(person_actor(session, person, None), organisation_id=organisation.id)
    try:
        admit(session, actor, organisation, person.id, roles, now=now)
    except Conflict:  # one of the operator's
        return None
    return organisation.id


def _asked(fetcher: Fetcher, issuer: Issuer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    if issuer.dfe_api_url is None or issuer.dfe_api_secret is None:
        raise Unanswered("the API of DfE Sign-in is not configured")
    key = OctKey.import_key(issuer.dfe_api_secret.get_secret_value())
    token = jwt.encode({"alg": "HS256"}, {"iss": issuer.client_id, "aud": AUDIENCE}, key, algorithms=["HS256"])
    headers = {"Authorization": f"Bearer {token}"}
    return fetcher.post(f"{issuer.dfe_api_url.rstrip('/')}{path}", json=body, headers=headers)


def _digits(value: object) -> str | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() else None
