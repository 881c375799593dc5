"""The permission table: every route, a request that fits it, and who may make it. Whoever is not named is refused."""

from tests.market.permissions.rows import EVERYBODY, KNOWN, OPERATOR, PEOPLE, SCHOOL, R, Route, public, route
from tests.market.permissions.scene import SUPPLIERS_TOKEN, Upload
from tests.market.permissions.table_frameworks import FRAMEWORKS
from tests.market.permissions.table_open_contracting import OPEN_CONTRACTING
from tests.market.permissions.table_procurements import PROCUREMENTS
from tests.support.api import CONTENT
from tests.support.badges import CYBER, PDF

SUPPLIER = frozenset({R.SUPPLIER_EDITOR, SUPPLIERS_TOKEN, *OPERATOR})
VERIFIER = frozenset({R.VERIFIER, *OPERATOR})
READS_MONEY = frozenset({R.BUYER, R.APPROVER, R.FINANCE, R.TRUST_LEAD, R.AUDITOR, *OPERATOR})
SPENDS = frozenset({R.BUYER, R.APPROVER, R.TRUST_LEAD})
DECIDES = frozenset({R.APPROVER, R.TRUST_LEAD})
SETS_SCHEMES = frozenset({R.FINANCE, R.TRUST_LEAD, R.OPERATOR})
"""Those who set limits on money; the operator's token does not: a decision about limits has a person."""
MANAGES = frozenset({R.APPROVER, R.TRUST_LEAD, R.OPERATOR})
"""Those who manage the people of a school; the operator's token does not: a decision about people has a person."""
CONFIRMS = frozenset({R.APPROVER, R.TRUST_LEAD})
"""Somebody already there confirms who joins; the operator only where nobody is."""
AUDITS = frozenset({R.AUDITOR, R.TRUST_LEAD, *OPERATOR})
"""Those who see what was done to a school's commitment; a supplier reads the trail too, and finds none of that."""
READS_THE_TRAIL = AUDITS | {R.SUPPLIER_EDITOR, SUPPLIERS_TOKEN}
READS_SHORTLISTS = READS_MONEY | {R.EVALUATOR}
KEEPS_SHORTLISTS = frozenset({R.BUYER, R.APPROVER, R.FINANCE, R.TRUST_LEAD, R.EVALUATOR})
"""Those who choose what to buy; a person, never a token of an organisation, and nobody of the operator's."""
TERMS = {"price_pence": 100, "unit": "each"}
LTI = {**CYBER, "standard": "lti", "standard_version": "1.3", "role": "Tool"}
ENDPOINT = {
    "runner": "oneroster-rest-1.2",
    "product_version": "1",
    "synthetic": True,
    "settings": {
        "base_url": "https://roster.example",
        "token_url": "https://roster.example/token",
        "client_id": "x",
        "client_secret": "y",
    },
}
BOOKS = {"purpose": "Reading books", "amount_pence": 30_000, "category": "library", "budget_code": "LIB-2"}

