"""Evidence of badge claims: suppliers add it, verifiers read it, and everybody sees the hash of what was accepted."""

from dataclasses import dataclass
from io import SEEK_END
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from litestar.response import File

from becta.compliance.badges.service import StoredFile, add_evidence, add_file
from becta.compliance.evidence.rules import HEAD_BYTES, LARGEST_FILE, NewEvidence, file_faults, media_type_of
from becta.kernel import clock
from becta.kernel.actor import Scope
from becta.kernel.errors import refuse_if_any
from becta.market.api.access import BEARER, SIGNED_IN, Credentials, known_first, needs
from becta.market.api.paging import Page
from becta.market.db import Database
from becta.market.files.store import FileStore
from becta.market.ledger.queries import evidence_file, evidence_of, evidence_out
from becta.market.ledger.schemas import EvidenceOut
from becta.market.listings.queries import one_claim
from becta.market.problems import documented

ROOM_FOR_FORM = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class EvidenceForm:
    """A file and what it shows."""

    file: UploadFile
    note: str = ""


@post(
    "/badge-claims/{claim_id:uuid}/evidence",
    sync_to_thread=True,
    operation_id="add_evidence",
    opt={"access": needs(Scope.BADGES_CLAIM)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def add(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    claim_id: FromPath[UUID],
    data: JSONBody[NewEvidence],
) -> EvidenceOut:
    """Add a certificate, an address, a statement or a conformance run to a claim that nobody checks yet."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.write() as session:
        return evidence_out(add_evidence(session, actor, claim_id, data, now=now))


@post(
    "/badge-claims/{claim_id:uuid}/evidence/files",
    sync_to_thread=True,
    operation_id="add_evidence_file",
    opt={"access": needs(Scope.BADGES_CLAIM)},
    tags=["badges"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
    guards=[known_first],
    request_max_body_size=LARGEST_FILE + ROOM_FOR_FORM,
)
def add_evidence_file(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    evidence_files: NamedDependency[FileStore],
    claim_id: FromPath[UUID],
    data: MultipartBody[EvidenceForm],
) -> EvidenceOut:
    """Add a file: PDF, PNG, JPEG, CSV, JSON or text, 10 MB at most. Its content must be what its name says."""
    now = clock.now()
    actor = credentials.actor(db, now=now)
    with db.read() as session:
        one_claim(session, actor, claim_id)  # before anything of a stranger is kept
    stored = kept_evidence(evidence_files, data.file)
    with db.write() as session:
        return evidence_out(add_file(session, actor, claim_id, stored, note=data.note, now=now))


@get(
    "/badge-claims/{claim_id:uuid}/evidence",
    sync_to_thread=True,
    operation_id="list_evidence",
    opt={"access": SIGNED_IN},
    tags=["badges"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def list_evidence(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], claim_id: FromPath[UUID]
) -> Page[EvidenceOut]:
    """The evidence of a claim, oldest first, for its supplier and for verifiers."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        one_claim(session, actor, claim_id)
        return Page(items=evidence_of(session, claim_id), next=None)


@get(
    "/evidence/{evidence_id:uuid}/file",
    sync_to_thread=True,
    operation_id="get_evidence_file",
    opt={"access": SIGNED_IN},
    tags=["badges"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def get_file(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    evidence_files: NamedDependency[FileStore],
    evidence_id: FromPath[UUID],
) -> Response[Any]:
    """The file of a piece of evidence, as it was sent, for its supplier and for verifiers."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        found = evidence_file(session, actor, evidence_id)
    return file_response(evidence_files, found.file_sha256 or "", found.file_name or "", found.media_type or "")


def kept_evidence(files: FileStore, sent: UploadFile) -> StoredFile:
    """Keep a file that was sent as evidence; raises Invalid, keeping nothing, for one that will not do."""
    name, file = sent.filename, sent.file
    size = file.seek(0, SEEK_END)
    file.seek(0)
    media_type = media_type_of(file.read(HEAD_BYTES), name)
    file.seek(0)
    refuse_if_any(file_faults(name, media_type, size))
    kept = files.keep(file, at_most=LARGEST_FILE)
    return StoredFile(name=name, sha256=kept.sha256, size=kept.size, media_type=media_type)


def file_response(files: FileStore, digest: str, name: str, media_type: str) -> File:
    """A file of somebody else's to be saved: never shown within our pages, whatever is in it."""
    return File(
        path=files.path(digest),
        filename=name,
        media_type=media_type,
        content_disposition_type="attachment",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
        },
    )
