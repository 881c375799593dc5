"""What is odd about a claim, worked out so that a verifier looks there first. Nothing here refuses by itself."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import Level
from becta.compliance.conformance.models import ConformanceRun
from becta.compliance.conformance.reports import Outcome
from becta.compliance.evidence.models import Evidence
from becta.compliance.standards.entries import Standard
from becta.compliance.standards.rules import certificate_warning, may_be_issued
from becta.kernel.clock import add_months
from becta.market.web.formats import london_date

Pieces = Sequence[tuple[Evidence, ConformanceRun | None]]


def doubts_of(claim: BadgeClaimRow, pieces: Pieces, standard: Standard, *, today: date) -> tuple[str, ...]:
    """Sentences on what does not fit: number, dates, life, scope, edition, runs, and evidence that is missing."""
    return (*_of_claim(claim, standard, today), *_of_pieces(claim, pieces, standard))


def _of_claim(claim: BadgeClaimRow, standard: Standard, today: date) -> Iterator[str]:
    if claim.certificate_reference:
        warning = certificate_warning(standard, claim.certificate_reference)
        if warning is not None:
            yield f"Certificate number {claim.certificate_reference}: {warning}."
    if not claim.scope.strip():
        yield "The scope is empty: see whether the certificate covers all that the badge would be shown on."
    if _lasts_too_long(claim.issued_on, claim.expires_on, standard):
        yield f"It lasts longer than {standard.months_valid} months, the life of {standard.name}."
    if claim.issued_on > today:
        yield f"It is issued on {london_date(claim.issued_on)}, which is still to come."
    if claim.expires_on is not None and claim.expires_on <= today:
        yield f"It ended on {london_date(claim.expires_on)}: the badge would show nowhere."
    if claim.standard_version in standard.versions and not may_be_issued(
        standard, claim.standard_version, claim.issued_on
    ):
        yield f"No certificate on {standard.name} {claim.standard_version} could be issued on that day."


def _of_pieces(claim: BadgeClaimRow, pieces: Pieces, standard: Standard) -> Iterator[str]:
    if not pieces:
        yield "There is no evidence besides what the claim itself says."
    for piece, run in pieces:
        said = piece.certificate_number.strip()
        if said and said != claim.certificate_reference.strip():
            yield f"The evidence names certificate {said}, the claim {claim.certificate_reference or 'none'}."
        for what, shown, claimed in (
            ("was issued", piece.issued_on, claim.issued_on),
            ("ends", piece.expires_on, claim.expires_on),
        ):
            if shown is not None and shown != claimed:
                instead = "no such day" if claimed is None else london_date(claimed)
                yield f"The evidence {what} on {london_date(shown)}, the claim says {instead}."
        if piece.issued_on is not None and _lasts_too_long(piece.issued_on, piece.expires_on, standard):
            yield f"The certificate in the evidence lasts longer than {standard.months_valid} months."
        if run is not None:
            yield from _of_run(claim, run)
    is_shown = any(run is not None and run.outcome is Outcome.PASSED for _, run in pieces)
    if claim.level is Level.TESTED_BY_US and not is_shown:
        yield "It is claimed as tested by us, but no run that passed is among the evidence."


def _of_run(claim: BadgeClaimRow, run: ConformanceRun) -> Iterator[str]:
    if run.outcome is not Outcome.PASSED:
        yield f"The run of {run.runner} has not passed."
    if (run.standard, run.standard_version) != (claim.standard, claim.standard_version):
        yield f"The run tests {run.standard} {run.standard_version}, not what is claimed."
    elif run.role and run.role != claim.role:
        yield f"The run tests the role {run.role}, not {claim.role or 'none'}."


def _lasts_too_long(issued_on: date, expires_on: date | None, standard: Standard) -> bool:
    """Whether a certificate ends after the standard lets it; a year from 28 February may be printed as 29 February."""
    if expires_on is None or standard.months_valid is None:
        return False
    return expires_on > add_months(issued_on, standard.months_valid) + timedelta(days=1)
