"""Rows of procurements: all those named are tried with procurements of the trust, in which its school takes part."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.market.permissions.rows import EVERYBODY, OPERATOR, SCHOOL, R, Route, public, route
from tests.market.permissions.scene import SUPPLIERS_TOKEN
from tests.market.permissions.scene_together import PLEDGE, SceneTogether
from tests.market.procurements.conftest import terms

from becta.kernel import clock

RUNS = frozenset({R.TRUST_LEAD})
"""Who runs what the trust buys: its own people. Those of a school in it do not, whatever their role there."""
AWARDS = OPENS = RUNS
"""Who opens bids must also be named for it; the school's approver and finance are not of the trust."""
STARTS = PLEDGES = frozenset({R.BUYER, R.APPROVER, R.TRUST_LEAD})
"""Who buys for their school, and pledges for it; the lead of its trust as well."""
SCORES = frozenset({R.EVALUATOR})
"""Who is on the panel."""
BIDS = frozenset({R.SUPPLIER_BIDDER, SUPPLIERS_TOKEN})
LEADS = RUNS | OPERATOR
"""Who sees all of what the trust buys; the operator reads everything, and runs nothing."""
JUDGES = LEADS | SCORES
TAKES_PART = LEADS | {R.BUYER, R.APPROVER, R.FINANCE, R.EVALUATOR, R.AUDITOR}
"""Who sees what those may see who take part."""
READS_PROCUREMENTS = TAKES_PART | BIDS
WHY = {"reason": "As the record shows"}
RECEIPT = {
    **dict.fromkeys(("procurement_id", "bid_id", "supplier_id"), str(UUID(int=1))),
    **dict.fromkeys(("sha256", "commitment", "key_id", "signature"), "0" * 64),
    "received_at": "2026-11-26T12:00:00Z",
    "size": 6,
}

Find = Callable[[SceneTogether], Any]


def _of(
    one: str,
    method: str,
    path: str,
    may: frozenset[str],
    body: Find | dict[str, Any] | None = None,
    *,
    query: str = "",
    elsewhere: int = 404,
    **ids: Find,
) -> Route:
    """A row of the scene's procurement `one`; `ids` find what else is named in the path."""

    def ask(scene: SceneTogether) -> tuple[str, Any]:
        rest = path.format(**{name: find(scene) for name, find in ids.items()})
        address = f"/procurements/{getattr(scene.procurements, one).id}{rest}{query}"
        return address, body(scene) if callable(body) else body

    return route(method, f"/procurements/{{procurement_id}}{path}", may, ask, elsewhere=elsewhere)


def _hours(number: float) -> str:
    return (clock.now() + timedelta(hours=number)).isoformat()


def _bid(_: SceneTogether) -> dict[str, Any]:
    lot = {"lot": 1, "tiers": [{"from_quantity": 1, "unit_price_pence": 9_000}], "answers": {"delivery": "On Mondays"}}
    return {"lots": [lot], "declarations": {"no_collusion": True}}


def _mark(lot: int) -> Find:
    return lambda s: {
        "lot": lot,
        "bid_id": str(s.procurements.opened.bids[0]),
        "criterion": "delivery",
        "mark": 4,
        **WHY,
    }


def _about_a_bid(scene: SceneTogether, ground: str) -> dict[str, Any]:
    """Something about the second supplier's bid, for the lot for which it was not asked yet."""
    return {"bid_id": str(scene.procurements.opened.bids[1]), "lot": 2, "ground": ground}


def _officers(scene: SceneTogether) -> dict[str, Any]:
    return {"people": [str(scene.id_of(R.TRUST_LEAD)), str(scene.id_of("officer"))]}


def _change(_: SceneTogether) -> dict[str, Any]:
    ends_on = (clock.now() + timedelta(days=365)).date().isoformat()
    return {"description": "One more cable", "net_pence": 101_000, "ends_on": ends_on}


def _first_bid(scene: SceneTogether) -> UUID:
    return scene.procurements.opened.bids[0]


