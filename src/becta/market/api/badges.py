"""Badge claims: suppliers make them, verifiers check and decide them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from becta.compliance.badges.checking import decide_claim, recheck_badge, release_claim, take_claim
from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import BadgeClaim, ClaimState
from becta.compliance.badges.service import claim_badge, mend_claim
from becta.compliance.standards.registry import Holder
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, SIGNED_IN, Credentials, etag, needs
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.db import Database
from becta.market.listings.compose import claim_out
from becta.market.listings.queries import claims_of_supplier, one_claim
from becta.market.listings.schemas import ClaimOut
from becta.market.problems import documented


class NewClaim(BadgeClaim, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim, with the conformance run that shows it if the claim is that we tested it."""

    conformance_run_id: UUID | None = None


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a verifier decides: accepted, returned, refused, suspended or revoked. All but accepting need reasons."""

    decision: ClaimState
    reasons: list[str] = []


class Recheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a later check of a badge found; if it does not hold any more, with reasons."""

    holds: bool
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
    data: JSONBody[NewClaim],
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
    data: JSONBody[NewClaim],
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


@get(
    "/badge-claims/{claim_id:uuid}",
    sync_to_thread=True,
    operation_id="get_badge_claim",
    opt={"access": SIGNED_IN},
    tags=["badges"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def get_claim(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], claim_id: FromPath[UUID]
) -> Response[ClaimOut]:
    """One claim, for its supplier and for verifiers."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        found = claim_out(one_claim(session, actor, claim_id), now=now)
    return Response(found, headers=etag(found.revision))


@put(
    "/badge-claims/{claim_id:uuid}",
    sync_to_thread=True,
    operation_id="mend_badge_claim",
    opt={"access": needs(Scope.BADGES_CLAIM)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
)
def mend(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    claim_id: FromPath[UUID],
    data: JSONBody[BadgeClaim],
) -> Response[ClaimOut]:
    """Correct a claim that was returned and send it again."""
    return _step(db, credentials, claim_id, mend_claim, data)


@post(
    "/badge-claims/{claim_id:uuid}/take",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="take_badge_claim",
    opt={"access": needs(Scope.BADGES_DECIDE)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
)
def take(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], claim_id: FromPath[UUID]
) -> Response[ClaimOut]:
    """Take a claim to check it; nobody else decides it until you do or let it go (verifier)."""
    return _step(db, credentials, claim_id, take_claim)


@post(
    "/badge-claims/{claim_id:uuid}/release",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="release_badge_claim",
    opt={"access": needs(Scope.BADGES_DECIDE)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412),
)
def release(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], claim_id: FromPath[UUID]
) -> Response[ClaimOut]:
    """Let a claim go that was taken (verifier)."""
    return _step(db, credentials, claim_id, release_claim)


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
    """Accept, return or refuse a claim, or suspend or revoke its badge (verifier).

    Where the standard wants two people, the first to accept only makes the claim "checked".
    """
    return _step(db, credentials, claim_id, decide_claim, data.decision, data.reasons)


@post(
    "/badge-claims/{claim_id:uuid}/recheck",
    sync_to_thread=True,
    status_code=HTTP_200_OK,
    operation_id="recheck_badge",
    opt={"access": needs(Scope.BADGES_DECIDE)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 412, 413),
)
def recheck(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    claim_id: FromPath[UUID],
    data: JSONBody[Recheck],
) -> Response[ClaimOut]:
    """Record a later check (verifier): one that fails suspends the badge, one that passes lets it hold again."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        row = recheck_badge(
            session,
            actor,
            claim_id,
            holds=data.holds,
            reasons=data.reasons,
            revision=credentials.revision,
            now=now,
        )
        told = claim_out(row, now=now)
    return Response(told, headers=etag(told.revision))


def _step(
    db: Database, credentials: Credentials, claim_id: UUID, use_case: Callable[..., BadgeClaimRow], *given: object
) -> Response[ClaimOut]:
    """One step in a claim's life, in a transaction of its own."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        row = use_case(session, actor, claim_id, *given, revision=credentials.revision, now=now)
        told = claim_out(row, now=now)
    return Response(told, headers=etag(told.revision))


def _claim(
    db: Database, credentials: Credentials, holder: Holder, holder_id: UUID, given: NewClaim
) -> Response[ClaimOut]:
    now = clock.now()
    actor = credentials.actor(db, now=now)
    said = msgspec.structs.asdict(given)
    run_id = said.pop("conformance_run_id")
    with db.write() as session:
        row = claim_badge(
            session, actor, holder=holder, holder_id=holder_id, claim=BadgeClaim(**said), run_id=run_id, now=now
        )
        made = claim_out(row, now=now)
    return Response(made, headers={**etag(made.revision), "Location": f"/api/v1/badge-claims/{made.id}"})
