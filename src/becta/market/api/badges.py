"""Badge claims: suppliers make them, the operator decides."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from becta.compliance.badges.rules import BadgeClaim, ClaimState
from becta.compliance.badges.service import claim_badge, decide_claim
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, SIGNED_IN, Credentials, etag, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.listings.compose import claim_out
from becta.market.listings.queries import claims_of_supplier
from becta.market.listings.schemas import ClaimOut
from becta.market.problems import documented


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator decides of a claim: accepted, refused or revoked. All but accepting need reasons."""

    decision: ClaimState
    reasons: list[str] = []


@post(
    "/suppliers/{supplier_id:uuid}/badge-claims",
    sync_to_thread=True,
    operation_id="claim_supplier_badge",
    opt={"access": needs(Scope.BADGES_CLAIM)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 413),
)
def claim_for_supplier(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    supplier_id: FromPath[UUID],
    data: JSONBody[BadgeClaim],
) -> Response[ClaimOut]:
    """Claim a badge that belongs to the organisation, such as Cyber Essentials."""
    return _claim(db, credentials, Holder.SUPPLIER, supplier_id, data)


@post(
    "/products/{product_id:uuid}/badge-claims",
    sync_to_thread=True,
    operation_id="claim_product_badge",
    opt={"access": needs(Scope.BADGES_CLAIM)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 413),
)
def claim_for_product(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    product_id: FromPath[UUID],
    data: JSONBody[BadgeClaim],
) -> Response[ClaimOut]:
    """Claim a badge that belongs to a product, such as LTI 1.3 as a Tool."""
    return _claim(db, credentials, Holder.PRODUCT, product_id, data)


@get(
    "/badge-claims",
    sync_to_thread=True,
    operation_id="list_badge_claims",
    opt={"access": SIGNED_IN},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403),
)
def list_claims(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[ClaimOut]]:
    """The claims of the token's supplier and its products, or all of them for the operator, oldest first."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        actor.require(Scope.BADGES_CLAIM if actor.bound_to else Scope.BADGES_DECIDE)
        bound_to = fingerprint("badge-claims", actor.bound_to)
        after = start_after(cursor, bound_to)
        claims = claims_of_supplier(session, actor.bound_to, after=after, limit=limit + 1, now=now)
    following = next_cursor([claim.id for claim in claims], limit, bound_to)
    return Response(Page(items=claims[:limit], next=following), headers=link_header(request, following))


@post(
    "/badge-claims/{claim_id:uuid}/decision",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="decide_badge_claim",
    opt={"access": needs(Scope.BADGES_DECIDE)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
)
def decide(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    claim_id: FromPath[UUID],
    data: JSONBody[Decision],
) -> Response[ClaimOut]:
    """Accept, refuse or revoke a claim (operator)."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        claim = decide_claim(
            session, actor, claim_id, data.decision, data.reasons, revision=credentials.revision, now=now
        )
        decided = claim_out(claim, now=now)
    return Response(decided, headers=etag(decided.revision))


def _claim(
    db: Database, credentials: Credentials, holder: Holder, holder_id: UUID, claim: BadgeClaim
) -> Response[ClaimOut]:
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        made = claim_out(claim_badge(session, actor, holder=holder, holder_id=holder_id, claim=claim, now=now), now=now)
    return Response(made, headers=etag(made.revision))
