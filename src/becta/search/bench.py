"""How fast an engine answers: each question timed alone, in one thread."""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter

from msgspec import Struct

from becta.search.engine import Query, SearchEngine


class Timings(Struct, frozen=True, kw_only=True):
    """Milliseconds that half and 99 in 100 of the questions stayed within, and questions answered a second."""

    questions: int
    p50: float
    p99: float
    slowest: float
    qps: float


def measure(
    engine: SearchEngine,
    queries: Iterable[str],
    *,
    now: int,
    limit: int = 20,
    clock: Callable[[], float] = perf_counter,
) -> Timings:
    """Ask each text once, all facets counted, and say how long the answers took."""
    taken: list[float] = []
    for text in queries:
        query = Query(text=text, now=now, limit=limit)
        start = clock()
        engine.search(query)
        taken.append((clock() - start) * 1000)
    if not taken:
        msg = "there is nothing to measure without questions"
        raise ValueError(msg)
    return Timings(
        questions=len(taken),
        p50=quantile(taken, 0.5),
        p99=quantile(taken, 0.99),
        slowest=max(taken),
        qps=1000 * len(taken) / sum(taken),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
