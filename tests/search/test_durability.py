"""What survives a writer that dies, and what other processes see."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.filling import put_all

from becta.search import schema
from becta.search.documents import Document
from becta.search.engine import Query
from becta.search.tantivy_engine import TantivyEngine

BATCH = 20
KILLS = 6

WRITER = f"""
import sys
from pathlib import Path
from becta.search.documents import Document
from becta.search.tantivy_engine import TantivyEngine

engine = TantivyEngine(Path(sys.argv[1]))
for batch in range(1_000_000):
    with engine.exclusive() as writer:
        for number in range({BATCH}):
            writer.put(Document(
                id=f"d{{number}}", revision=batch, reference="", kind="device",
                title=f"Batch {{batch}} thing", supplier_id="s", supplier="S",
            ))
        writer.commit()
        print(batch, flush=True)
"""


def thing(key: str, title: str = "Thing", revision: int = 1) -> Document:
    return Document(id=key, revision=revision, reference="", kind="device", title=title, supplier_id="s", supplier="S")


def fill(engine: TantivyEngine, *documents: Document) -> None:
    with engine.exclusive(wait=20) as writer:
        put_all(writer, documents)
        writer.commit()


def total(engine: TantivyEngine, text: str = "") -> int:
    return engine.search(Query(text=text, now=1)).total


def in_another_process(directory: Path, code: str) -> str:
    lines = f"""
import sys
from pathlib import Path
from becta.search.documents import Document
from becta.search.engine import Query
from becta.search.tantivy_engine import TantivyEngine
engine = TantivyEngine(Path({str(directory)!r}))
{code}
"""
    done = subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_writer_killed_at_any_moment_leaves_whole_batches_and_a_free_lock(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    committed = -1
    for after in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(after + 1):
                committed = int(child.stdout.readline())
            os.kill(child.pid, signal.SIGKILL)
        with engine.exclusive(wait=20) as writer:
            stamps = dict(writer.stamps())
        assert set(stamps) == {f"d{number}" for number in range(BATCH)}
        assert len(set(stamps.values())) == 1
        assert set(stamps.values()).pop() >= committed
        assert total(engine) == BATCH
    fill(engine, thing("after", "Afterwards"))
    assert total(engine, "afterwards") == 1


def test_a_commit_in_another_process_is_seen_at_the_next_search(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, thing("a"))
    assert total(engine) == 1
    in_another_process(
        tmp_path,
        """
with engine.exclusive() as writer:
    writer.put(Document(id="b", revision=1, reference="", kind="k", title="Thing", supplier_id="s", supplier="S"))
    writer.commit()
""",
    )
    assert total(engine) == 2


def test_a_switch_is_seen_by_other_processes_and_leaves_one_generation(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, thing("a"))
    with engine.rebuild() as fresh:
        put_all(fresh, [thing("b"), thing("c")])
        with engine.exclusive():
            fresh.switch()
    assert in_another_process(tmp_path, "print(engine.search(Query(now=1)).total)") == "2"
    assert len([path for path in (tmp_path / "generations").iterdir() if path.is_dir()]) == 1


def test_another_process_cannot_write_meanwhile(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    with engine.exclusive():
        said = in_another_process(
            tmp_path,
            """
try:
    with engine.exclusive(wait=0.05):
        print("wrote")
except TimeoutError:
    print("refused")
""",
        )
    assert said == "refused"


def test_a_generation_left_half_built_by_the_dead_is_swept_away_at_the_next_switch(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, thing("a"))
    left = tmp_path / "generations" / "leftover"
    left.mkdir()
    (left / "meta.json").write_text("half", "utf-8")
    with engine.rebuild() as fresh:
        fresh.put(thing("b"))
        with engine.exclusive():
            fresh.switch()
    assert not left.exists()


def test_a_generation_still_being_built_is_not_swept_away(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, thing("a"))
    with engine.rebuild() as slow:
        slow.put(thing("slow"))
        with engine.rebuild() as quick:
            quick.put(thing("quick"))
            with engine.exclusive():
                quick.switch()
        with engine.exclusive():
            slow.switch()
    assert [hit.card.id for hit in engine.search(Query(now=1)).hits] == ["slow"]


@pytest.mark.parametrize("damage", ["version", "meta", "pointer"])
def test_an_index_that_cannot_be_read_counts_as_none_and_can_be_built_anew(tmp_path: Path, damage: str) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, thing("a"))
    (generation,) = (path for path in (tmp_path / "generations").iterdir() if path.is_dir())
    match damage:
        case "version":
            (generation / "version").write_text(str(schema.VERSION + 1), "utf-8")
        case "meta":
            (generation / "meta.json").write_text("{", "utf-8")
        case _:
            (tmp_path / "current").write_text("nowhere", "utf-8")
    reopened = TantivyEngine(tmp_path)
    assert reopened.is_fresh()
    assert total(reopened, "thing") == 0
    with reopened.rebuild() as fresh:
        fresh.put(thing("b"))
        with reopened.exclusive():
            fresh.switch()
    assert not reopened.is_fresh()
    assert total(reopened, "thing") == 1


def test_searching_from_many_threads_while_another_writes_and_switches(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    fill(engine, *(thing(f"d{number}") for number in range(10)))
    failures: list[BaseException | int] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                found = total(engine, "thing")
                if found != 10:
                    failures.append(found)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for revision in range(2, 8):
        fill(engine, *(thing(f"d{number}", revision=revision) for number in range(10)))
        with engine.rebuild() as fresh:
            put_all(fresh, (thing(f"d{number}", revision=revision) for number in range(10)))
            with engine.exclusive():
                fresh.switch()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
