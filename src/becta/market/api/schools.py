"""Schools as the DfE register has them (open data, Open Government Licence v3.0)."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.api.paging import CursorParameter, Limit, link_header
from becta.market.db import Database
from becta.market.organisations.queries import one_school, schools
from becta.market.organisations.rules import SchoolPhase
from becta.market.organisations.schemas import School, SchoolPage
from becta.market.problems import documented

MOST_URN = 9_999_999


@get(
    "/schools",
    sync_to_thread=True,
    operation_id="list_schools",
    opt={"access": PUBLIC},
    tags=["schools"],
    responses=documented(400),
)
def list_schools(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    q: Annotated[
        str | None,
        QueryParameter(
            max_length=200,
            pattern=r"^[^\x00]*$",  # PostgreSQL takes no NUL
            description="Words of the name, a URN, a UKPRN or a postcode",
        ),
    ] = None,
    la_code: Annotated[
        str | None, QueryParameter(pattern="^[0-9]{3}$", description="Only this local authority")
    ] = None,
    phase: Annotated[
        SchoolPhase | None, QueryParameter(description="Only this phase, as the register names it")
    ] = None,
    trust_uid: Annotated[int | None, QueryParameter(ge=1, le=MOST_URN, description="Only this group's")] = None,
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[SchoolPage]:
    """Schools by name, open and closed, each with the trust that runs it."""
    with db.read() as session:
        page = schools(session, q=q, la_code=la_code, phase=phase, trust_uid=trust_uid, after=cursor, limit=limit)
    return Response(page, headers=link_header(request, page.next))


@get(
    "/schools/{urn:int}",
    sync_to_thread=True,
    operation_id="get_school",
    opt={"access": PUBLIC},
    tags=["schools"],
    responses=documented(404),
)
def get_school(db: NamedDependency[Database], urn: FromPath[int]) -> School:
    """A school with its groups, their history, and what it came from and became."""
    if urn not in range(MOST_URN):
        raise NotFound("school", urn)
    with db.read() as session:
        return one_school(session, urn)
