"""XML and JSON that mean harm are refused before they cost anything; what is malformed is told with its place."""

import io
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from becta.compliance.conformance.documents import JsonLimits, Malformed, XmlLimits, parse_json, parse_xml
from becta.compliance.conformance.reports import Refused

LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + level, (b"&%c;" % (97 + level)) * 10) for level in range(10))
    + b"]><lolz>&k;</lolz>"
)


def test_an_element_knows_its_line_and_text() -> None:
    root = parse_xml("<a>\n\n<b>é</b></a>".encode(), "a.xml")

    assert (root.tag, root[0].sourceline, root[0].text) == ("a", 3, "é")


def test_a_stream_is_read_as_bytes_are() -> None:
    assert parse_xml(io.BytesIO(b"<a/>"), "a.xml").tag == "a"


def test_words_that_look_like_a_dtd_in_text_are_only_text() -> None:
    root = parse_xml(b"<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a [<!ENTITY b 'c'>]>]]></a>", "a.xml")

    assert "".join(root.itertext(tag=etree.Element)) == "<!DOCTYPE a [<!ENTITY b 'c'>]>"


@pytest.mark.parametrize(
    "document",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a PUBLIC "-//X//Y" "http://127.0.0.1:9/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a b="&x;"/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
        LAUGHS,
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    ],
    ids=["bare", "file", "web", "external", "parameter", "attribute", "default", "laughs", "utf-16"],
)
def test_a_document_with_a_dtd_is_refused_at_once(document: bytes) -> None:
    start = time.perf_counter()

    with pytest.raises(Refused, match=r"^a\.xml has a document type declaration \(DTD\), which can define entities$"):
        parse_xml(document, "a.xml")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("document", "limits", "reason"),
    [
        (b"<a>" * 5 + b"</a>" * 5, XmlLimits(depth=4), "a.xml nests elements more than 4 deep"),
        (b"<a>" * 200_000, XmlLimits(), "a.xml nests elements more than 100 deep"),
        (b"<a><b/><b/><!-- c --></a>", XmlLimits(nodes=3), "a.xml has more than 3 elements"),
        (b"<a>12345</a>", XmlLimits(text=4), "a.xml has a text of more than 4 characters"),
        (b"<a b='1' c='2'/>", XmlLimits(attributes=1), "a.xml has an element of more than 1 attributes"),
        (b"<a>12345</a>", XmlLimits(bytes=11), "a.xml is larger than 11 bytes"),
    ],
)
def test_xml_that_passes_a_limit_is_refused(document: bytes, limits: XmlLimits, reason: str) -> None:
    for given_as in (document, io.BytesIO(document)):
        with pytest.raises(Refused) as refused:
            parse_xml(given_as, "a.xml", limits)
        assert str(refused.value) == reason


def test_xml_at_its_limits_is_read() -> None:
    limits = XmlLimits(bytes=12, depth=1, nodes=1, text=5, attributes=0)

    assert parse_xml(b"<a>12345</a>", "a.xml", limits).text == "12345"


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (b"", 1),
        (b"<a>\n<b></a>", 2),
        (b"<a>\n\n&nbsp;</a>", 3),
        (b"<a/>\n<b/>", 2),
        (b'<?xml version="1.0" encoding="x"?><a/>', 1),
    ],
    ids=["empty", "mismatch", "entity never defined", "two roots", "unknown encoding"],
)
def test_xml_that_is_not_well_formed_is_told_with_its_line(document: bytes, line: int) -> None:
    with pytest.raises(Malformed, match=r"^a\.xml is not well-formed XML: ") as malformed:
        parse_xml(document, "a.xml")
    assert malformed.value.line == line


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_xml_or_malformed_or_refused(data: bytes) -> None:
    for document in (data, b"<a>" + data + b"</a>", b"<!DOCTYPE a [" + data):
        try:
            root = parse_xml(document, "a.xml")
        except (Malformed, Refused):
            continue
        assert isinstance(root.tag, str)


