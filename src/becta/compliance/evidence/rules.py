"""What evidence must say, which files it may be, and the record of it that a badge rests on. Pure functions."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from msgspec import Struct

from becta.catalogue.text_rules import is_web_address, text_faults
from becta.compliance.standards.entries import EvidenceKind
from becta.kernel.errors import Fault
from becta.kernel.trail import canonical, plain

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes of an evidence file, at most."""
MOST_PIECES = 20
"""Pieces of evidence of one claim, at most."""
HEAD_BYTES = 2_048
"""How much of a file's beginning tells its type."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "application/json": (".json",),
    "text/csv": (".csv",),
    "text/plain": (".txt",),
}


class NewEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of evidence other than a file: a certificate, an address, a statement or one of our conformance runs."""

    kind: EvidenceKind
    note: str = ""
    url: str = ""
    certificate_number: str = ""
    scope: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    run_id: UUID | None = None


_NEEDED = {
    EvidenceKind.CERTIFICATE_NUMBER: ("certificate_number", "give the number printed on the certificate"),
    EvidenceKind.URL: ("url", "give the address where it can be seen"),
    EvidenceKind.STATEMENT: ("note", "say what you state"),
    EvidenceKind.CONFORMANCE_RUN: ("run_id", "give the id of the run, from /products/{id}/conformance-runs"),
}


def evidence_faults(given: NewEvidence) -> list[Fault]:
    """Everything wrong with a piece of evidence."""
    faults = [
        *text_faults("note", given.note, at_most=2_000),
        *text_faults("url", given.url, at_most=500),
        *text_faults("certificate_number", given.certificate_number, at_most=120),
        *text_faults("scope", given.scope, at_most=500),
    ]
    if given.kind is EvidenceKind.FILE:
        mend = "send it as multipart/form-data to .../evidence/files"
        return [*faults, Fault(field="kind", problem="is a file, which JSON cannot carry", mend=mend, value="file")]
    field, mend = _NEEDED[given.kind]
    held = getattr(given, field)
    if held is None or (isinstance(held, str) and not held.strip()):
        faults.append(Fault(field=field, problem="is missing", mend=mend))
    if given.url and not is_web_address(given.url):
        mend = "give the full address, starting with https://"
        faults.append(Fault(field="url", problem="is not a web address", mend=mend, value=given.url[:80]))
    if given.issued_on and given.expires_on and given.expires_on <= given.issued_on:
        mend = "give a day after the day of issue"
        problem = "is not after the day of issue"
        faults.append(Fault(field="expires_on", problem=problem, mend=mend, value=str(given.expires_on)))
    return faults


def media_type_of(head: bytes, name: str) -> str | None:
    """The media type that a file's first HEAD_BYTES bytes show and its name agrees with; None if they do not."""
    shown = _shown(head)
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return next((media for media in shown if suffix in _SUFFIXES[media]), None)


def file_faults(name: str, media_type: str | None, size: int) -> list[Fault]:
    """Everything wrong with a file; `media_type` is what `media_type_of` gave."""
    faults = text_faults("file", name, at_least=1, at_most=200)
    if "/" in name or "\\" in name:
        faults.append(Fault(field="file", problem="has a name that is a path", mend="send its last part", value=name))
    if any(ord(letter) < 32 for letter in name):
        faults.append(Fault(field="file", problem="has a name of several lines", mend="give it a plain name"))
    if size == 0:
        faults.append(Fault(field="file", problem="is empty", mend="send the file itself", value=name[:80]))
    elif size > LARGEST_FILE:
        mend = f"send at most {LARGEST_FILE // 1024 // 1024} MB, such as the pages that matter"
        faults.append(Fault(field="file", problem="is too large", mend=mend, value=f"{size} bytes"))
    elif media_type is None:
        endings = ", ".join(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
        problem = "is of no type we take, or its content is not what its name says"
        faults.append(Fault(field="file", problem=problem, mend=f"send one of {endings}", value=name[:80]))
    return faults


def _shown(head: bytes) -> tuple[str, ...]:
    for signature, media in _SIGNATURES:
        if head.startswith(signature):
            return (media,)
    try:
        text = head[:HEAD_BYTES].decode("utf-8", "strict" if len(head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return ()
    if any(ord(character) < 32 and character not in "\r\n\t" for character in text):
        return ()
    as_json = ("application/json",) if text.lstrip("\ufeff \r\n\t").startswith(("{", "[")) else ()
    return (*as_json, "text/csv", "text/plain")


def evidence_record(claim: dict[str, Any], pieces: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """What a badge rests on as JSON in one way only, and its SHA-256: the claim's particulars and each piece.

    Files stand in it by their own SHA-256, so whoever is shown one can tell whether it is the one that was checked.
    """
    record = canonical(plain({"format": 1, "claim": claim, "evidence": list(pieces)}))
    return record.decode(), sha256(record).hexdigest()
