"""nDCG@10 worked by hand."""

from math import log2

import pytest

from becta.search.metrics import ndcg_condensed, ndcg_plain

RATINGS = {"best": 3, "good": 2, "bad": 0}
IDEAL = 7 + 3 / log2(3)


@pytest.mark.parametrize(
    ("_case", "ranked", "plain", "condensed"),
    [
        ("ideal", ["best", "good", "bad"], 1.0, 1.0),
        ("nothing found", [], 0.0, 0.0),
        ("swapped", ["good", "best"], (3 + 7 / log2(3)) / IDEAL, (3 + 7 / log2(3)) / IDEAL),
        ("unjudged first", ["?", "best"], (7 / log2(3)) / IDEAL, 7 / IDEAL),
        ("judged after ten unjudged", [*"0123456789", "best", "good"], 0.0, 1.0),
        (
            "judged worthless first",
            ["bad", "best", "good"],
            (7 / log2(3) + 3 / 2) / IDEAL,
            (7 / log2(3) + 3 / 2) / IDEAL,
        ),
    ],
)
def test_ndcg(_case: str, ranked: list[str], plain: float, condensed: float) -> None:
    assert ndcg_plain(ranked, RATINGS) == pytest.approx(plain)
    assert ndcg_condensed(ranked, RATINGS) == pytest.approx(condensed)


def test_the_ideal_is_over_all_judged_documents_and_cut_at_ten() -> None:
    ratings = {str(number): 1 for number in range(20)}
    assert ndcg_plain([str(number) for number in range(10)], ratings) == pytest.approx(1.0)


def test_a_question_with_nothing_worth_finding_scores_nothing() -> None:
    assert ndcg_plain(["bad"], {"bad": 0}) == 0.0