def test_json_is_read_as_it_is_with_or_without_a_byte_order_mark() -> None:
    text = '{"a": [1, 2.5, "é\\ud83d\\ude00", null, true], "b": {"a": -0}}'

    assert parse_json(text.encode(), "a.json") == json.loads(text)
    assert parse_json(text.encode("utf-8-sig"), "a.json") == json.loads(text)


@pytest.mark.parametrize(
    ("document", "reason", "line", "column"),
    [
        (b'{"a": 1,\n "a": 2}', "sound JSON: a key appears twice in one object", 2, 2),
        (b'{"a": {"b": 1,\n  "c": 1, "b": 2}}', "sound JSON: a key appears twice in one object", 2, 11),
        (b'[{"a": "\\":", "b":1}, {"a":1,"\\u0061":2}]', "sound JSON: a key appears twice in one object", 1, 30),
        (b"[1,\n NaN]", "sound JSON: NaN is no JSON number", 2, 2),
        (b'["NaN", -Infinity]', "sound JSON: -Infinity is no JSON number", 1, 9),
        (b"[0, 1e999]", "sound JSON: a number is beyond a double", 1, 5),
        (b"[" + b"9" * 5_000 + b"]", "sound JSON: a number has more than 1,000 digits", 1, 2),
        (b'["\\ud800"]', "sound JSON: a text holds half of a surrogate pair", None, None),
        (b'{"a":\n }', "JSON: Expecting value", 2, 2),
        (b"", "JSON: Expecting value", 1, 1),
        (b'["a\x01"]', "JSON: Invalid control character at", 1, 4),
        (b'{"a": 1}\n{}', "JSON: Extra data", 2, 1),
        (b'{"a":\n"\xff"}', "UTF-8", 2, 2),
        ('{"a": 1}'.encode("utf-16"), "UTF-8", 1, 1),
    ],
)
def test_json_that_is_not_sound_is_told_with_its_place(
    document: bytes, reason: str, line: int | None, column: int | None
) -> None:
    with pytest.raises(Malformed) as malformed:
        parse_json(document, "a.json")

    assert str(malformed.value) == f"a.json is not {reason}"
    assert (malformed.value.line, malformed.value.column) == (line, column)


@pytest.mark.parametrize(
    ("document", "limits", "reason"),
    [
        (b"[[[]]]", JsonLimits(depth=2), "a.json nests values more than 2 deep"),
        (b"[" * 1_000_000, JsonLimits(), "a.json nests values more than 100 deep"),
        (b'{"a":' * 1_000_000, JsonLimits(values=9_000_000), "a.json nests values more than 100 deep"),
        (b"[1, 2, 3]", JsonLimits(values=2), "a.json has more than 2 values"),
        (b"[" + b"{}," * 900_000 + b"{}]", JsonLimits(), "a.json has more than 1,000,000 values"),
        (b"[1, 2, 3]", JsonLimits(bytes=8), "a.json is larger than 8 bytes"),
    ],
)
def test_json_that_passes_a_limit_is_refused(document: bytes, limits: JsonLimits, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_json(document, "a.json", limits)

    assert str(refused.value) == reason


def test_brackets_in_texts_are_not_counted() -> None:
    assert parse_json(b'["[[[[{{{{,,,,\\"[["]', "a.json", JsonLimits(depth=1, values=1)) == ['[[[[{{{{,,,,"[[']


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50, deadline=None)
@given(values)
def test_whatever_json_writes_is_read_back_the_same(value: object) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), "a.json") == value


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text(alphabet='{}[]",:\\u0dN 1e-.', max_size=60).map(str.encode))
def test_any_bytes_are_json_or_malformed_or_refused(data: bytes) -> None:
    try:
        value = parse_json(data, "a.json")
    except (Malformed, Refused):
        return
    assert json.loads(data) == value
