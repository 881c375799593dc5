"""Data Integrity proofs: `eddsa-rdfc-2022` made and checked; `ecdsa-rdfc-2019` and Ed25519Signature2020 checked.

From the W3C's Data Integrity 1.0 (section 4), Data Integrity EdDSA Cryptosuites 1.0 (section 3.2) and Data Integrity
ECDSA Cryptosuites 1.0 (section 3.2); Ed25519Signature2020 from the community group's report of that name.
"""

import hashlib
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from becta.compliance.openbadges.canonical import Canonical, canonicalise
from becta.compliance.openbadges.contexts import ContextMissing, is_version_2
from becta.compliance.openbadges.covering import uncovered
from becta.compliance.openbadges.dates import parse_date, write_date
from becta.compliance.openbadges.effort import Effort, NotCanonical
from becta.compliance.openbadges.hiding import READ_BY_US, keyword_faults
from becta.compliance.openbadges.keys import BadKey, PublicKey, SigningKey, decode_multibase, encode_multibase
from becta.compliance.openbadges.reading import Json, JsonObject
from becta.compliance.openbadges.resolving import KeyRefused, KeyResolver, find_key
from becta.compliance.openbadges.verdicts import Findings, shown

SUITES = {"eddsa-rdfc-2022": {"Ed25519"}, "ecdsa-rdfc-2019": {"P-256", "P-384"}, "eddsa-2022": {"Ed25519"}}
"""Cryptosuites that we check, and the kinds of key of each. `eddsa-2022` is a draft's name of `eddsa-rdfc-2022`."""
OLD_SUITE = "Ed25519Signature2020"
OLD_SUITE_CONTEXT = "https://w3id.org/security/suites/ed25519-2020/v1"
SUITE_CONTEXT = "https://w3id.org/security/data-integrity/v2"
MOST_PROOFS = 5

NULLED = "None"
"""What pyld calls a name that a context sets to null."""


class Undefined(ValueError):
    """No context defines some of the names, so that a signature would not cover them."""


class ProofKind(Struct, frozen=True, kw_only=True):
    """The proof that was found good."""

    proof_type: str
    key: str


def sign_credential(credential: JsonObject, key: SigningKey, *, method: str, created: datetime) -> JsonObject:
    """The credential with an `eddsa-rdfc-2022` proof for assertions; `method` is the verification method's URL.

    Raises Undefined if a name in the credential is in no context, NotCanonical if RDF or a reader would miss any of
    it, or ContextMissing.
    """
    unsigned = {name: value for name, value in credential.items() if name != "proof"}
    options: JsonObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": write_date(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    body = canonicalise(unsigned)
    head = canonicalise({"@context": credential.get("@context"), **options})
    if undefined := body.undefined + head.undefined:
        raise Undefined(f"no context defines {', '.join(undefined)}")
    if faults := uncovered(unsigned, body.expanded):
        raise NotCanonical(faults[0])
    proof = {**options, "proofValue": encode_multibase(key.sign(head.digest + body.digest))}
    present = credential.get("proof")
    proofs: list[Json] = present if isinstance(present, list) else [] if present is None else [present]
    return {**unsigned, "proof": [*proofs, proof] if proofs else proof}


def check_proofs(
    credential: JsonObject,
    issuer: str,
    findings: Findings,
    *,
    at: datetime,
    resolver: KeyResolver | None,
    effort: Effort,
) -> ProofKind | None:
    """Check the embedded proofs. One good proof is enough (Open Badges 3.0, verification); others are noted."""
    present = credential.get("proof")
    proofs: list[Json] = present if isinstance(present, list) else [present]
    if present is None or not proofs:
        findings.problem("proof", "the credential has no proof")
        return None
    if len(proofs) > MOST_PROOFS:
        findings.problem("proof", f"the credential has more than {MOST_PROOFS} proofs")
        return None
    body = _Body(credential, effort)
    faults: list[tuple[str, bool]] = []
    for proof in proofs:
        try:
            found, warning = _checked(proof, body, issuer, at=at, resolver=resolver)
        except KeyRefused as refused:
            faults.append((str(refused), refused.offline))
            continue
        if warning:
            findings.warn("proof", warning)
        for fault, _ in faults:
            findings.warn("proof", f"another proof was passed over: {fault}")
        if len(proofs) > len(faults) + 1:
            findings.warn("proof", "the credential has further proofs, which were not needed")
        _tell_uncovered(body.canonical, credential, findings)
        return found
    for fault, offline in faults:
        findings.problem("proof", fault, undecided=offline)
    return None


class _Body:
    """The credential without its proofs, made canonical when first needed; so is that it cannot be."""

    def __init__(self, credential: JsonObject, effort: Effort) -> None:
        self.credential = credential
        self.effort = effort
        self._made: Canonical | NotCanonical | ContextMissing | None = None

    @property
    def canonical(self) -> Canonical:
        """The canonical form; raises NotCanonical or ContextMissing, each time, if there is none."""
        if self._made is None:
            unsigned = {name: value for name, value in self.credential.items() if name != "proof"}
            try:
                self._made = canonicalise(unsigned, self.effort)
            except (NotCanonical, ContextMissing) as error:
                self._made = error
        if isinstance(self._made, Canonical):
            return self._made
        raise self._made


