"""Speed at scale: the engine in process, the endpoints over HTTP, and each as a ratio to its peer in the same run."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import quote
from urllib.request import urlopen

import msgspec

from becta.kernel import clock
from becta.market.bench.bare import FOLDER
from becta.market.bench.load import load
from becta.market.bench.serving import serving
from becta.market.demo.loading import load_generated
from becta.market.demo.queries import sample_queries
from becta.market.settings import Settings
from becta.market.wiring import House, build
from becta.search.bench import measure

SEED = 2026
QUERIES = 2_000
WARM_UP = 200
"""Other questions asked first, so that opening files is not counted."""


def speed(scale: int, *, seconds: float) -> Iterator[str]:
    """Measure at `scale` listings; yields the lines of a table as they come."""
    with TemporaryDirectory() as folder:
        house = build(Settings(data_dir=Path(folder), database_url=None))
        began = perf_counter()
        _fill(house, scale)
        yield f"{scale:,} listings stored in {perf_counter() - began:.1f} s"
        began = perf_counter()
        house.projection.heal()
        yield f"{scale:,} listings indexed in {perf_counter() - began:.1f} s"
        queries = sample_queries(QUERIES, seed=SEED)
        house.relay.drain()
        measure(house.engine, sample_queries(WARM_UP, seed=SEED + 1), now=int(clock.now().timestamp()))
        timings = measure(house.engine, queries, now=int(clock.now().timestamp()))
        yield f"engine, {QUERIES:,} queries with facets: {_told(timings)}"
        house.close()
        bodies = Path(folder) / FOLDER
        bodies.mkdir()
        with serving(Path(folder)) as port:
            paths = _fetch(port, bodies)
        with serving(Path(folder), target="becta.market.bench.bare:create_app") as port:
            searches = [f"/api/v1/search?q={quote(query)}" for query in queries]
            found = load(port, searches, seconds=seconds)
            yield f"search endpoint: {found.per_second:,.0f}/s, {found.failures} failures"
            yield f"  ratio to the engine in process: {found.per_second / timings.qps:.2f} (wanted: at least 0.50)"
            for name, path in paths.items():
                real = load(port, [path], seconds=seconds)
                bare = load(port, [f"/bare/{name}"], seconds=seconds)
                yield (
                    f"{name} route: {real.per_second:,.0f}/s, bare route of the same bytes {bare.per_second:,.0f}/s, "
                    f"{real.failures + bare.failures} failures"
                )
                yield f"  ratio: {real.per_second / bare.per_second:.2f} (wanted: at least 0.33)"


def _fill(house: House, scale: int) -> None:
    now = clock.now()
    house.db.migrate()
    load_generated(house.db, scale, seed=SEED, today=clock.london_date(now), now=now)


def _fetch(port: int, folder: Path) -> dict[str, str]:
    """Store the answers that the bare route will repeat; returns the real paths."""
    paths = {"list": "/api/v1/products?limit=20"}
    body = _get(port, paths["list"])
    paths["product"] = f"/api/v1/products/{msgspec.json.decode(body)['items'][0]['id']}"
    for name, path in paths.items():
        (folder / name).write_bytes(_get(port, path))
    return paths


def _get(port: int, path: str) -> bytes:
    with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return bytes(answer.read())


def _told(timings: object) -> str:
    return str(timings)
