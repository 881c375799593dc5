"""The permission table of the pages: every page and form, a request that fits it, and who may make it."""

from collections.abc import Callable

from msgspec import Struct
from tests.market.permissions.scene import CALLERS, NO_ROLE, NOBODY, OPERATORS_TOKEN, SUPPLIERS_TOKEN, Scene
from tests.market.permissions.table import (
    CONFIRMS,
    DECIDES,
    KEEPS_SHORTLISTS,
    MANAGES,
    READS_MONEY,
    READS_SHORTLISTS,
    SETS_SCHEMES,
    SPENDS,
)

from becta.kernel.actor import NOWHERE, Role

R = Role
VISITORS = tuple(who for who in CALLERS if who not in {SUPPLIERS_TOKEN, OPERATORS_TOKEN})
"""Tokens mean nothing to pages."""
EVERYBODY = frozenset(VISITORS)
KNOWN = EVERYBODY - {NOBODY}
OWN = frozenset({NO_ROLE, R.BUYER, R.APPROVER, R.FINANCE, R.EVALUATOR, R.AUDITOR})
"""The people of the school."""
CLAIMS = frozenset({R.SUPPLIER_EDITOR, R.OPERATOR})
CHECKS = frozenset({R.VERIFIER, R.OPERATOR})

Fields = dict[str, str]


class PageRoute(Struct, frozen=True, kw_only=True):
    """A page or form with a request that somebody named may make."""

    method: str
    path: str
    ask: Callable[[Scene], tuple[str, Fields]]
    may: frozenset[str]


def page(path: str, may: frozenset[str], address: Callable[[Scene], str] | str | None = None) -> PageRoute:
    """A page to look at."""
    return PageRoute(method="GET", path=path, may=may, ask=lambda scene: (_address(address or path, scene), {}))


def form(
    path: str, may: frozenset[str], address: Callable[[Scene], str] | str | None = None, **fields: str
) -> PageRoute:
    """A form to send."""
    return PageRoute(method="POST", path=path, may=may, ask=lambda scene: (_address(address or path, scene), fields))


def _address(address: Callable[[Scene], str] | str, scene: Scene) -> str:
    return address if isinstance(address, str) else address(scene)


