"""Whether a credential was revoked or suspended, by the lists that its `credentialStatus` names.

From the W3C's Bitstring Status List 1.0 (section 3.2) and Status List 2021, and 1EdTech's Revocation List.
"""

from collections.abc import Callable

from becta.compliance.openbadges.reading import (
    Json,
    JsonObject,
    Unreadable,
    as_list,
    id_of,
    objects_in,
    parse_object,
    text_at,
)
from becta.compliance.openbadges.resolving import OwnList, StatusResolver
from becta.compliance.openbadges.status import BadStatusList, decode_list, is_marked
from becta.compliance.openbadges.verdicts import Findings, Problem, shown

LIST_TYPES = {
    "BitstringStatusListEntry": ("BitstringStatusListCredential", "BitstringStatusList"),
    "StatusList2021Entry": ("StatusList2021Credential", "StatusList2021"),
}
"""The types of the credential and of its subject behind each type of entry."""
REVOCATION_LIST = "1EdTechRevocationList"
MOST_ENTRIES = 10
MOST_REVOKED = 500_000
"""Values in a 1EdTech revocation list."""
MARKS = {"revocation": "revoked", "suspension": "suspended"}

ListVerifier = Callable[[bytes], tuple[JsonObject | None, tuple[Problem, ...]]]
"""Verifies a status list credential: the credential, and what is wrong with it."""


def check_status(
    credential: JsonObject, findings: Findings, *, statuses: StatusResolver | None, verify_list: ListVerifier
) -> None:
    """Look every status entry up; what cannot be had is a warning, a mark is a problem."""
    entries = as_list(credential.get("credentialStatus"))
    if len(entries) > MOST_ENTRIES:
        findings.problem("status", f"the credential has more than {MOST_ENTRIES} status entries")
        return
    for entry in entries:
        kinds = as_list(entry.get("type")) if isinstance(entry, dict) else []
        if not isinstance(entry, dict):
            findings.problem("status", "the status is not an object")
        elif REVOCATION_LIST in kinds:
            _check_revocation_list(entry, credential, findings, statuses)
        elif known := [kind for kind in kinds if isinstance(kind, str) and kind in LIST_TYPES]:
            _check_bit(entry, known[0], credential, findings, statuses, verify_list)
        else:
            findings.warn("status", f"the status could not be checked: its type {shown(kinds)} is not known")


def _check_bit(
    entry: JsonObject,
    kind: str,
    credential: JsonObject,
    findings: Findings,
    statuses: StatusResolver | None,
    verify_list: ListVerifier,
) -> None:
    url, purpose = text_at(entry, "statusListCredential"), text_at(entry, "statusPurpose")
    index = _index(entry.get("statusListIndex"))
    if url is None or purpose is None or index is None or entry.get("statusSize", 1) != 1:
        findings.problem("status", f"the status entry is malformed: {shown(entry)}")
        return
    data = None if statuses is None else statuses(url)
    if data is None:
        findings.warn("status", f"whether it is {_mark(purpose)} could not be checked offline ({shown(url)})")
        return
    if isinstance(data, OwnList):
        bits = data.bits if data.purpose == purpose else None
        if bits is None:
            findings.problem("status", f"the status list {shown(url)} does not fit: it is not for {shown(purpose)}")
    else:
        bits = _bits_of(data, url, kind, purpose, credential, findings, verify_list)
    if bits is not None:
        _tell_mark(bits, index, purpose, url, findings)


def _bits_of(
    data: bytes,
    url: str,
    kind: str,
    purpose: str,
    credential: JsonObject,
    findings: Findings,
    verify_list: ListVerifier,
) -> bytes | None:
    """The bits of a status list as it was served, once it is verified itself; None if it does not hold."""
    found, problems = verify_list(data)
    if found is None or problems:
        told = "; ".join(problem.message for problem in problems)
        findings.problem("status", f"the status list {shown(url)} does not hold: {shown(told, at_most=300)}")
        return None
    fault = _list_fault(found, kind, purpose)
    subject = objects_in(found.get("credentialSubject"))[:1]
    encoded = text_at(subject[0], "encodedList") if subject else None
    if fault or encoded is None:
        findings.problem("status", f"the status list {shown(url)} does not fit: {fault or 'it holds no list'}")
        return None
    if id_of(found) not in {None, url}:
        findings.warn("status", f"the status list {shown(url)} calls itself {shown(found.get('id'))}")
    if id_of(found.get("issuer")) != id_of(credential.get("issuer")):
        findings.warn("status", f"the status list {shown(url)} is of another issuer: {shown(found.get('issuer'))}")
    try:
        return decode_list(encoded)
    except BadStatusList as error:
        findings.problem("status", f"the status could not be read: {error}")
        return None


def _tell_mark(bits: bytes, index: int, purpose: str, url: str, findings: Findings) -> None:
    try:
        marked = is_marked(bits, index)
    except BadStatusList as error:
        findings.problem("status", f"the status could not be read: {error}")
        return
    if marked and purpose in MARKS:
        findings.problem("status", f"the credential is {MARKS[purpose]}, says the status list {shown(url)}")
    elif marked:
        findings.warn("status", f"the status list marks the credential for the purpose {shown(purpose)}")


def _list_fault(found: JsonObject, kind: str, purpose: str) -> str | None:
    """Why a sound list is not the one that the entry means; None if it is."""
    whole, part = LIST_TYPES[kind]
    subject = objects_in(found.get("credentialSubject"))[:1]
    if whole not in as_list(found.get("type")) or not subject or part not in as_list(subject[0].get("type")):
        return f"it is not a {whole}"
    if len(as_list(found.get("credentialSubject"))) != 1:
        return "it holds more than one list"
    if purpose not in as_list(subject[0].get("statusPurpose")):
        return f"it is not for {shown(purpose)}"
    return None


def _check_revocation_list(
    entry: JsonObject, credential: JsonObject, findings: Findings, statuses: StatusResolver | None
) -> None:
    """1EdTech's list names revoked credentials by id; `revoked` true or left out. It bears no proof."""
    url = text_at(entry, "id")
    data = None if statuses is None or url is None else statuses(url)
    if data is None:
        findings.warn("status", f"whether it is revoked could not be checked offline ({shown(url)})")
        return
    if isinstance(data, OwnList):
        findings.problem("status", f"the status list {shown(url)} does not fit: it is no revocation list of 1EdTech")
        return
    try:
        found = parse_object(data, most_values=MOST_REVOKED)
    except Unreadable as error:
        findings.warn("status", f"the revocation list {shown(url)} could not be read: {error}")
        return
    for revoked in objects_in(found.get("revokedCredentials")):
        if revoked.get("id") == credential.get("id") and revoked.get("revoked", True) is not False:
            reason = text_at(revoked, "revocationReason")
            told = f" ({shown(reason)})" if reason else ""
            findings.problem("status", f"the credential is revoked, says the list {shown(url)}{told}")


def _index(value: Json) -> int | None:
    """`statusListIndex` is a text of digits; some write a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def _mark(purpose: str) -> str:
    return MARKS.get(purpose, f"marked for {shown(purpose)}")
