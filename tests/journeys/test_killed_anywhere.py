"""A marketplace killed at any moment loses nothing and does nothing twice."""

from pathlib import Path

from tests.journeys.kill_loop import kill_many


def test_killed_six_times_index_and_database_are_equal_and_nothing_is_lost(tmp_path: Path) -> None:
    counted = kill_many(tmp_path, 6, seed=7)

    assert counted["published"] >= counted["acknowledged"] > 0
    assert counted["indexed"] == counted["published"]
