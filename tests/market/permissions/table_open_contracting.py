"""Rows of open contracting: what anybody reads, and what suppliers want to hear of."""

from tests.market.permissions.rows import Route, public, route
from tests.market.permissions.table_frameworks import RUNS_FRAMEWORKS
from tests.market.permissions.table_procurements import BIDS, LEADS

INTERESTS = "/notices/interests"

OPEN_CONTRACTING: tuple[Route, ...] = (
    public("/ocds/releases", lambda _: "/ocds/releases"),
    public("/ocds/releases/{ocid}/{release_id}", lambda s: f"/ocds/releases/{s.procurements.release}"),
    public("/ocds/records", lambda _: "/ocds/records"),
    public("/ocds/records/{ocid}", lambda s: f"/ocds/records/{s.procurements.release.partition('/')[0]}"),
    public("/ocds/releases.jsonl", lambda _: "/ocds/releases.jsonl"),
    public("/ocds/releases.csv", lambda _: "/ocds/releases.csv"),
    route(
        "GET",
        "/ocds/notices/{procurement_id}",
        LEADS,
        lambda s: f"/ocds/notices/{s.procurements.tendering.id}",
        elsewhere=404,
    ),
    route(
        "GET",
        "/ocds/notices/frameworks/{framework_id}",
        RUNS_FRAMEWORKS,
        lambda s: f"/ocds/notices/frameworks/{s.frameworks.open.id}",
        elsewhere=403,
    ),
    public("/notices", lambda _: "/notices"),
    public("/notices/{notice_id}/release", lambda s: f"/notices/{s.notice}/release"),
    route("POST", INTERESTS, BIDS, lambda _: (INTERESTS, {"words": ["chromebooks"]})),
    route("GET", INTERESTS, BIDS, lambda _: INTERESTS),
    route("POST", f"{INTERESTS}/{{interest_id}}/end", BIDS, lambda s: f"{INTERESTS}/{s.interest}/end", elsewhere=404),
    public("/reference/benchmarks", lambda _: "/reference/benchmarks?cpv=30213100"),
)
