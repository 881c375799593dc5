"""Personal data: the register of what is held, a person's copy, and erasure."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT
from msgspec import Struct

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Forbidden
from becta.market.api.access import BEARER, PUBLIC, Credentials, needs
from becta.market.api.paging import Page
from becta.market.db import Database
from becta.market.privacy.held import Holding, holdings
from becta.market.privacy.queries import export_person
from becta.market.privacy.schemas import PersonExport
from becta.market.privacy.service import erase_person
from becta.market.problems import documented

PRIVATE = {"Cache-Control": "no-store"}


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a person is erased."""

    reason: str


@get(
    "/privacy/register",
    sync_to_thread=False,
    operation_id="list_personal_data",
    opt={"access": PUBLIC},
    tags=["privacy"],
)
def list_personal_data() -> Page[Holding]:
    """What this marketplace holds about people: whose, why, on which lawful basis, how long, what erasure does."""
    return Page(items=list(holdings()), next=None)


@get(
    "/me/export",
    sync_to_thread=True,
    operation_id="export_me",
    opt={"access": needs(Scope.ACCOUNT_MANAGE)},
    tags=["privacy"],
    security=BEARER,
    responses=documented(401, 403),
)
def export_me(db: NamedDependency[Database], credentials: NamedDependency[Credentials]) -> Response[PersonExport]:
    """Everything held about the person behind this token."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    if actor.person_id is None:
        raise Forbidden(need="a personal token")
    with db.read() as session:
        return Response(export_person(session, actor.person_id, now=now), headers=PRIVATE)


@post(
    "/people/{person_id:uuid}/erasure",
    sync_to_thread=True,
    status_code=HTTP_204_NO_CONTENT,
    operation_id="erase_person",
    opt={"access": needs(Scope.PEOPLE_ERASE)},
    tags=["privacy"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def erase(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    person_id: FromPath[UUID],
    data: JSONBody[Erasure],
) -> None:
    """Erase a person for good (operator). People erase themselves on their account page."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        erase_person(session, actor, person_id, data.reason, now=now)