ROUTES: tuple[Route, ...] = (
    # open data
    public("/search", lambda _: "/search?q=chromebook"),
    public("/suggest", lambda _: "/suggest?q=chro"),
    public("/categories", lambda _: "/categories"),
    public("/standards", lambda _: "/standards"),
    public("/standards/criteria", lambda _: "/standards/criteria"),
    public("/standards/{code}", lambda _: "/standards/lti"),
    public("/products", lambda _: "/products"),
    public("/products/{product_id}", lambda s: f"/products/{s.published}"),
    public("/products/{product_id}/offers", lambda s: f"/products/{s.published}/offers"),
    public("/offers/{offer_id}", lambda s: f"/offers/{s.shown_offer}"),
    public("/suppliers", lambda _: "/suppliers"),
    public("/suppliers/{supplier_id}", lambda s: f"/suppliers/{s.supplier}"),
    public("/schools", lambda _: "/schools"),
    public("/schools/{urn}", lambda _: "/schools/100001"),
    public("/organisations/{reference}", lambda _: f"/organisations/{SCHOOL}"),
    public("/privacy/register", lambda _: "/privacy/register"),
    public("/audit/checkpoint", lambda _: "/audit/checkpoint"),
    public("/audit/checkpoints", lambda _: "/audit/checkpoints"),
    public("/audit/key", lambda _: "/audit/key"),
    public("/audit/consistency", lambda _: "/audit/consistency?first=1&second=2"),
    public("/audit/events/{position}/inclusion", lambda _: "/audit/events/0/inclusion"),
    # a supplier's listings and offers
    route(
        "POST",
        "/products",
        SUPPLIER,
        lambda s: (
            "/products",
            {"supplier_id": str(s.supplier), "reference": "new", "kind": "device", "content": CONTENT["device"]},
        ),
        elsewhere=403,
    ),
    route(
        "PUT",
        "/products/{product_id}/draft",
        SUPPLIER,
        lambda s: (f"/products/{s.draft}/draft", CONTENT["device"]),
        elsewhere=403,
    ),
    route("POST", "/products/{product_id}/submit", SUPPLIER, lambda s: f"/products/{s.draft}/submit", elsewhere=403),
    route(
        "POST",
        "/products/{product_id}/withdraw",
        SUPPLIER,
        lambda s: (f"/products/{s.draft}/withdraw", {"reason": "Listed twice"}),
        elsewhere=403,
    ),
    route("POST", "/products/{product_id}/publish", OPERATOR, lambda s: f"/products/{s.submitted}/publish"),
    route(
        "POST",
        "/products/{product_id}/return",
        OPERATOR,
        lambda s: (f"/products/{s.submitted}/return", {"reasons": ["Too short"]}),
    ),
    route("GET", "/products/{product_id}/versions", SUPPLIER, lambda s: f"/products/{s.draft}/versions", elsewhere=403),
    route("GET", "/listings", SUPPLIER, lambda _: "/listings"),
    route(
        "POST",
        "/products/{product_id}/offers",
        SUPPLIER,
        lambda s: (
            f"/products/{s.draft}/offers",
            {"supplier_id": str(s.supplier), "reference": "second", "terms": TERMS},
        ),
        elsewhere=403,
    ),
    route("PUT", "/offers/{offer_id}", SUPPLIER, lambda s: (f"/offers/{s.offer}", {"terms": TERMS}), elsewhere=403),
    route("POST", "/offers/{offer_id}/end", SUPPLIER, lambda s: f"/offers/{s.offer}/end", elsewhere=403),
    route(
        "POST",
        "/suppliers",
        OPERATOR,
        lambda _: ("/suppliers", {"reference": "third", "details": {"name": "Third"}}),
    ),
    route(
        "PUT",
        "/suppliers/{supplier_id}",
        SUPPLIER,
        lambda s: (f"/suppliers/{s.supplier}", {"name": "Larch Education"}),
        elsewhere=403,
    ),
    # badges
    route(
        "POST",
        "/suppliers/{supplier_id}/badge-claims",
        SUPPLIER,
        lambda s: (f"/suppliers/{s.supplier}/badge-claims", CYBER),
        elsewhere=403,
    ),
    route(
        "POST",
        "/products/{product_id}/badge-claims",
        SUPPLIER,
        lambda s: (f"/products/{s.draft}/badge-claims", LTI),
        elsewhere=403,
    ),
    route("GET", "/badge-claims", SUPPLIER | VERIFIER, lambda _: "/badge-claims"),
    route(
        "POST",
        "/badge-claims/{claim_id}/decision",
        VERIFIER,
        lambda s: (f"/badge-claims/{s.claim}/decision", {"decision": "accepted"}),
    ),
    route("GET", "/badge-claims/{claim_id}", SUPPLIER | VERIFIER, lambda s: f"/badge-claims/{s.claim}", elsewhere=404),
    route(
        "PUT",
        "/badge-claims/{claim_id}",
        SUPPLIER,
        lambda s: (f"/badge-claims/{s.returned}", CYBER),
        elsewhere=403,
    ),
    route("POST", "/badge-claims/{claim_id}/take", VERIFIER, lambda s: (f"/badge-claims/{s.claim}/take", None)),
    route("POST", "/badge-claims/{claim_id}/release", VERIFIER, lambda s: (f"/badge-claims/{s.taken}/release", None)),
    route(
        "POST",
        "/badge-claims/{claim_id}/recheck",
        VERIFIER,
        lambda s: (f"/badge-claims/{s.badge}/recheck", {"holds": True}),
    ),
    route(
        "POST",
        "/badge-claims/{claim_id}/evidence",
        SUPPLIER,
        lambda s: (f"/badge-claims/{s.claim}/evidence", {"kind": "statement", "note": "Ours"}),
        elsewhere=403,
    ),
    route(
        "POST",
        "/badge-claims/{claim_id}/evidence/files",
        SUPPLIER,
        lambda s: (f"/badge-claims/{s.claim}/evidence/files", Upload("c.pdf", PDF)),
        elsewhere=404,
    ),
    route(
        "GET",
        "/badge-claims/{claim_id}/evidence",
        SUPPLIER | VERIFIER,
        lambda s: f"/badge-claims/{s.claim}/evidence",
        elsewhere=404,
    ),
    route(
        "GET", "/evidence/{evidence_id}/file", SUPPLIER | VERIFIER, lambda s: f"/evidence/{s.file}/file", elsewhere=404
    ),
    public("/conformance/runners", lambda _: "/conformance/runners"),
    route(
        "POST",
        "/products/{product_id}/conformance-runs",
        SUPPLIER,
        lambda s: (f"/products/{s.published}/conformance-runs", s.package),
        elsewhere=403,
    ),
    route(
        "POST",
        "/products/{product_id}/endpoint-runs",
        SUPPLIER,
        lambda s: (f"/products/{s.published}/endpoint-runs", ENDPOINT),
        elsewhere=403,
    ),
    public("/products/{product_id}/conformance-runs", lambda s: f"/products/{s.published}/conformance-runs"),
    public("/conformance-runs/{run_id}", lambda s: f"/conformance-runs/{s.run}"),
    route("GET", "/conformance-runs/{run_id}/quoted", KNOWN, lambda s: f"/conformance-runs/{s.run}/quoted"),
    public("/badges/{badge_id}", lambda s: f"/badges/{s.badge}"),
    public("/badges/{badge_id}/credential", lambda s: f"/badges/{s.badge}/credential"),
    public("/badges/{badge_id}/credential.jwt", lambda s: f"/badges/{s.badge}/credential.jwt"),
    public("/badges/{badge_id}/evidence-record", lambda s: f"/badges/{s.badge}/evidence-record"),
    public("/badges/{badge_id}/image.svg", lambda s: f"/badges/{s.badge}/image.svg"),
    public("/badges/{badge_id}/image.png", lambda s: f"/badges/{s.badge}/image.png"),
    public("/badge-status/{purpose}/{number}", lambda _: "/badge-status/revocation/1"),
    public("/products/{product_id}/badges", lambda s: f"/products/{s.published}/badges"),
    public("/suppliers/{supplier_id}/badges", lambda s: f"/suppliers/{s.supplier}/badges"),
    route("POST", "/badges/verify", EVERYBODY, lambda _: ("/badges/verify", {"name": "no badge"})),
    # money
    route("GET", "/commitments", READS_MONEY, lambda _: "/commitments"),
    route("POST", "/commitments", SPENDS, lambda _: ("/commitments", {**BOOKS, "organisation": SCHOOL}), elsewhere=403),
    route("GET", "/commitments/{commitment_id}", READS_MONEY, lambda s: f"/commitments/{s.held}", elsewhere=404),
    route(
        "POST",
        "/commitments/{commitment_id}/approve",
        DECIDES,
        lambda s: f"/commitments/{s.held}/approve",
        elsewhere=404,
    ),
    route(
        "POST",
        "/commitments/{commitment_id}/decline",
        DECIDES,
        lambda s: (f"/commitments/{s.held}/decline", {"reason": "Not this year"}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/commitments/{commitment_id}/withdraw",
        SPENDS,
        lambda s: (f"/commitments/{s.approved}/withdraw", {"reason": "Found some"}),
        elsewhere=404,
    ),
    route(
        "GET",
        "/organisations/{reference}/scheme",
        READS_MONEY,
        lambda _: f"/organisations/{SCHOOL}/scheme",
        elsewhere=404,
    ),
    route(
        "GET",
        "/organisations/{reference}/scheme/versions",
        READS_MONEY,
        lambda _: f"/organisations/{SCHOOL}/scheme/versions",
        elsewhere=404,
    ),
    route(
        "PUT",
        "/organisations/{reference}/scheme",
        SETS_SCHEMES,
        lambda _: (f"/organisations/{SCHOOL}/scheme", {"rules": [{"role": "buyer", "limit_pence": 100}]}),
        elsewhere=403,
    ),
    # shortlists
    route("GET", "/shortlists", READS_SHORTLISTS, lambda _: "/shortlists"),
    route(
        "POST",
        "/shortlists",
        KEEPS_SHORTLISTS,
        lambda _: ("/shortlists", {"organisation": SCHOOL, "name": "Books", "need": "Reading books"}),
        elsewhere=403,
    ),
    route("GET", "/shortlists/{shortlist_id}", READS_SHORTLISTS, lambda s: f"/shortlists/{s.shortlist}", elsewhere=404),
    route(
        "PUT",
        "/shortlists/{shortlist_id}",
        KEEPS_SHORTLISTS,
        lambda s: (f"/shortlists/{s.shortlist}", {"name": "Devices", "need": "40 Chromebooks"}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/shortlists/{shortlist_id}/entries",
        KEEPS_SHORTLISTS,
        lambda s: (f"/shortlists/{s.shortlist}/entries", {"product_id": str(s.other_published)}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/shortlists/{shortlist_id}/entries/{entry_id}/remove",
        KEEPS_SHORTLISTS,
        lambda s: (f"/shortlists/{s.shortlist}/entries/{s.entry}/remove", {"reason": "Too dear"}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/shortlists/{shortlist_id}/close",
        KEEPS_SHORTLISTS,
        lambda s: (
            f"/shortlists/{s.shortlist}/close",
            {"product_id": str(s.published), "reason": "The best of them"},
        ),
        elsewhere=404,
    ),
    route(
        "POST",
        "/shortlists/{shortlist_id}/archive",
        KEEPS_SHORTLISTS,
        lambda s: (f"/shortlists/{s.shortlist}/archive", {"reason": "No money this year"}),
        elsewhere=404,
    ),
    # buying together
    *PROCUREMENTS,
    *FRAMEWORKS,
    *OPEN_CONTRACTING,
    # people of a school
    route("GET", "/me", KNOWN, lambda _: "/me"),
    route("GET", "/me/export", PEOPLE, lambda _: "/me/export"),
    route(
        "GET",
        "/organisations/{reference}/members",
        frozenset(
            {
                "no role",
                R.BUYER,
                R.APPROVER,
                R.FINANCE,
                R.EVALUATOR,
                R.AUDITOR,
                R.TRUST_LEAD,
                R.OPERATOR,
            }
        ),
        lambda _: f"/organisations/{SCHOOL}/members",
        elsewhere=403,
    ),
    route(
        "PUT",
        "/organisations/{reference}/members/{person_id}",
        MANAGES,
        lambda s: (f"/organisations/{SCHOOL}/members/{s.id_of('no role')}", {"roles": ["buyer"]}),
        elsewhere=403,
    ),
    route(
        "POST",
        "/organisations/{reference}/members/{person_id}/end",
        MANAGES,
        lambda s: (f"/organisations/{SCHOOL}/members/{s.id_of('leaver')}/end", {"reason": "Has moved away"}),
        elsewhere=403,
    ),
    route(
        "GET",
        "/organisations/{reference}/invitations",
        MANAGES,
        lambda _: f"/organisations/{SCHOOL}/invitations",
        elsewhere=403,
    ),
    route(
        "POST",
        "/organisations/{reference}/invitations",
        MANAGES,
        lambda _: (f"/organisations/{SCHOOL}/invitations", {"email": "new@larchlane.example", "roles": ["buyer"]}),
        elsewhere=403,
    ),
    route(
        "POST",
        "/invitations/{invitation_id}/withdraw",
        MANAGES,
        lambda s: f"/invitations/{s.invitation}/withdraw",
        elsewhere=404,
    ),
    route("POST", "/invitations/accept", frozenset(), lambda _: ("/invitations/accept", {"code": "no such code"})),
    route(
        "GET",
        "/organisations/{reference}/join-requests",
        MANAGES,
        lambda _: f"/organisations/{SCHOOL}/join-requests",
        elsewhere=403,
    ),
    route("GET", "/join-requests", KNOWN, lambda _: "/join-requests"),
    route(
        "POST",
        "/join-requests",
        PEOPLE,
        lambda _: ("/join-requests", {"organisation": "urn:100003", "roles": ["buyer"]}),
    ),
    route(
        "POST",
        "/join-requests/{request_id}/confirm",
        CONFIRMS,
        lambda s: (f"/join-requests/{s.request}/confirm", {"roles": ["buyer"]}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/join-requests/{request_id}/refuse",
        CONFIRMS,
        lambda s: (f"/join-requests/{s.request}/refuse", {"reason": "Nobody knows them"}),
        elsewhere=404,
    ),
    route(
        "POST",
        "/join-requests/{request_id}/withdraw",
        frozenset(),  # only whoever asked, who is none of these
        lambda s: f"/join-requests/{s.request}/withdraw",
    ),
    route(
        "POST",
        "/people/{person_id}/erasure",
        frozenset({R.OPERATOR}),
        lambda s: (f"/people/{s.id_of('elsewhere no role')}/erasure", {"reason": "They asked by letter"}),
    ),
    # tokens
    route("GET", "/tokens", KNOWN, lambda _: "/tokens"),
    route("POST", "/tokens", PEOPLE, lambda _: ("/tokens", {"label": "mine", "personal": True})),
    route(
        "POST",
        "/tokens/{token_id}/rotate",
        frozenset({R.SUPPLIER_EDITOR, R.OPERATOR}),
        lambda s: (f"/tokens/{s.spare_token}/rotate", {}),
        elsewhere=403,
    ),
    route(
        "POST",
        "/tokens/{token_id}/revoke",
        frozenset({R.SUPPLIER_EDITOR, R.OPERATOR}),
        lambda s: (f"/tokens/{s.spare_token}/revoke", {"reason": "It leaked"}),
        elsewhere=403,
    ),
    # the trail
    route("GET", "/audit/events/{position}", AUDITS, lambda s: f"/audit/events/{s.event}", elsewhere=404),
    route("GET", "/audit/events/{position}/proof", AUDITS, lambda s: f"/audit/events/{s.event}/proof", elsewhere=404),
    route(
        "GET",
        "/audit/objects/{object_type}/{object_id}",
        READS_THE_TRAIL,
        lambda s: f"/audit/objects/commitment/{s.held}",
    ),
)
