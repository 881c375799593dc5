"""Adding evidence to a claim, and fetching the files of it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.service import StoredFile, add_evidence, add_file
from becta.compliance.evidence.rules import NewEvidence
from becta.compliance.standards.entries import EvidenceKind
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import Fault, Invalid, NotFound, refuse_if_any
from becta.market.api.access import SIGNED_IN, needs
from becta.market.api.evidence import file_response, kept_evidence
from becta.market.ledger.queries import evidence_file
from becta.market.listings.queries import one_claim
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import as_uuid
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link, Option
from becta.market.web.visitor import LARGEST_UPLOAD, Filled, Form, Visiting
from becta.market.web.work.claims.dates import day_of
from becta.market.web.work.claims.listing import ADD, ONE
from becta.market.web.work.claims.queries import runs_of_product
from becta.market.web.work.claims.views import AddEvidencePage
from becta.market.web.work.claims.words import CHECKING, CLAIMS, run_words, title_of
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.views import FormView
from becta.market.wiring import House

EVIDENCE = f"{ONE}/evidence"
MOST_RUNS = 50
LABELS = {
    "file": "The file",
    "certificate_number": "The certificate number",
    "url": "The address",
    "run_id": "The test",
    "scope": "The scope",
    "issued_on": "The day of issue",
    "expires_on": "The day it ends",
    "note": "The text",
}


@get(EVIDENCE, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def evidence_form(
    request: Request[Any, Any, Any], claim_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The form to add a piece of evidence of the kind in the address."""
    actor = visitor.actor(house.db, now=clock.now())
    kind = _kind(request.query_params.get("kind", EvidenceKind.FILE))
    with house.db.read() as session:
        row = one_claim(session, actor, claim_id)
        page = _page(session, house, row, kind, FormView(csrf=visitor.csrf))
    return shown(pages, page)


@post(
    EVIDENCE,
    opt={"access": needs(Scope.BADGES_CLAIM)},
    sync_to_thread=True,
    status_code=303,
    request_max_body_size=LARGEST_UPLOAD,
)
def add(claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Add a piece of evidence; what stands in its way is told on the form's page."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    kind = _kind(form.text("kind"))
    with house.db.read() as session:
        one_claim(session, actor, claim_id)  # before anything of a stranger is kept
    try:
        if kind is EvidenceKind.FILE:
            stored = _stored(form, house)
            with house.db.write() as session:
                add_file(session, actor, claim_id, stored, note=form.text("note").strip(), now=now)
        else:
            given = _given(form, kind)
            with house.db.write() as session:
                add_evidence(session, actor, claim_id, given, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            row = one_claim(session, actor, claim_id)
            page = _page(session, house, row, kind, refused.shown(visitor, form))
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{CLAIMS}/{claim_id}")


@get(f"{CHECKING}/evidence/{{evidence_id:uuid}}", opt={"access": SIGNED_IN}, sync_to_thread=True)
def fetch(evidence_id: FromPath[UUID], visitor: Visiting, house: Running) -> Response[Any]:
    """The file of a piece of evidence, to be saved, for its supplier and for verifiers."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        found = evidence_file(session, actor, evidence_id)
    digest, name, media_type = found.file_sha256, found.file_name, found.media_type
    return file_response(house.evidence_files, digest or "", name or "", media_type or "application/octet-stream")


def _kind(text: str) -> EvidenceKind:
    if text not in set(EvidenceKind):
        raise NotFound("kind of evidence", text[:40])
    return EvidenceKind(text)


def _stored(form: Form, house: House) -> StoredFile:
    """The file that was sent, kept; raises Invalid if there is none, or its content is not what its name says."""
    sent = form.files.get("file")
    if sent is None or not sent.filename:
        mend = "choose a PDF, a picture, or a CSV, JSON or text file"
        raise Invalid([Fault(field="file", problem="is not chosen", mend=mend)])
    return kept_evidence(house.evidence_files, sent)


def _given(form: Form, kind: EvidenceKind) -> NewEvidence:
    """What was filled in; raises Invalid for a day that is none, or a test that is not chosen."""
    issued, faults = day_of(form, "issued_on")
    expires, more = day_of(form, "expires_on")
    faults += more
    run_id = as_uuid(form.text("run_id"))
    if kind is EvidenceKind.CONFORMANCE_RUN and run_id is None:
        faults.append(Fault(field="run_id", problem="is not chosen", mend="choose one of the runs"))
    refuse_if_any(faults)
    texts = {name: form.text(name).strip() for name in ("note", "url", "certificate_number", "scope")}
    run = run_id if kind is EvidenceKind.CONFORMANCE_RUN else None
    return NewEvidence(kind=kind, issued_on=issued, expires_on=expires, run_id=run, **texts)


def _page(session: Session, house: House, row: BadgeClaimRow, kind: EvidenceKind, form: FormView) -> AddEvidencePage:
    runs: tuple[Option, ...] = ()
    if kind is EvidenceKind.CONFORMANCE_RUN and row.product_id is not None:
        runners = house.desk.runners
        runs = tuple(
            Option(
                value=str(run.id),
                text=run_words(run, runners[run.runner].title if run.runner in runners else run.runner),
            )
            for run in runs_of_product(session, row.product_id, limit=MOST_RUNS)
        )
    return AddEvidencePage(
        form=form,
        title=ADD[kind],
        action=f"{CLAIMS}/{row.id}/evidence",
        back=Link(text=title_of(row), href=f"{CLAIMS}/{row.id}"),
        kind=kind,
        runs=runs,
    )
