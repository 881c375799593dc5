"""Remembering: what was worked out once is not worked out again until it is forgotten."""

from becta.search.remembering import Remembered


def test_a_value_is_worked_out_once() -> None:
    asked: list[str] = []
    remembered: Remembered[int] = Remembered(2)

    def work_out() -> int:
        asked.append("a")
        return 0  # a value that counts as false is remembered too

    assert [remembered.get("a", work_out), remembered.get("a", work_out)] == [0, 0]
    assert asked == ["a"]


def test_the_one_longest_unused_is_forgotten() -> None:
    remembered: Remembered[int] = Remembered(2)
    for key in ("a", "b", "a", "c"):
        remembered.get(key, lambda: 1)
    assert [remembered.get(key, lambda: 2) for key in ("a", "c")] == [1, 1]
    assert remembered.get("b", lambda: 2) == 2


def test_nothing_is_remembered_without_room() -> None:
    remembered: Remembered[int] = Remembered(0)
    assert [remembered.get("a", lambda: 1), remembered.get("a", lambda: 2)] == [1, 2]
