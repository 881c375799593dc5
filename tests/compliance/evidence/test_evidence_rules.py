"""What evidence must say, which files it may be, and the record that a badge rests on."""

import json
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.compliance.evidence.rules import (
    LARGEST_FILE,
    NewEvidence,
    evidence_faults,
    evidence_record,
    file_faults,
    media_type_of,
)
from becta.compliance.standards.entries import EvidenceKind
from becta.kernel.ids import new_id

PDF, PNG, JPEG = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (PDF, "certificate.pdf", "application/pdf"),
        (PDF, "CERTIFICATE.PDF", "application/pdf"),
        (PNG, "scan.png", "image/png"),
        (JPEG, "scan.jpeg", "image/jpeg"),
        (b'{"passed": true}', "report.json", "application/json"),
        (b"[1]", "report.txt", "text/plain"),
        (b"\xef\xbb\xbfname,passed\r\n", "report.csv", "text/csv"),
        ("Prüfbericht".encode(), "report.txt", "text/plain"),
        (PDF, "certificate.png", None),
        (PNG, "certificate.pdf", None),
        (b"<html><script>", "page.html", None),
        (b"<svg onload=x>", "picture.svg", None),
        (b"MZ\x90\x00\x03", "report.txt", None),
        (b"PK\x03\x04", "report.csv", None),
        (b"\xff\xfe\x00\x00", "report.txt", None),
        (PDF, "certificate", None),
        (PDF, ".pdf.exe", None),
    ],
)
def test_a_file_is_what_both_its_content_and_its_name_say(head: bytes, name: str, media_type: str | None) -> None:
    assert media_type_of(head, name) == media_type


def test_a_text_cut_within_a_letter_is_still_a_text() -> None:
    assert media_type_of(("a" + "é" * 1_024).encode()[:2_048], "report.txt") == "text/plain"


@pytest.mark.parametrize(
    ("name", "media_type", "size", "problem"),
    [
        ("c.pdf", "application/pdf", 0, "is empty"),
        ("c.pdf", "application/pdf", LARGEST_FILE + 1, "is too large"),
        ("c.exe", None, 5, "is of no type we take, or its content is not what its name says"),
        ("../c.pdf", "application/pdf", 5, "has a name that is a path"),
        ("a\x00.pdf", "application/pdf", 5, "holds control characters"),
        ("", None, 5, "is empty"),
    ],
)
def test_a_file_that_will_not_do_is_named_with_its_mend(
    name: str, media_type: str | None, size: int, problem: str
) -> None:
    [first, *_] = file_faults(name, media_type, size)

    assert (first.field, first.problem, bool(first.mend)) == ("file", problem, True)
    assert file_faults("c.pdf", "application/pdf", LARGEST_FILE) == []


@pytest.mark.parametrize(
    ("given_", "fields"),
    [
        ({"kind": "url"}, ["url"]),
        ({"kind": "url", "url": "javascript:alert(1)"}, ["url"]),
        ({"kind": "certificate_number", "certificate_number": " "}, ["certificate_number"]),
        ({"kind": "statement"}, ["note"]),
        ({"kind": "conformance_run"}, ["run_id"]),
        ({"kind": "file"}, ["kind"]),
        (
            {"kind": "statement", "note": "x", "issued_on": date(2026, 1, 2), "expires_on": date(2026, 1, 2)},
            ["expires_on"],
        ),
        ({"kind": "statement", "note": "x" * 2_001}, ["note"]),
        ({"kind": "url", "url": "https://register.example/1"}, []),
        ({"kind": "conformance_run", "run_id": new_id()}, []),
    ],
)
def test_each_kind_of_evidence_must_say_what_makes_it_evidence(given_: dict[str, Any], fields: list[str]) -> None:
    evidence = NewEvidence(**{**given_, "kind": EvidenceKind(given_["kind"])})

    assert [fault.field for fault in evidence_faults(evidence)] == fields


_TEXTS = st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=20)
_PIECES = st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["url", "file"]), "note": _TEXTS}), max_size=3)


@given(claim=st.dictionaries(_TEXTS, _TEXTS, max_size=4), pieces=_PIECES)
def test_the_record_is_the_same_text_for_the_same_evidence_and_its_hash_is_of_that_text(
    claim: dict[str, str], pieces: list[dict[str, str]]
) -> None:
    text, digest = evidence_record(claim, pieces)

    assert digest == sha256(text.encode()).hexdigest()
    assert json.loads(text) == {"format": 1, "claim": claim, "evidence": pieces}
    assert evidence_record(dict(reversed(claim.items())), pieces) == (text, digest)
    if pieces:
        other = [{**pieces[0], "note": pieces[0]["note"] + "."}, *pieces[1:]]
        assert evidence_record(claim, other)[1] != digest
