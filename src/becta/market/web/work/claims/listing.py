"""The list of a supplier's claims, and one claim as its supplier sees it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from becta.compliance.badges.rules import OPEN_TO_SUPPLIER, ClaimState
from becta.compliance.standards.entries import EvidenceKind
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.paging import fingerprint
from becta.market.api.access import needs
from becta.market.api.paging import next_cursor, start_after
from becta.market.ledger.queries import ISSUED
from becta.market.listings.queries import one_claim
from becta.market.web.account.answers import Running, shown
from becta.market.web.addresses import next_href
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link
from becta.market.web.visitor import Visiting
from becta.market.web.work.claims.queries import claims_of, evidence_rows, one_line
from becta.market.web.work.claims.views import ClaimPage, ClaimRow, ClaimsPage
from becta.market.web.work.claims.words import (
    CLAIMS,
    days_of,
    facts_of,
    guide_of,
    headline_of,
    piece_row,
    tag_of,
    then_of,
    title_of,
)

PER_PAGE = 25
ONE = f"{CLAIMS}/{{claim_id:uuid}}"
ADD = {
    EvidenceKind.FILE: "Add a file",
    EvidenceKind.CERTIFICATE_NUMBER: "Add a certificate",
    EvidenceKind.URL: "Add an address",
    EvidenceKind.STATEMENT: "Add a statement",
    EvidenceKind.CONFORMANCE_RUN: "Add one of our tests",
}
"""Kinds of evidence, in the order offered; our tests are of products only."""


@get(CLAIMS, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def list_claims(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Claims of the supplier acted for and its products, newest first; all of them for the operator."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    bound_to = fingerprint("claim pages", actor.bound_to)
    before = start_after(request.query_params.get("cursor") or None, bound_to)
    with house.db.read() as session:
        found = claims_of(session, actor.bound_to, before=before, limit=PER_PAGE + 1)
    following = next_cursor([line.claim.id for line in found], PER_PAGE, bound_to)
    rows = tuple(
        ClaimRow(
            href=f"{CLAIMS}/{line.claim.id}",
            badge=title_of(line.claim),
            holder=line.holder,
            level=line.claim.level,
            days=days_of(line.claim),
            state=tag_of(line.claim, now=now),
            then=then_of(line, now=now),
        )
        for line in found[:PER_PAGE]
    )
    page = ClaimsPage(
        rows=rows,
        may_claim=actor.bound_to is not None,
        next_href=next_href(CLAIMS, following),
    )
    return shown(pages, page)


@get(ONE, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def show_claim(claim_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """A claim with its evidence, what was decided, and what can be done about it."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        row = one_claim(session, actor, claim_id)
        line = one_line(session, claim_id)
        pieces = evidence_rows(session, claim_id)
    kinds = [
        kind
        for kind in ADD
        if row.state in OPEN_TO_SUPPLIER and (kind is not EvidenceKind.CONFORMANCE_RUN or row.product_id is not None)
    ]
    href = f"{CLAIMS}/{claim_id}"
    page = ClaimPage(
        title=title_of(row),
        holder=line.holder,
        state=tag_of(row, now=now),
        headline=headline_of(row, now=now),
        reasons=tuple(row.reasons),
        facts=facts_of(line),
        evidence=tuple(piece_row(piece, run) for piece, run in pieces),
        adding=tuple(Link(text=ADD[kind], href=f"{href}/evidence?kind={kind}") for kind in kinds),
        mend_href=f"{href}/mend" if row.state is ClaimState.RETURNED else "",
        badge_href=f"/badges/{claim_id}" if row.state in ISSUED else "",
        guide=guide_of(row.standard),
    )
    return shown(pages, page)
