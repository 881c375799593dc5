"""What content items must hold, by their type (Deep Linking 2.0, 3). No I/O."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit

REQUIRED: Mapping[str, frozenset[str]] = {
    "link": frozenset({"url"}),  # 3.1
    "ltiResourceLink": frozenset(),  # 3.2: without url, the platform takes the tool's own
    "file": frozenset({"url"}),  # 3.3
    "html": frozenset({"html"}),  # 3.4
    "image": frozenset({"url"}),  # 3.5
}


def item_faults(item: object) -> Iterator[tuple[str, str]]:
    """Everything wrong with a content item: the property, and what is wrong with it."""
    if not isinstance(item, dict):
        yield "", "is not a JSON object"
        return
    kind = item.get("type")
    if not isinstance(kind, str) or not kind:
        yield "type", "is missing"
        return
    if kind not in REQUIRED:
        if not _is_url(kind):
            yield "type", "is none of Deep Linking's, and not the full URL that a type of one's own is named by"
        return
    for name in sorted(REQUIRED[kind]):
        if item.get(name) is None or item.get(name) == "":
            yield name, "is missing"
    for name, (is_right, wrong) in _FORMS.items():
        value = item.get(name)
        if value is not None and not is_right(value):
            yield name, wrong
    if kind == "link" and isinstance(iframe := item.get("iframe"), dict) and not _is_url(iframe.get("src")):
        yield "iframe", "has no src that is a full URL"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.netloc)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_picture(value: object) -> bool:
    return isinstance(value, dict) and _is_url(value.get("url")) and _has_size(value)


def _has_size(value: object) -> bool:
    return isinstance(value, dict) and all(
        value.get(side) is None or _is_count(value[side]) for side in ("width", "height")
    )


def _is_embed(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("html"), str)


def _is_line_item(value: object) -> bool:
    most = value.get("scoreMaximum") if isinstance(value, dict) else None
    return isinstance(most, int | float) and not isinstance(most, bool) and most > 0


def _is_period(value: object) -> bool:
    return isinstance(value, dict) and all(
        value.get(end) is None or _is_instant(value[end]) for end in ("startDateTime", "endDateTime")
    )


def _is_instant(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_FORMS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "title": (_is_text, "is not text"),
    "text": (_is_text, "is not text"),
    "html": (_is_text, "is not text"),
    "url": (_is_url, "is not a full URL"),
    "icon": (_is_picture, "has no full URL, or sizes that are not whole numbers"),
    "thumbnail": (_is_picture, "has no full URL, or sizes that are not whole numbers"),
    "width": (_is_count, "is not a whole number"),
    "height": (_is_count, "is not a whole number"),
    "window": (_has_size, "is not an object with sizes in whole numbers"),
    "iframe": (_has_size, "is not an object with sizes in whole numbers"),
    "embed": (_is_embed, "has no html"),
    "custom": (_are_texts, "is not an object whose values are all text"),
    "lineItem": (_is_line_item, "has no scoreMaximum above zero"),
    "available": (_is_period, "is not an object of ISO 8601 instants"),
    "submission": (_is_period, "is not an object of ISO 8601 instants"),
    "expiresAt": (_is_instant, "is not an ISO 8601 instant"),
}
"""Optional properties, whichever type has them; null counts as left out."""
