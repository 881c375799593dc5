"""Reading the ledger: one badge with all that shows it, and which badges were held when."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.catalogue.products.models import Product
from becta.catalogue.suppliers.models import Supplier
from becta.compliance.badges.credentials import badge_name
from becta.compliance.badges.ledger import HeldBadge, held_badges, turns_of
from becta.compliance.badges.models import Badge, BadgeClaimRow
from becta.compliance.badges.rules import ClaimState, standing
from becta.compliance.evidence.models import Evidence
from becta.compliance.standards.registry import standards
from becta.kernel.actor import Actor
from becta.kernel.errors import NotFound
from becta.market.ledger.schemas import BadgeRecord, EvidenceOut, HeldBadgeOut, HeldBadges, TurnOut
from becta.market.ledger.signing import Ledger, subject_of
from becta.market.listings.queries import one_claim

ISSUED = frozenset({ClaimState.ACCEPTED, ClaimState.SUSPENDED, ClaimState.REVOKED})


def badge_record(session: Session, ledger: Ledger, claim_id: UUID, *, now: datetime) -> BadgeRecord:
    """A badge as it stands now; raises NotFound for one that the ledger lacks."""
    claim, badge = session.get(BadgeClaimRow, claim_id), session.get(Badge, claim_id)
    if claim is None or badge is None or claim.state not in ISSUED:
        raise NotFound("badge", claim_id)
    subject = subject_of(session, claim)
    here = f"{ledger.origin}/api/v1/badges/{claim_id}"
    return BadgeRecord(
        id=claim.id,
        name=badge_name(claim),
        standard=claim.standard,
        version=claim.standard_version,
        role=claim.role,
        level=claim.level,
        publisher=standards()[claim.standard].publisher,
        holder=subject.holder,
        holder_id=subject.id,
        holder_name=subject.name,
        supplier_name=subject.supplier_name,
        scope=claim.scope,
        certificate_reference=claim.certificate_reference,
        evidence_url=claim.evidence_url,
        evidence_note=claim.evidence_note,
        issued_on=claim.issued_on,
        expires_on=claim.expires_on,
        standing=standing(claim.state, claim.issued_on, claim.expires_on, now=now),
        history=tuple(
            TurnOut(at=turn.at, state=turn.state, reasons=tuple(turn.reasons))
            for turn in turns_of(session, [claim_id])[claim_id]
        ),
        evidence=tuple(evidence_of(session, claim_id)),
        evidence_sha256=badge.evidence_sha256,
        evidence_record_url=f"{here}/evidence-record",
        credential_url=f"{here}/credential",
        credential_jwt_url=f"{here}/credential.jwt",
        image_url=f"{here}/image.svg",
        page_url=f"{ledger.origin}/badges/{claim_id}",
        issuer=ledger.did,
        issued_at=badge.issued_at,
        status_list=badge.status_list,
        status_index=badge.status_index,
    )


def evidence_record_of(session: Session, claim_id: UUID) -> str:
    """What a badge rests on, byte for byte as it was hashed; raises NotFound."""
    badge = session.get(Badge, claim_id)
    if badge is None:
        raise NotFound("badge", claim_id)
    return badge.evidence_record


def evidence_of(session: Session, claim_id: UUID) -> list[EvidenceOut]:
    """The evidence of a claim, oldest first."""
    rows = session.exec(select(Evidence).where(Evidence.claim_id == claim_id).order_by(col(Evidence.id))).all()
    return [evidence_out(row) for row in rows]


def evidence_out(row: Evidence) -> EvidenceOut:
    """A piece of evidence, without its file."""
    return EvidenceOut(
        id=row.id,
        kind=row.kind,
        note=row.note,
        url=row.url,
        certificate_number=row.certificate_number,
        scope=row.scope,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        conformance_run_id=row.run_id,
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        file_bytes=row.file_bytes,
        media_type=row.media_type,
        added_at=row.added_at,
    )


def evidence_file(session: Session, actor: Actor, evidence_id: UUID) -> Evidence:
    """A piece of evidence that is a file, for its supplier and verifiers; raises NotFound for anybody else."""
    found = session.get(Evidence, evidence_id)
    if found is None or found.file_sha256 is None:
        raise NotFound("evidence file", evidence_id)
    try:
        one_claim(session, actor, found.claim_id)
    except NotFound:
        raise NotFound("evidence file", evidence_id) from None
    return found


def badges_as_of(
    session: Session, as_of: date | datetime, *, product_id: UUID | None = None, supplier_id: UUID | None = None
) -> HeldBadges:
    """The badges that a product and its supplier, or a supplier, held at an instant, or at any time of a day.

    Raises NotFound.
    """
    if product_id is not None:
        product = session.get(Product, product_id)
        if product is None:
            raise NotFound("product", product_id)
        supplier_id = product.supplier_id
    elif supplier_id is None or session.get(Supplier, supplier_id) is None:
        raise NotFound("supplier", supplier_id)
    held = held_badges(session, product_id=product_id, supplier_id=supplier_id)
    met = [
        one for one in held if (one.span.holds_at(as_of) if isinstance(as_of, datetime) else one.span.touches(as_of))
    ]
    return HeldBadges(as_of=as_of.isoformat(), items=[_held_out(one) for one in met])


def _held_out(held: HeldBadge) -> HeldBadgeOut:
    claim = held.claim
    return HeldBadgeOut(
        id=claim.id,
        name=badge_name(claim),
        standard=claim.standard,
        version=claim.standard_version,
        role=claim.role,
        level=claim.level,
        holder=claim.holder,
        scope=claim.scope,
        certificate_reference=claim.certificate_reference,
        issued_on=claim.issued_on,
        expires_on=claim.expires_on,
        held_from=held.span.since,
        held_until=held.span.until,
        evidence_sha256=held.evidence_sha256,
    )
