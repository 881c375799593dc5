"""Where an answer sends the browser: redirects, forms and plain scripts. Scripts are read for an address, never run."""

import re
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit, urlunsplit

import msgspec
from lxml import etree, html
from msgspec import Struct

from becta.compliance.conformance.fetching import Answer

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_FIELDS = 200
LONGEST_PAGE = 1_000_000
"""Bytes of a page that are read; a page that is longer is cut."""
_LOCATION = re.compile(r"""\blocation(?:\.href)?\s*=\s*(["'])(?P<url>[^"'\s]{1,8000})\1""")
_REPLACE = re.compile(r"""\blocation\.(?:replace|assign)\(\s*(["'])(?P<url>[^"'\s]{1,8000})\1\s*\)""")
_REFRESH = re.compile(r"""^\s*\d+\s*[;,]\s*url\s*=\s*["']?(?P<url>[^"'\s]{1,8000})""", re.IGNORECASE)
_WORD = re.compile(r"\w+")


class Step(Struct, frozen=True, kw_only=True):
    """Where the browser is sent next, and with which parameters; `url` is without query, `full_url` with it."""

    method: str
    url: str
    full_url: str
    parameters: Mapping[str, str]
    is_form: bool = False
    by_script: bool = False


def steps(answer: Answer) -> list[Step]:
    """Every place an answer may send the browser to by itself, the surest first."""
    location = answer.headers.get("location")
    if answer.status in REDIRECTS and location is not None:
        return _as_list(_gone_to(answer.url, location))
    if not 200 <= answer.status < 300:
        return []
    document = _document(answer)
    if document is None:
        return []
    return [*_forms(answer.url, document), *_refreshes(answer.url, document), *_scripts(answer.url, document)]


def words(answer: Answer) -> Counter[str]:
    """The visible words of a page, and how often each is there; those of the body itself where it is not HTML."""
    document = _document(answer)
    if document is None:
        return Counter(_WORD.findall(answer.body[:LONGEST_PAGE].decode("utf-8", "replace")))
    etree.strip_elements(document, "script", "style", "template", etree.Comment, with_tail=False)
    return Counter(_WORD.findall(document.text_content()))


def endpoint(url: str) -> str:
    """An address without query and fragment, for comparing."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.lower().removesuffix(":443") if parts.scheme == "https" else parts.netloc.lower()
        return urlunsplit((parts.scheme, netloc, parts.path or "/", "", ""))
    except ValueError:
        return ""


def _as_list(step: Step | None) -> list[Step]:
    return [] if step is None else [step]


def _gone_to(base: str, url: str) -> Step | None:
    try:
        full = urldefrag(urljoin(base, url)).url
        query = parse_qsl(urlsplit(full).query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return Step(method="GET", url=endpoint(full), full_url=full, parameters=dict(query))


def _document(answer: Answer) -> html.HtmlElement | None:
    kind = answer.headers.get("content-type", "text/html")
    if "html" not in kind.lower() or not answer.body.strip():
        return None
    try:
        return html.document_fromstring(answer.body[:LONGEST_PAGE], parser=html.HTMLParser(no_network=True))
    except (etree.LxmlError, ValueError):
        return None


def _forms(base: str, document: html.HtmlElement) -> list[Step]:
    found = []
    for form in document.iter("form"):
        fields = {
            field.get("name", ""): field.get("value", "") if field.tag == "input" else field.text or ""
            for field in list(form.iter("input", "textarea"))[:MOST_FIELDS]
        }
        aim = _gone_to(base, form.get("action") or base)
        if aim is not None:
            method = form.get("method", "get").upper()
            parameters = {**aim.parameters, **fields} if method == "POST" else fields
            found.append(Step(method=method, url=aim.url, full_url=aim.full_url, parameters=parameters, is_form=True))
    return found


def _refreshes(base: str, document: html.HtmlElement) -> list[Step]:
    contents = [
        meta.get("content", "") for meta in document.iter("meta") if meta.get("http-equiv", "").lower() == "refresh"
    ]
    return [step for text in contents if (m := _REFRESH.match(text)) and (step := _gone_to(base, m["url"]))]


def _scripts(base: str, document: html.HtmlElement) -> list[Step]:
    texts = [script.text or "" for script in document.iter("script")]
    found = [m["url"] for text in texts for pattern in (_LOCATION, _REPLACE) for m in pattern.finditer(text)]
    steps = [_gone_to(base, url.replace("\\/", "/").replace("\\u0026", "&")) for url in found]
    return [msgspec.structs.replace(step, by_script=True) for step in steps if step is not None]
