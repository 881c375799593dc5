"""Whether a tool answered a bad launch as it answered the good ones.

A specification says that a tool refuses, not how the refusal looks, and many tools answer 200 with a page that says no.
So two good launches are made first, and what both answers share is the measure. A launch counts as accepted when
- the tool's last answer, after redirects inside the tool, is 2xx, and
- it ended at the good launches' place: the same host and path, but for parts of the path in which these two differ, and
- its visible words are like a good answer's: Dice's coefficient of the two bags of words is at least LIKE times that
  of the two good answers with each other, and
- they are not more like the answer to a launch without any token, if that answer can be told from the good ones at
  all: a page with much around it looks much the same whether it welcomes or refuses.
Everything else is a refusal: 4xx and 5xx, a broken connection, a redirect to another page, to the platform or away, and
a page with other words. A tool that shows one and the same page whatever happens, and tells more only by script, is
taken to accept: nothing we can see tells its refusal from its welcome. So is one whose long pages differ in a few words
and that takes even a launch without token.
"""

from collections import Counter
from urllib.parse import urlsplit

from msgspec import Struct

from becta.compliance.conformance.lti.browser import Landing
from becta.compliance.conformance.lti.pages import words

LIKE = 0.9
TOLD_APART = 0.02
"""An answer differs from the good ones if it is this much less like them than they are like each other."""


class Impression(Struct, frozen=True, kw_only=True):
    """What is compared of an answer."""

    welcomed: bool
    place: tuple[str, ...]
    words: Counter[str]


class Welcome(Struct, frozen=True, kw_only=True):
    """How the tool answers good launches, from two of them, and a launch without any token, where that differs."""

    first: Impression
    second: Impression
    refusal: Impression | None = None

    def is_like(self, other: Impression) -> bool:
        """Whether an answer is a welcome too, by the rule above."""
        if not other.welcomed or not self._is_the_place(other.place):
            return False
        likeness = self._likeness(other)
        if self.refusal is not None and _dice(other.words, self.refusal.words) > likeness:
            return False
        return likeness >= LIKE * _dice(self.first.words, self.second.words)

    def is_told_from(self, other: Impression) -> bool:
        """Whether an answer can be told from the good ones."""
        if not other.welcomed or not self._is_the_place(other.place):
            return True
        return self._likeness(other) < _dice(self.first.words, self.second.words) - TOLD_APART

    def _likeness(self, other: Impression) -> float:
        return max(_dice(other.words, good.words) for good in (self.first, self.second))

    def _is_the_place(self, place: tuple[str, ...]) -> bool:
        one, two = self.first.place, self.second.place
        if len(one) != len(two):
            return place[:1] == one[:1]
        return len(place) == len(one) and all(here == a or a != b for here, a, b in zip(place, one, two, strict=True))


def impression(landing: Landing) -> Impression:
    """What a launch left behind."""
    answer = landing.answer
    parts = urlsplit(answer.url)
    return Impression(
        welcomed=200 <= answer.status < 300 and not landing.sent_away,
        place=(parts.netloc, *parts.path.split("/")),
        words=words(answer),
    )


def _dice(one: Counter[str], two: Counter[str]) -> float:
    total = one.total() + two.total()
    return 1.0 if total == 0 else 2 * (one & two).total() / total