def _checked(
    proof: Json, body: _Body, issuer: str, *, at: datetime, resolver: KeyResolver | None
) -> tuple[ProofKind, str | None]:
    """Check one proof; raises KeyRefused with the reason, whatever it is."""
    if not isinstance(proof, dict):
        raise KeyRefused("the proof is not an object")
    kinds, label, old_name = _suite_of(proof)
    if proof.get("proofPurpose") != "assertionMethod":
        raise KeyRefused(f"the proof is not made for assertions: its purpose is {shown(proof.get('proofPurpose'))}")
    _check_times(proof, at)
    method, value = proof.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(value, str):
        raise KeyRefused("the proof has no verificationMethod or no proofValue")
    found = find_key(method, issuer, resolver)
    if found.key.kind not in kinds:
        raise KeyRefused(f"the proof's key is {found.key.kind}, which {label} does not use")
    try:
        signature = decode_multibase(value)
        canonical = body.canonical
        head = _head(proof, body)
        good = _holds(found.key, signature, head, canonical)
    except BadKey:
        raise KeyRefused("the proof's proofValue is not base58btc (z…)") from None
    except (NotCanonical, ContextMissing) as error:
        raise KeyRefused(f"the proof could not be checked: {error}") from None
    if not good:
        raise KeyRefused("the proof does not hold: the credential was changed, or signed with another key")
    warning = "; ".join(text for text in (found.warning, old_name) if text)
    return ProofKind(proof_type=label, key=found.name), warning or None


def _suite_of(proof: JsonObject) -> tuple[set[str], str, str | None]:
    """The kinds of key, the name of the suite, and a warning if that name is only a draft's."""
    if proof.get("type") == OLD_SUITE:
        return {"Ed25519"}, OLD_SUITE, None
    suite = proof.get("cryptosuite")
    if proof.get("type") != "DataIntegrityProof" or not isinstance(suite, str) or suite not in SUITES:
        raise KeyRefused(f"the proof is of a type we cannot check: {shown(proof.get('type'))} {shown(suite or '')}")
    old_name = f"the proof's cryptosuite {suite} is a draft's name" if suite == "eddsa-2022" else None
    return SUITES[suite], suite, old_name


def _check_times(proof: JsonObject, at: datetime) -> None:
    for name in ("created", "expires"):
        value = proof.get(name)
        if value is None:
            continue
        instant = parse_date(value)
        if instant is None:
            raise KeyRefused(f"the proof's {name} is not a date and time")
        if name == "expires" and at >= instant:
            raise KeyRefused("the proof itself has expired")


def _head(proof: JsonObject, body: _Body) -> Canonical:
    """The canonical proof options: the proof without its value, under the credential's contexts."""
    options = {name: value for name, value in proof.items() if name not in {"proofValue", "@context"}}
    given = body.credential.get("@context")
    contexts: list[Json] = given if isinstance(given, list) else [given]
    if faults := keyword_faults(options):
        raise NotCanonical(faults[0])
    head = None
    # version 1 of the data model does not define proofs: signers add the suite's own context
    with suppress(NotCanonical):
        head = canonicalise({"@context": contexts, **options}, body.effort)
    if head is None or head.undefined:
        extra = OLD_SUITE_CONTEXT if proof.get("type") == OLD_SUITE else SUITE_CONTEXT
        head = canonicalise({"@context": [*contexts, extra], **options}, body.effort)
    if head.undefined:
        raise NotCanonical(f"no context defines the proof's {', '.join(head.undefined)}")
    if faults := uncovered(options, head.expanded, "proof"):
        raise NotCanonical(faults[0])
    return head


def _holds(key: PublicKey, signature: bytes, head: Canonical, body: Canonical) -> bool:
    if key.kind == "P-384":
        digests = [hashlib.sha384(part.quads.encode()).digest() for part in (head, body)]
    else:
        digests = [head.digest, body.digest]
    return key.has_signed(signature, b"".join(digests))


def _tell_uncovered(body: Canonical, credential: JsonObject, findings: Findings) -> None:
    """A signature is over statements, not over JSON: tell what it leaves out, and what the JSON hides from us."""
    read = [name for name in body.undefined if name in READ_BY_US or name == NULLED]
    other = [name for name in body.undefined if name not in READ_BY_US]
    if read:
        findings.problem("proof", f"the proof does not cover {shown(', '.join(read))}: no context defines it")
    elif other:
        findings.warn("context", f"no context defines {shown(', '.join(other))}, so the proof does not cover it")
    told = {name: value for name, value in credential.items() if name != "proof"}
    for fault in uncovered(told, body.expanded):
        findings.problem("proof", fault)


def dates_of(credential: JsonObject) -> tuple[Json, Json]:
    """The beginning and end of validity, by the names of the data model's version (VCDM 1.1 or 2.0)."""
    if is_version_2(credential):
        return credential.get("validFrom"), credential.get("validUntil")
    return credential.get("issuanceDate"), credential.get("expirationDate")
