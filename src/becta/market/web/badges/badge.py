"""The page of a badge, which its credential, its picture and other sites lead to."""

from html import escape

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from becta.compliance.badges.credentials import LEVEL_WORDS
from becta.compliance.badges.rules import ClaimState, Standing
from becta.compliance.openbadges.pictures import description_of
from becta.compliance.openbadges.verdicts import Verdict
from becta.compliance.standards.entries import EvidenceKind
from becta.compliance.standards.registry import Holder, standards
from becta.kernel import clock
from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.api.ledger import TheLedger, judge
from becta.market.db import Database
from becta.market.ledger.faces import HOLDS, face_of
from becta.market.ledger.queries import badge_record
from becta.market.ledger.schemas import BadgeRecord, EvidenceOut
from becta.market.web.addresses import as_uuid
from becta.market.web.badges.views import BadgePage, EvidenceRow, TurnRow, VerdictView
from becta.market.web.formats import london_date
from becta.market.web.rendering import Rendering
from becta.market.web.views import Fact, Link

STATES = {
    Standing.VALID: "valid",
    Standing.EXPIRING: "expiring",
    Standing.EXPIRED: "expired",
    Standing.SUSPENDED: "suspended",
    Standing.REVOKED: "withdrawn",
    Standing.NOT_YET: "not_yet_valid",
}
TURNS = {
    ClaimState.ACCEPTED: "Accepted: the badge holds",
    ClaimState.SUSPENDED: "Suspended: a later check failed",
    ClaimState.REVOKED: "Withdrawn",
}
KINDS = {
    EvidenceKind.FILE: "File",
    EvidenceKind.CERTIFICATE_NUMBER: "Certificate",
    EvidenceKind.URL: "Address",
    EvidenceKind.STATEMENT: "Statement",
    EvidenceKind.CONFORMANCE_RUN: "Our own test",
}
FRESH = {"Cache-Control": "no-cache"}


@get("/badges/{badge_id:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def show_badge(
    db: NamedDependency[Database], ledger: TheLedger, pages: Rendering, badge_id: FromPath[str]
) -> Response[str]:
    """A badge as it stands now, with its credential verified while you wait."""
    key = as_uuid(badge_id)
    if key is None:
        raise NotFound("badge", badge_id)
    credential = ledger.signed(key).credential
    now = clock.now()
    with db.read() as session:
        badge = badge_record(session, ledger, key, now=now)
    return pages.response(badge_page(badge, judge(ledger, credential.encode(), now)), headers=FRESH)


def badge_page(badge: BadgeRecord, verdict: Verdict) -> BadgePage:
    """What the page shows of a badge."""
    role = f", role {badge.role}" if badge.role else ""
    image_text = description_of(face_of(badge))
    return BadgePage(
        title=f"{badge.name}{role}",
        holder=badge.holder_name,
        covers=_covers(badge),
        state=STATES.get(badge.standing, "unverified"),
        level=badge.level,
        holds=badge.standing in HOLDS,
        facts=_facts(badge),
        evidence=(*_claimed(badge), *(_evidence(piece) for piece in badge.evidence)),
        evidence_sha256=badge.evidence_sha256,
        history=tuple(TurnRow(at=turn.at, what=TURNS[turn.state], reasons=turn.reasons) for turn in badge.history),
        verdict=verdict_view(verdict),
        image_href=f"/api/v1/badges/{badge.id}/image.svg",
        image_text=image_text,
        downloads=(
            Link(text="Credential as JSON with a Data Integrity proof", href=f"/api/v1/badges/{badge.id}/credential"),
            Link(text="Credential as a JWT", href=f"/api/v1/badges/{badge.id}/credential.jwt"),
            Link(text="Picture (SVG) with the credential inside", href=f"/api/v1/badges/{badge.id}/image.svg"),
            Link(text="Picture (PNG) with the credential inside", href=f"/api/v1/badges/{badge.id}/image.png"),
            Link(text="Record of the evidence", href=f"/api/v1/badges/{badge.id}/evidence-record"),
        ),
        snippet=f'<a href="{escape(badge.page_url)}"><img src="{escape(badge.image_url)}" width="300" height="180" '
        f'alt="{escape(image_text)}"></a>',
        breadcrumbs=(
            Link(text="Home", href="/"),
            Link(text=standards()[badge.standard].name, href=f"/standards/{badge.standard}"),
        ),
    )


def verdict_view(verdict: Verdict) -> VerdictView:
    """A verdict for people."""
    told = {
        "Badge": verdict.achievement,
        "Held by": verdict.subject,
        "Issued by": " ".join(part for part in (verdict.issuer_name, verdict.issuer_id) if part),
        "Valid from": london_date(verdict.valid_from) if verdict.valid_from else None,
        "Valid until": london_date(verdict.valid_until) if verdict.valid_until else None,
        "Proof": verdict.proof_type,
        "Key": verdict.key,
    }
    return VerdictView(
        is_valid=verdict.valid,
        problems=tuple((problem.check.replace("_", " "), problem.message) for problem in verdict.problems),
        warnings=tuple((warning.check.replace("_", " "), warning.message) for warning in verdict.warnings),
        facts=tuple(Fact(term=term, text=text) for term, text in told.items() if text),
    )


def _covers(badge: BadgeRecord) -> str:
    if badge.holder is Holder.SUPPLIER:
        return f"It belongs to {badge.holder_name} as an organisation. It says nothing of a single product."
    as_role = f" in the role {badge.role}" if badge.role else ""
    return f"It belongs to {badge.holder_name} of {badge.supplier_name}, for {badge.name}{as_role} only."


def _facts(badge: BadgeRecord) -> tuple[Fact, ...]:
    is_product = badge.holder is Holder.PRODUCT
    ends = london_date(badge.expires_on) if badge.expires_on else "no end date"
    facts = [
        Fact(
            term="Held by",
            text=badge.holder_name,
            href=f"/products/{badge.holder_id}" if is_product else f"/search?supplier={badge.holder_id}",
        ),
        Fact(term="Scope", text=badge.scope or "not narrowed by the certificate"),
        Fact(term="Standard", text=f"{standards()[badge.standard].name} {badge.version}"),
        Fact(term="Published by", text=badge.publisher),
        Fact(term="Proof", text=LEVEL_WORDS[badge.level]),
        Fact(term="Certificate", text=badge.certificate_reference),
        Fact(term="Issued", text=london_date(badge.issued_on)),
        Fact(term="Ends", text=ends, note="From this day on it shows nowhere." if badge.expires_on else ""),
        Fact(term="Signed by", text=badge.issuer),
    ]
    return tuple(fact for fact in facts if fact.text)


def _claimed(badge: BadgeRecord) -> tuple[EvidenceRow, ...]:
    """What the supplier said with the claim itself."""
    if not (badge.evidence_url or badge.evidence_note):
        return ()
    text = badge.evidence_note or badge.evidence_url
    return (EvidenceRow(kind="With the claim", text=text, href=badge.evidence_url, added_at=badge.history[0].at),)


def _evidence(piece: EvidenceOut) -> EvidenceRow:
    said = " ".join(part for part in (piece.certificate_number, piece.file_name, piece.note, piece.scope) if part)
    href = piece.url
    if piece.conformance_run_id is not None:
        said, href = said or "The whole result of the run", f"/conformance/{piece.conformance_run_id}"
    return EvidenceRow(
        kind=KINDS[piece.kind],
        text=said or piece.url,
        href=href,
        sha256=piece.file_sha256 or "",
        added_at=piece.added_at,
    )