MONEY = {"purpose": "Books", "amount": "10", "category": "library", "budget_code": "L", "organisation": "urn:100001"}
PAGES: tuple[PageRoute, ...] = (
    page("/", EVERYBODY),
    page("/search", EVERYBODY),
    page("/products/{product_id}", EVERYBODY, lambda s: f"/products/{s.published}"),
    page("/standards", EVERYBODY),
    page("/standards/{code}", EVERYBODY, "/standards/lti"),
    page("/badges/{badge_id}", EVERYBODY, lambda s: f"/badges/{s.badge}"),
    page("/verify", EVERYBODY),
    form("/verify", KNOWN, credential="{}"),
    page("/conformance/{run_id}", EVERYBODY, lambda s: f"/conformance/{s.run}"),
    page("/problems/{slug}", EVERYBODY, "/problems/invalid"),
    page("/robots.txt", EVERYBODY),
    page("/privacy", EVERYBODY),
    page("/sign-in", EVERYBODY),
    page("/sign-in/check-your-email", EVERYBODY),
    page("/sign-in/link", EVERYBODY, "/sign-in/link?code=x"),
    form("/sign-in/link", frozenset(), email="x"),  # for the browser that opened /sign-in: see tests/market/signin
    form("/sign-in/link/use", KNOWN, code="x"),
    page("/sign-in/with/{slug}", frozenset(), "/sign-in/with/nobody-configured"),
    page("/sign-in/with/{slug}/callback", frozenset(), "/sign-in/with/nobody-configured/callback"),
    page("/account/erased", EVERYBODY),
    page("/outbox", frozenset()),  # outside a demonstration
    # one's own
    page("/account", KNOWN),
    page("/account/data", KNOWN),
    page("/account/data/download", KNOWN),
    page("/account/erase", KNOWN),
    form("/account/erase", KNOWN),  # without a reason nothing is erased
    page("/organisation", KNOWN),
    form("/organisation", KNOWN),
    page("/organisation/elsewhere", frozenset()),  # only a session of DfE Sign-in
    page("/sign-in/organisation", KNOWN),
    page("/join", KNOWN),
    page("/join/ask", KNOWN, "/join/ask?organisation=urn:100003"),
    form("/join/ask", KNOWN, organisation="urn:100003", roles="buyer"),
    form("/join/{request_id}/withdraw", frozenset(), lambda s: f"/join/{s.request}/withdraw"),  # only who asked
    page("/invitations/accept", frozenset(), "/invitations/accept?code=x"),
    form("/invitations/accept", frozenset(), code="x"),
    page("/tokens", KNOWN),
    page("/tokens/new", KNOWN),
    form("/tokens/new", KNOWN, label=""),
    page("/tokens/{token_id}", frozenset({R.SUPPLIER_EDITOR, R.OPERATOR}), lambda s: f"/tokens/{s.spare_token}"),
    form(
        "/tokens/{token_id}/rotate",
        frozenset({R.SUPPLIER_EDITOR, R.OPERATOR}),
        lambda s: f"/tokens/{s.spare_token}/rotate",
    ),
    form(
        "/tokens/{token_id}/revoke",
        frozenset({R.SUPPLIER_EDITOR, R.OPERATOR}),
        lambda s: f"/tokens/{s.spare_token}/revoke",
    ),
    # money
    page("/commitments", READS_MONEY & EVERYBODY),
    page("/commitments/new", SPENDS),
    form("/commitments/new", SPENDS, **MONEY),
    page("/commitments/{commitment_id}", READS_MONEY & EVERYBODY, lambda s: f"/commitments/{s.held}"),
    form("/commitments/{commitment_id}/approve", DECIDES, lambda s: f"/commitments/{s.held}/approve"),
    form("/commitments/{commitment_id}/decline", DECIDES, lambda s: f"/commitments/{s.held}/decline"),
    form("/commitments/{commitment_id}/withdraw", SPENDS, lambda s: f"/commitments/{s.held}/withdraw"),
    page("/scheme", READS_MONEY & EVERYBODY, "/scheme?organisation=urn:100001"),
    page("/scheme/edit", SETS_SCHEMES & EVERYBODY, "/scheme/edit?organisation=urn:100001"),
    form("/scheme/edit", SETS_SCHEMES & EVERYBODY, organisation="urn:100001"),
    # shortlists
    page("/shortlists", READS_SHORTLISTS & EVERYBODY),
    page("/shortlists/new", KEEPS_SHORTLISTS),
    form("/shortlists/new", KEEPS_SHORTLISTS, organisation="urn:100001", name="Books", need="Reading books"),
    page("/shortlists/add", KEEPS_SHORTLISTS, lambda s: f"/shortlists/add?product={s.published}"),
    PageRoute(
        method="POST",
        path="/shortlists/add",
        may=KEEPS_SHORTLISTS,
        ask=lambda s: ("/shortlists/add", {"product": str(s.other_published), "shortlist": str(s.shortlist)}),
    ),
    page("/shortlists/{shortlist_id}", READS_SHORTLISTS & EVERYBODY, lambda s: f"/shortlists/{s.shortlist}"),
    page(
        "/shortlists/{shortlist_id}/download",
        READS_SHORTLISTS & EVERYBODY,
        lambda s: f"/shortlists/{s.shortlist}/download",
    ),
    page("/shortlists/{shortlist_id}/edit", KEEPS_SHORTLISTS, lambda s: f"/shortlists/{s.shortlist}/edit"),
    form("/shortlists/{shortlist_id}/edit", KEEPS_SHORTLISTS, lambda s: f"/shortlists/{s.shortlist}/edit", name=""),
    page(
        "/shortlists/{shortlist_id}/entries/{entry_id}/remove",
        KEEPS_SHORTLISTS,
        lambda s: f"/shortlists/{s.shortlist}/entries/{s.entry}/remove",
    ),
    form(
        "/shortlists/{shortlist_id}/entries/{entry_id}/remove",
        KEEPS_SHORTLISTS,
        lambda s: f"/shortlists/{s.shortlist}/entries/{s.entry}/remove",
    ),
    page("/shortlists/{shortlist_id}/end", KEEPS_SHORTLISTS, lambda s: f"/shortlists/{s.shortlist}/end"),
    form("/shortlists/{shortlist_id}/end", KEEPS_SHORTLISTS, lambda s: f"/shortlists/{s.shortlist}/end"),
    # badges: claiming them, and checking the claims
    page("/claims", CLAIMS),
    page("/claims/new", CLAIMS),
    form("/claims/new", CLAIMS, holder="supplier", standard="iso-27001 2022"),
    page("/claims/{claim_id}", CLAIMS, lambda s: f"/claims/{s.claim}"),
    page("/claims/{claim_id}/mend", CLAIMS, lambda s: f"/claims/{s.claim}/mend"),
    form("/claims/{claim_id}/mend", CLAIMS, lambda s: f"/claims/{s.claim}/mend"),
    page("/claims/{claim_id}/evidence", CLAIMS, lambda s: f"/claims/{s.claim}/evidence"),
    form("/claims/{claim_id}/evidence", CLAIMS, lambda s: f"/claims/{s.claim}/evidence", kind="statement", note="Ours"),
    page("/claims/runs", CLAIMS),
    page("/claims/runs/new", CLAIMS),
    form("/claims/runs/new", CLAIMS),
    page("/checking", CHECKS),
    page("/checking/{claim_id}", CHECKS, lambda s: f"/checking/{s.claim}"),
    page("/checking/evidence/{evidence_id}", frozenset(), f"/checking/evidence/{NOWHERE}"),  # see test_claims
    form("/checking/{claim_id}/take", CHECKS, lambda s: f"/checking/{s.claim}/take", revision="1"),
    form("/checking/{claim_id}/release", CHECKS, lambda s: f"/checking/{s.claim}/release", revision="1"),
    form("/checking/{claim_id}/decide", CHECKS, lambda s: f"/checking/{s.claim}/decide", revision="1"),
    form("/checking/{claim_id}/recheck", CHECKS, lambda s: f"/checking/{s.claim}/recheck", revision="1"),
    # people
    page("/people", OWN | {R.TRUST_LEAD, R.OPERATOR}, "/people?organisation=urn:100001"),
    page("/people/invite", MANAGES, "/people/invite?organisation=urn:100001"),
    form("/people/invite", MANAGES, organisation="urn:100001", email="x"),
    form(
        "/people/invitations/{invitation_id}/withdraw",
        MANAGES,
        lambda s: f"/people/invitations/{s.invitation}/withdraw",
    ),
    page("/people/requests/{request_id}", CONFIRMS | {R.OPERATOR}, lambda s: f"/people/requests/{s.request}"),
    form("/people/requests/{request_id}/confirm", CONFIRMS, lambda s: f"/people/requests/{s.request}/confirm"),
    form("/people/requests/{request_id}/refuse", CONFIRMS, lambda s: f"/people/requests/{s.request}/refuse"),
    page(
        "/people/{person_id}",
        MANAGES,
        lambda s: f"/people/{s.id_of('leaver')}?organisation=urn:100001",
    ),
    form(
        "/people/{person_id}/roles",
        MANAGES,
        lambda s: f"/people/{s.id_of('leaver')}/roles",
        organisation="urn:100001",
        revision="9",
    ),
    form("/people/{person_id}/end", MANAGES, lambda s: f"/people/{s.id_of('leaver')}/end", organisation="urn:100001"),
    form("/sign-out", KNOWN),
    form("/sign-out/everywhere", KNOWN),
)
