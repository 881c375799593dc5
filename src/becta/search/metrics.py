"""How good an ordering is: normalised discounted cumulative gain at ten."""

from collections.abc import Mapping, Sequence
from math import log2

DEPTH = 10


def ndcg_plain(ranked: Sequence[str], ratings: Mapping[str, int], *, depth: int = DEPTH) -> float:
    """nDCG of the first results, one that nobody judged counting as worthless."""
    return _share([ratings.get(each, 0) for each in ranked[:depth]], ratings, depth)


def ndcg_condensed(ranked: Sequence[str], ratings: Mapping[str, int], *, depth: int = DEPTH) -> float:
    """nDCG of the first judged results, those that nobody judged left out before the cut."""
    return _share([ratings[each] for each in ranked if each in ratings][:depth], ratings, depth)


def _share(gained: Sequence[int], ratings: Mapping[str, int], depth: int) -> float:
    ideal = _gain(sorted(ratings.values(), reverse=True)[:depth])
    return _gain(gained) / ideal if ideal else 0.0


def _gain(ratings: Sequence[int]) -> float:
    return sum((2.0**rating - 1) / log2(place + 2) for place, rating in enumerate(ratings))