def _overdue(scene: SceneTogether) -> UUID:
    return scene.procurements.overdue


PLEDGED = {"pledge_id": lambda s: s.pledge}
PLEDGE_TERMS = {name: value for name, value in PLEDGE.items() if name != "organisation"}
CONTRACT = {"contract_id": lambda s: s.procurements.contract}
LOT = "?lot=1"

PROCUREMENTS: tuple[Route, ...] = (
    route(
        "POST",
        "/procurements",
        STARTS,
        lambda _: ("/procurements", {"organisation": SCHOOL, **terms()}),
        elsewhere=403,
    ),
    route("GET", "/procurements", READS_PROCUREMENTS, lambda _: "/procurements"),
    _of("tendering", "GET", "", READS_PROCUREMENTS),
    _of("draft", "PUT", "", RUNS, lambda _: terms()),
    _of("draft", "GET", "/members", TAKES_PART),
    _of("draft", "POST", "/members", RUNS, {"schools": [{"organisation": "urn:100003"}]}),
    _of("draft", "POST", "/invitations", RUNS, lambda s: {"suppliers": [f"supplier:{s.supplier}"]}),
    _of("draft", "POST", "/conflicts-assessment", RUNS, {"finding": "Nobody has an interest in a supplier"}),
    _of(
        "draft", "POST", "/engagement", RUNS, {"description": "We ask three makers what is to be had", "is_done": True}
    ),
    _of("draft", "POST", "/gathering", RUNS),
    _of("ready", "POST", "/tender", RUNS),
    _of("tendering", "POST", "/questions", BIDS, {"question": "How many plugs?"}),
    _of("tendering", "POST", "/questions/{number}/answer", RUNS, {"answer": "UK ones"}, number=lambda _: 1),
    _of("tendering", "POST", "/amendments", RUNS, {"rationale": "More schools joined", "is_substantial": False}),
    _of("tendering", "POST", "/terminate", RUNS, WHY),
    # pledges
    _of("gathering", "POST", "/pledges", PLEDGES, {**PLEDGE, "lot": 2}, elsewhere=403),
    _of("gathering", "GET", "/pledges", TAKES_PART),
    _of("gathering", "GET", "/pledges/{pledge_id}", TAKES_PART, **PLEDGED),
    _of("gathering", "PUT", "/pledges/{pledge_id}", PLEDGES, {**PLEDGE_TERMS, "quantity": 3}, **PLEDGED),
    _of("gathering", "POST", "/pledges/{pledge_id}/withdraw", PLEDGES, WHY, **PLEDGED),
    _of(
        "asked",
        "POST",
        "/pledges/{pledge_id}/answer",
        PLEDGES,
        {"answer": "stays", "unit_price_pence": 12_000},
        pledge_id=lambda s: s.asked_pledge,
    ),
    _of("gathering", "GET", "/tier-curve", TAKES_PART, query=LOT),
    _of("gathering", "GET", "/savings", TAKES_PART, query=LOT),
    # sealed bids
    _of("draft", "POST", "/officers", RUNS, _officers),
    _of("draft", "GET", "/officers", LEADS),
    _of("draft", "POST", "/officers/me/code", OPENS),
    _of("tendering", "POST", "/bids", BIDS, _bid),
    _of("tendering", "GET", "/bids", LEADS),
    _of("tendering", "GET", "/bids/mine", BIDS),
    _of("tendering", "POST", "/bids/{bid_id}/withdraw", BIDS, bid_id=lambda s: s.procurements.tendering.bids[0]),
    _of("opened", "GET", "/bids/{bid_id}/files/{number}", LEADS, bid_id=_first_bid, number=lambda _: 1),
    _of("sealed", "POST", "/opening", OPENS, lambda s: {"code": s.procurements.sealed.code}),
    _of(
        "tendering",
        "POST",
        "/outages",
        RUNS,
        lambda _: {"began_at": _hours(-2), "ended_at": _hours(-1), "reason": "The network was down"},
    ),
    _of("tendering", "GET", "/outages", READS_PROCUREMENTS),
    route("POST", "/bids/receipts/verify", EVERYBODY, lambda _: ("/bids/receipts/verify", RECEIPT)),
    # evaluation
    _of("opened", "POST", "/evaluators", RUNS, lambda s: {"person_id": str(s.id_of(R.BUYER))}),
    _of("opened", "GET", "/evaluators", JUDGES),
    _of("opened", "POST", "/evaluators/{person_id}/stand-down", RUNS, WHY, person_id=lambda s: s.id_of(R.EVALUATOR)),
    _of("opened", "PUT", "/conflict-declaration", SCORES, {"has_conflict": False}),
    _of("opened", "PUT", "/scores", SCORES, _mark(1)),
    _of("opened", "GET", "/scores", JUDGES, query=LOT),
    _of("opened", "POST", "/moderation", RUNS, {"lot": 1, **WHY}),
    _of("opened", "PUT", "/consensus", SCORES, _mark(2)),
    _of("opened", "GET", "/consensus", JUDGES, query=LOT),
    _of("opened", "POST", "/exclusions", RUNS, lambda s: {**_about_a_bid(s, "mandatory"), **WHY}),
    _of("opened", "GET", "/exclusions", JUDGES | BIDS),
    _of(
        "opened",
        "POST",
        "/exclusions/questions",
        RUNS,
        lambda s: {**_about_a_bid(s, "abnormally_low"), "question": "How is that?", "answer_by": _hours(48)},
    ),
    _of(
        "opened",
        "POST",
        "/exclusions/{exclusion_id}/explanation",
        BIDS,
        {"explanation": "We bought early"},
        exclusion_id=lambda s: s.procurements.unexplained,
    ),
    *(
        _of("opened", "POST", f"/exclusions/{{exclusion_id}}/{how}", RUNS, WHY, exclusion_id=_overdue)
        for how in ("exclude", "drop")
    ),
    _of("decided", "GET", "/ranking", TAKES_PART, query=LOT),
    _of("decided", "GET", "/evaluation-record", TAKES_PART, query=LOT),
    _of("decided", "GET", "/sensitivity", TAKES_PART, query=LOT),
    public("/reference/price-formulas", lambda _: "/reference/price-formulas"),
    public("/reference/rescore.py", lambda _: "/reference/rescore.py"),
    # awards and contracts
    _of("judged", "POST", "/award", AWARDS, WHY),
    _of("decided", "POST", "/reconsider", AWARDS, WHY),
    _of("decided", "POST", "/summaries", AWARDS),
    _of("told", "POST", "/award-notice", AWARDS),
    _of("told", "POST", "/standstill", AWARDS, {"days": 8}),
    _of("standing", "POST", "/challenge", AWARDS, WHY),
    _of("suspended", "POST", "/resume", AWARDS, WHY),
    _of("told", "POST", "/contracts", AWARDS, lambda _: {"starts_on": _hours(72)[:10]}),
    _of("contracted", "POST", "/contracts/{contract_id}/changes", AWARDS, _change, **CONTRACT),
    _of("contracted", "POST", "/contracts/{contract_id}/end", AWARDS, WHY, **CONTRACT),
    _of("contracted", "GET", "/awards", READS_PROCUREMENTS),
    _of("contracted", "GET", "/summaries", LEADS | BIDS),
    _of("contracted", "GET", "/contracts", READS_PROCUREMENTS),
    _of("contracted", "GET", "/call-offs", READS_PROCUREMENTS),
    _of("contracted", "GET", "/savings-report", TAKES_PART),
    # advice
    public("/reference/standstill", lambda _: "/reference/standstill?published=2026-12-01"),
    public("/reference/route", lambda _: "/reference/route?buyer=school&what=laptops"),
    public("/reference/thresholds", lambda _: "/reference/thresholds"),
)
