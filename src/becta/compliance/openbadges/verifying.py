"""Verifies an Open Badges 3.0 credential offline, in the order of the specification's section on verification."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal, TypeAlias

from msgspec import Struct

from becta.compliance.openbadges.contexts import context_faults, is_version_2
from becta.compliance.openbadges.data_integrity import ProofKind, check_proofs, dates_of
from becta.compliance.openbadges.dates import parse_date
from becta.compliance.openbadges.effort import Effort
from becta.compliance.openbadges.endorsements import endorsements_of
from becta.compliance.openbadges.hiding import keyword_faults
from becta.compliance.openbadges.reading import (
    Json,
    JsonObject,
    Unreadable,
    as_list,
    id_of,
    objects_in,
    read,
    text_at,
)
from becta.compliance.openbadges.recipients import Recipient, is_recipient
from becta.compliance.openbadges.resolving import KeyResolver, StatusResolver
from becta.compliance.openbadges.shapes import structure_faults
from becta.compliance.openbadges.status_checking import check_status
from becta.compliance.openbadges.vc_jwt import Token, check_jwt, expiry_of, parse_jwt
from becta.compliance.openbadges.verdicts import Findings, Problem, Verdict, shown

Kind: TypeAlias = Literal["badge", "endorsement", "list"]

TYPES: dict[Kind, frozenset[str]] = {
    "badge": frozenset({"OpenBadgeCredential", "AchievementCredential"}),
    "endorsement": frozenset({"EndorsementCredential"}),
    "list": frozenset({"BitstringStatusListCredential", "StatusList2021Credential"}),
}
SCHEMA_CHECKED_ONLINE = "1EdTechJsonSchemaValidator2019"


class Trust(Struct, frozen=True, kw_only=True):
    """What a verification rests on: the instant, the ways to keys and status lists, and the work it may take."""

    at: datetime
    effort: Effort
    resolver: KeyResolver | None = None
    statuses: StatusResolver | None = None
    recipient: Recipient | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """A credential that could be read, with what was found good of its proof and when it ends."""

    form: str
    credential: JsonObject
    proof: ProofKind | None
    ends: datetime | None


def verify(
    document: bytes | str | Mapping[str, object],
    *,
    at: datetime,
    resolver: KeyResolver | None = None,
    statuses: StatusResolver | None = None,
    recipient: Recipient | None = None,
) -> Verdict:
    """Judge a credential as of an instant: JSON, a compact JWT, or a baked SVG or PNG, ours or not.

    Nothing is fetched: keys and status lists come from the resolvers, if given. With a
    `recipient`, who is known from elsewhere, the badge must be theirs. Whatever is wrong with the document
    is in the verdict. Raises ValueError only for an instant without a time zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    findings = Findings()
    trust = Trust(at=at, effort=Effort(), resolver=resolver, statuses=statuses, recipient=recipient)
    judged = _judge(document, "badge", findings, trust)
    problems, warnings = findings.problems, findings.warnings
    if judged is None:
        return Verdict(valid=False, problems=problems, warnings=warnings)
    credential = judged.credential
    issuer, subjects = credential.get("issuer"), objects_in(credential.get("credentialSubject"))
    subject: Json = subjects[0] if subjects else None
    return Verdict(
        valid=not problems,
        problems=problems,
        warnings=warnings,
        form=judged.form,
        credential_id=text_at(credential, "id"),
        issuer_id=id_of(issuer),
        issuer_name=text_at(issuer, "name"),
        subject=text_at(subject, "id") or _identifier(subject),
        achievement=text_at(subject, "achievement", "name"),
        valid_from=parse_date(dates_of(credential)[0]),
        valid_until=judged.ends,
        proof_type=judged.proof.proof_type if judged.proof else None,
        key=judged.proof.key if judged.proof else None,
    )


def _judge(document: bytes | str | Mapping[str, object], kind: Kind, findings: Findings, trust: Trust) -> Judged | None:
    """Run every check; None if there is nothing to check."""
    try:
        reading = read(document)
        token = None if reading.token is None else parse_jwt(reading.token)
    except Unreadable as error:
        findings.problem("format", str(error))
        return None
    credential = token.credential if token else reading.credential
    assert credential is not None
    _check_contents(credential, kind, findings)
    issuer = id_of(credential.get("issuer")) or ""
    proof = _check_proof(token, credential, issuer, findings, trust)
    _note_what_is_online(credential, findings)
    if kind != "list" and "credentialStatus" in credential:
        verify_list = partial(_verify_list, trust=trust)
        check_status(credential, findings, statuses=trust.statuses, verify_list=verify_list)
    ends = _check_dates(credential, token, findings, trust.at)
    if kind == "badge":
        if trust.recipient is not None and not is_recipient(credential, trust.recipient):
            findings.problem("recipient", f"the recipient is not {shown(trust.recipient.value)}")
        _check_endorsements(credential, findings, trust)
    return Judged(form=reading.form, credential=credential, proof=proof, ends=ends)


