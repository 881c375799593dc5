"""Badges by the clock while several threads ask."""

from pathlib import Path

from tantivy import Query as Clause

from becta.search.documents import BadgeMark, Document
from becta.search.tantivy_engine import TantivyEngine
from becta.search.validity import BadgeClock

ENDED = 1_000
MARK = BadgeMark(code="safe", name="Safe", level="gold", holder="product", valid_until=ENDED)


class _Overtaken(BadgeClock):
    """A clock whose every note another thread throws away at once."""

    @property
    def _gone(self) -> dict[tuple[str, str, int], Clause | None]:
        return {}

    @_gone.setter
    def _gone(self, notes: dict[tuple[str, str, int], Clause | None]) -> None:
        pass


def test_a_note_that_another_thread_threw_away_is_no_error(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    with engine.exclusive() as writer:
        writer.put(
            Document(
                id="a1",
                revision=1,
                reference="A1",
                kind="device",
                title="Lamp",
                supplier_id="s1",
                supplier="Northern Supplies",
                badges=(MARK,),
            )
        )
        writer.commit()
    view = engine._newest()
    assert view is not None
    clock = _Overtaken(view.snapshot.searcher, view.snapshot.schema)
    assert clock.lapsed("safe", ENDED) is not None
    assert clock.lapsed("safe", ENDED - 1) is None
    engine.close()
