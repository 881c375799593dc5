"""Turns a badge written in short, such as `oneroster:Provider!expired`, into a dated claim and its decision."""

import re
from datetime import date, timedelta
from functools import cache

from becta.compliance.badges.rules import BadgeClaim, Level
from becta.compliance.standards.registry import standards
from becta.kernel.clock import add_months
from becta.market.demo.authored import words
from becta.market.demo.rows import Decision, DemoBadge

_SHORT = re.compile(r"(?P<standard>[a-z0-9-]+)(:(?P<role>[A-Za-z ]+))?(!(?P<state>[a-z]+))?")
_DANZELL = date(2026, 4, 27)
_LEVELS = {
    "psti": Level.SELF_DECLARED,
    "wcag": Level.TESTED_BY_US,
    "childrens-code": Level.SELF_DECLARED,
    "dfe-filtering": Level.SELF_DECLARED,
    "xapi": Level.SELF_DECLARED,
    "scorm": Level.TESTED_BY_US,
    "cmi5": Level.TESTED_BY_US,
    "uk-gdpr": Level.SELF_DECLARED,
}
_DECISIONS: dict[str, Decision] = {
    "valid": "accepted",
    "expiring": "accepted",
    "expired": "accepted",
    "refused": "refused",
    "claimed": "claimed",
    "revoked": "revoked",
}
_EVIDENCE_NOTES = {
    Level.CERTIFIED: "Certificate and the publisher's register entry, as read on the day of the claim.",
    Level.TESTED_BY_US: "Report of the check, with the tool, its version and the pages or packages tried.",
    Level.SELF_DECLARED: "The supplier's signed statement against each point, with screenshots.",
}


def demo_badge(
    short: str, holder_reference: str, *, salt: int, today: date, scope: str = "", certificate: str = ""
) -> DemoBadge:
    """The badge a short form stands for; dates hang on today, so that each state stays what it is called."""
    standard, role, state = _parts(short)
    issued_on, expires_on = _dates(state, standards()[standard].months_valid, salt=salt, today=today)
    level = _LEVELS.get(standard, Level.CERTIFIED)
    number = f"{salt * 7919 % 900_000 + 100_000}"
    claim = BadgeClaim(
        standard=standard,
        standard_version=_version(standard, issued_on),
        level=level,
        issued_on=issued_on,
        expires_on=expires_on,
        role=role,
        scope=scope,
        certificate_reference=(certificate or f"DEMO-{standard.upper()}-{number}") if level is Level.CERTIFIED else "",
        evidence_url=f"https://evidence.example/{standard}/{holder_reference}",
        evidence_note=_EVIDENCE_NOTES[level],
    )
    return DemoBadge(claim=claim, decision=_DECISIONS[state], reason=_reason(_DECISIONS[state], standard))


@cache
def _parts(short: str) -> tuple[str, str, str]:
    match = _SHORT.fullmatch(short)
    if match is None:
        raise ValueError(f"{short!r} is not a badge such as oneroster:Provider!expired")
    return match["standard"], match["role"] or "", match["state"] or "valid"


def _dates(state: str, months: int | None, *, salt: int, today: date) -> tuple[date, date | None]:
    if state in {"expiring", "expired"}:
        away = 3 + salt % 26 if state == "expiring" else -(4 + salt % 90)
        expires_on = today + timedelta(days=away)
        return add_months(expires_on, -(months or 24)), expires_on
    days_ago = 1 + salt % 12 if state == "claimed" else 20 + salt * 37 % 280
    issued_on = today - timedelta(days=days_ago)
    return issued_on, None if months is None else add_months(issued_on, months)


def _version(standard: str, issued_on: date) -> str:
    versions = standards()[standard].versions
    if standard.startswith("cyber-essentials"):
        return "Danzell" if issued_on >= _DANZELL else "Willow"
    if standard == "dfe-filtering":
        return "2026" if issued_on.year >= 2026 else "2023"
    return versions[-1]


def _reason(decision: Decision, standard: str) -> str:
    by_standard = words().reasons.get(decision, {})
    return by_standard.get(standard, by_standard.get("", ""))