def _check_contents(credential: JsonObject, kind: Kind, findings: Findings) -> None:
    for fault in context_faults(credential, badge=kind != "list"):
        findings.problem("context", fault)
    types = as_list(credential.get("type"))
    named = {entry for entry in types if isinstance(entry, str)}
    if "VerifiableCredential" not in named or not named & TYPES[kind]:
        wanted = " or ".join(sorted(TYPES[kind], reverse=True))
        findings.problem("type", f"the type must hold VerifiableCredential and {wanted}, not {shown(types)}")
    _check_issuer(credential.get("issuer"), kind, findings)
    if kind == "list":
        return
    for found in structure_faults(credential, kind, version_2=is_version_2(credential)):
        findings.problem(found.check, found.message)
    if "name" not in credential and kind == "badge":
        findings.warn("schema", "the credential has no name, which the schema of Open Badges 3.0 asks for")
    subjects = objects_in(credential.get("credentialSubject"))
    if not subjects or not all(subject.get("id") or subject.get("identifier") for subject in subjects):
        findings.problem("subject", "the subject has neither an id nor an identifier")


def _check_issuer(issuer: Json, kind: Kind, findings: Findings) -> None:
    if issuer is None:
        findings.problem("issuer", "the issuer is missing")
        return
    found = id_of(issuer)
    if found is None or ":" not in found:
        findings.problem("issuer", f"the issuer's id is missing or not a URL: {shown(found)}")
    if isinstance(issuer, str) and kind == "badge":
        findings.problem("issuer", "the issuer is not a Profile but only its id, which Open Badges does not allow")


def _check_proof(
    token: Token | None, credential: JsonObject, issuer: str, findings: Findings, trust: Trust
) -> ProofKind | None:
    """The JWT around the credential, or its embedded proofs. With a JWT those are not needed, and not looked at."""
    if token is not None:
        if "proof" in credential:
            findings.warn("proof", "the credential has embedded proofs too, which were not needed")
        return check_jwt(token, issuer, findings, resolver=trust.resolver)
    if faults := keyword_faults(credential):
        for fault in faults[:3]:
            findings.problem("context", fault)
    return check_proofs(credential, issuer, findings, at=trust.at, resolver=trust.resolver, effort=trust.effort)


def _note_what_is_online(credential: JsonObject, findings: Findings) -> None:
    for schema in objects_in(credential.get("credentialSchema")):
        told = f"the schema {shown(schema.get('id'))} was not fetched"
        if schema.get("type") == SCHEMA_CHECKED_ONLINE:
            told += "; the credential was checked against our own schema of Open Badges 3.0"
        findings.warn("schema", told)
    for service in objects_in(credential.get("refreshService")):
        findings.warn("refresh", f"the credential was not refreshed from {shown(service.get('id'))}: that is online")


def _check_dates(credential: JsonObject, token: Token | None, findings: Findings, at: datetime) -> datetime | None:
    """From its first instant to before its last. A JWT's exp counts where the credential has no end of its own."""
    begins, ends = dates_of(credential)
    starts, until = parse_date(begins), parse_date(ends)
    if begins is not None and starts is None:
        findings.problem("schema", f"the date from which it is valid breaks the schema: {shown(begins)}")
    if ends is not None and until is None:
        findings.problem("schema", f"the date until which it is valid breaks the schema: {shown(ends)}")
    if token is not None and (expires := expiry_of(token)) is not None:
        until = expires if until is None else min(until, expires)
    if starts is not None and at < starts:
        findings.problem("not_yet_valid", f"the credential is not yet valid: it is valid from {starts.isoformat()}")
    if until is not None and at >= until:
        findings.problem("expired", f"the credential has expired: it was valid until {until.isoformat()}")
    if starts is not None and until is not None and until < starts:
        findings.problem("schema", "the credential ends before it begins")
    return until


def _check_endorsements(credential: JsonObject, findings: Findings, trust: Trust) -> None:
    """Each endorsement is verified by itself. The specification calls a badge verified only if they hold too.

    One whose key cannot be found offline is a warning; one that is broken or out of date is a problem.
    """
    found, left = endorsements_of(credential)
    if left:
        findings.warn("endorsement", f"{left} endorsements were not looked at: too many, or not of a known form")
    for endorsement in found:
        inner = Findings()
        judged = _judge(endorsement, "endorsement", inner, trust)
        name = text_at(judged.credential, "id") if judged else None
        told = f"the endorsement {shown(name or 'without id')}"
        if inner.problems and not inner.only_undecided:
            reasons = "; ".join(f"{problem.check}: {problem.message}" for problem in inner.problems)
            findings.problem("endorsement", f"{told} does not hold: {shown(reasons, at_most=400)}")
            continue
        for problem in inner.problems or inner.warnings:
            findings.warn("endorsement", f"{told}: {problem.message}")


def _verify_list(data: bytes, *, trust: Trust) -> tuple[JsonObject | None, tuple[Problem, ...]]:
    findings = Findings()
    judged = _judge(data, "list", findings, trust)
    return (judged.credential if judged else None), findings.problems


def _identifier(subject: Json) -> str | None:
    identifiers = objects_in(subject.get("identifier")) if isinstance(subject, dict) else []
    return next((text for entry in identifiers if (text := text_at(entry, "identityHash"))), None)
