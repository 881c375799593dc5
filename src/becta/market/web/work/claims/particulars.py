"""The particulars of a claim between a form and the values of the rules."""

from datetime import date
from typing import Any

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import BadgeClaim, Level, claim_faults
from becta.compliance.standards.registry import Holder
from becta.kernel.errors import Fault, Invalid
from becta.market.web.visitor import Form
from becta.market.web.work.claims.dates import day_fields, day_of

LABELS = {
    "role": "The role",
    "level": "The level of proof",
    "conformance_run_id": "Our test",
    "certificate_reference": "The certificate number",
    "scope": "The scope",
    "issued_on": "The day of issue",
    "expires_on": "The day it ends",
    "evidence_url": "The address",
    "evidence_note": "The note",
}
"""The fields of a claim, in the order of the page."""
_TEXTS = ("role", "scope", "certificate_reference", "evidence_url", "evidence_note")


def claim_of(form: Form, holder: Holder, *, standard: str, version: str, level: Level | None = None) -> BadgeClaim:
    """What was filled in; raises Invalid with every fault at once, those of the rules included.

    `level` is given where it stands already.
    """
    issued, faults = day_of(form, "issued_on")
    expires, more = day_of(form, "expires_on")
    faults += more
    if issued is None and not faults:
        mend = "give the day printed on the certificate, or that of the statement"
        faults.append(Fault(field="issued_on", problem="is missing", mend=mend))
    chosen = level or _level(form.text("level"))
    if chosen is None:
        faults.append(Fault(field="level", problem="is not chosen", mend="choose how the claim is proved"))
    claim = BadgeClaim(
        standard=standard,
        standard_version=version,
        level=chosen or Level.SELF_DECLARED,
        issued_on=issued or date(2000, 1, 1),
        expires_on=expires,
        **{name: form.text(name).strip() for name in _TEXTS},
    )
    days = {"issued_on", "expires_on"} if issued is None or more else set()
    faults += [_for_people(fault) for fault in claim_faults(claim, holder) if fault.field not in days]
    if faults:
        raise Invalid(faults)
    return claim


def shown_values(row: BadgeClaimRow) -> dict[str, Any]:
    """A claim as the values of its form."""
    texts = {name: (getattr(row, name),) for name in _TEXTS}
    return {**texts, **day_fields("issued_on", row.issued_on), **day_fields("expires_on", row.expires_on)}


def _level(text: str) -> Level | None:
    return Level(text) if text in set(Level) else None


def _for_people(fault: Fault) -> Fault:
    """The same fault; where the rules name a field as programs know it, this names it as the page does."""
    if fault.field == "evidence_url" and fault.problem == "is missing":
        mend = "give an address where the evidence can be seen, or describe it in the note"
        return Fault(field=fault.field, problem=fault.problem, mend=mend)
    return fault
