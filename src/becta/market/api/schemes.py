"""Schemes of delegation: who may commit how much in a school or trust, by version."""

from uuid import UUID

from litestar import Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Invalid, NotFound
from becta.market.accounts.organisations import parse_reference
from becta.market.api.access import BEARER, Credentials, etag, needs
from becta.market.api.paging import Page
from becta.market.api.products import ETAG
from becta.market.db import Database
from becta.market.delegation.queries import schemes_shown_to
from becta.market.delegation.schemas import NewScheme, SchemeOut
from becta.market.delegation.service import set_scheme
from becta.market.problems import documented


@get(
    "/organisations/{reference:str}/scheme",
    sync_to_thread=True,
    operation_id="get_scheme",
    opt={"access": needs(Scope.COMMITMENTS_READ)},
    tags=["schemes"],
    security=BEARER,
    responses=documented(401, 403, 404),
    response_headers=ETAG,
)
def get_scheme(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], reference: FromPath[str]
) -> Response[SchemeOut]:
    """The scheme in force. Its ETag is the number of the newest version, which may be still to come."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        versions = schemes_shown_to(session, actor, _id(reference))
    in_force = next((one for one in versions if one.in_force_from <= now), None)
    if in_force is None:
        raise NotFound("scheme in force for", reference)
    return Response(in_force, headers=etag(versions[0].number))


@put(
    "/organisations/{reference:str}/scheme",
    sync_to_thread=True,
    operation_id="set_scheme",
    opt={"access": needs(Scope.SCHEMES_WRITE)},
    tags=["schemes"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
    response_headers=ETAG,
)
def put_scheme(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    reference: FromPath[str],
    data: JSONBody[NewScheme],
) -> Response[SchemeOut]:
    """Set the scheme of a school or trust as a new version; the versions before it stay."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    _id(reference)
    with db.write() as session:
        made = set_scheme(session, actor, reference, data, revision=credentials.revision, now=now)
    return Response(made, headers=etag(made.number))


@get(
    "/organisations/{reference:str}/scheme/versions",
    sync_to_thread=True,
    operation_id="list_scheme_versions",
    opt={"access": needs(Scope.COMMITMENTS_READ)},
    tags=["schemes"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def list_scheme_versions(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], reference: FromPath[str]
) -> Page[SchemeOut]:
    """Every version of a scheme, newest first; there are few, so there is one page."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return Page(items=schemes_shown_to(session, actor, _id(reference)), next=None)


def _id(reference: str) -> UUID:
    """The organisation that an address names; an address that names none leads nowhere."""
    try:
        return parse_reference(reference, "reference").id
    except Invalid:
        raise NotFound("organisation", reference[:80]) from None
