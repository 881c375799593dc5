"""Badges of the ledger, for everybody: records, credentials, pictures, status lists, and verifying any Open Badge."""

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK

from becta.compliance.openbadges.verdicts import Verdict
from becta.compliance.openbadges.verifying import verify
from becta.kernel import clock
from becta.kernel.errors import Fault, Invalid
from becta.market.api.access import PUBLIC
from becta.market.db import Database
from becta.market.ledger.faces import png_of, svg_of
from becta.market.ledger.queries import badge_record, badges_as_of, evidence_record_of
from becta.market.ledger.schemas import BadgeRecord, HeldBadges
from becta.market.ledger.signing import Ledger
from becta.market.problems import documented

LARGEST_CREDENTIAL = 4_000_000
"""Bytes of a credential or a baked picture to verify."""
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Years that can be asked for."""
OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
"""Verifiers in browsers of other sites may read it, and nobody may go on showing what holds no more."""
CREDENTIAL, JWT = "application/vc", "application/vc+jwt"

TheLedger = NamedDependency[SkipValidation[Ledger]]
AsOf = Annotated[
    str | None,
    QueryParameter(
        max_length=40,
        description="A day (2026-05-01: held at any time of it, in England) or an instant "
        "(2026-05-01T09:30:00Z); without it, now",
    ),
]


@get(
    "/badges/{badge_id:uuid}",
    sync_to_thread=True,
    operation_id="get_badge",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_badge(db: NamedDependency[Database], ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[BadgeRecord]:
    """A badge as it stands now: whose it is, within which scope, what it rests on, and its history."""
    ledger.ensure(badge_id)
    with db.read() as session:
        return Response(badge_record(session, ledger, badge_id, now=clock.now()), headers=OPEN)


@get(
    "/badges/{badge_id:uuid}/credential",
    sync_to_thread=True,
    operation_id="get_badge_credential",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_credential(ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[bytes]:
    """The badge as a signed Open Badges 3.0 credential, with a Data Integrity proof (eddsa-rdfc-2022)."""
    return Response(ledger.signed(badge_id).credential.encode(), media_type=CREDENTIAL, headers=OPEN)


@get(
    "/badges/{badge_id:uuid}/credential.jwt",
    sync_to_thread=True,
    operation_id="get_badge_credential_jwt",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_credential_jwt(ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[bytes]:
    """The badge as a signed Open Badges 3.0 credential in compact JWS form (EdDSA)."""
    return Response(ledger.signed(badge_id).jwt.encode(), media_type=JWT, headers=OPEN)


@get(
    "/badges/{badge_id:uuid}/evidence-record",
    sync_to_thread=True,
    operation_id="get_badge_evidence_record",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_evidence_record(db: NamedDependency[Database], ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[bytes]:
    """What the badge rests on, byte for byte as its SHA-256 was taken."""
    ledger.ensure(badge_id)
    with db.read() as session:
        record = evidence_record_of(session, badge_id)
    return Response(record.encode(), media_type="application/json", headers=OPEN)


@get(
    "/badges/{badge_id:uuid}/image.svg",
    sync_to_thread=True,
    operation_id="get_badge_svg",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_svg(db: NamedDependency[Database], ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[bytes]:
    """The badge as a picture with its credential baked in; it says so when the badge holds no more."""
    return _picture(db, ledger, badge_id, "image/svg+xml")


@get(
    "/badges/{badge_id:uuid}/image.png",
    sync_to_thread=True,
    operation_id="get_badge_png",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_png(db: NamedDependency[Database], ledger: TheLedger, badge_id: FromPath[UUID]) -> Response[bytes]:
    """The badge as a picture with its credential baked in; it says so when the badge holds no more."""
    return _picture(db, ledger, badge_id, "image/png")


@get(
    "/badge-status/{purpose:str}/{number:int}",
    sync_to_thread=True,
    operation_id="get_badge_status_list",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(404),
)
def get_status_list(ledger: TheLedger, purpose: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """A Bitstring Status List of ours, signed: which badges are revoked (`revocation`) or suspended (`suspension`)."""
    return Response(ledger.status_list(purpose, number).encode(), media_type=CREDENTIAL, headers=OPEN)


@get(
    "/products/{product_id:uuid}/badges",
    sync_to_thread=True,
    operation_id="list_product_badges_as_of",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(400, 404),
)
def product_badges(db: NamedDependency[Database], product_id: FromPath[UUID], as_of: AsOf = None) -> HeldBadges:
    """Which badges a product and its supplier held on the day of an order, each with the hash of its evidence."""
    with db.read() as session:
        return badges_as_of(session, _as_of(as_of), product_id=product_id)


@get(
    "/suppliers/{supplier_id:uuid}/badges",
    sync_to_thread=True,
    operation_id="list_supplier_badges_as_of",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses=documented(400, 404),
)
def supplier_badges(db: NamedDependency[Database], supplier_id: FromPath[UUID], as_of: AsOf = None) -> HeldBadges:
    """Which badges a supplier held itself, as an organisation, on a day or at an instant."""
    with db.read() as session:
        return badges_as_of(session, _as_of(as_of), supplier_id=supplier_id)


@post(
    "/badges/verify",
    status_code=HTTP_200_OK,
    operation_id="verify_badge",
    opt={"access": PUBLIC},
    tags=["ledger"],
    responses={
        **documented(400, 413),
        200: ResponseSpec(data_container=Verdict, description="What was found", generate_examples=False),
    },
    request_max_body_size=LARGEST_CREDENTIAL,
)
async def verify_badge(
    request: Request[Any, Any, Any],
    ledger: TheLedger,
    at: Annotated[str | None, QueryParameter(max_length=40, description="Judge as of this day or instant")] = None,
) -> Verdict:
    """Verify any Open Badges 3.0 credential, ours or not.

    The body is the credential itself: JSON, a compact JWT, or a baked SVG or PNG. Nothing is fetched: keys and status
    lists of others that would have to be are told as warnings or problems.
    """
    body = await request.body()
    if not body.strip():
        mend = "send the credential as the body: JSON, a JWT, or a baked SVG or PNG"
        raise Invalid([Fault(field="body", problem="is empty", mend=mend)])
    instant = instant_of(at, "at")
    return await asyncio.to_thread(judge, ledger, body, instant)


def judge(ledger: Ledger, document: bytes, instant: datetime) -> Verdict:
    """The verdict on a credential, with our own keys and status lists at hand."""
    statuses = partial(ledger.own_status_list, at=instant)
    return verify(document, at=instant, resolver=ledger.resolver(), statuses=statuses)


def instant_of(given: str | None, field: str) -> datetime:
    """An instant as asked for; a day stands for its first instant in England, nothing for now. Raises Invalid."""
    asked = _moment(given, field)
    return asked if isinstance(asked, datetime) else clock.start_of_day(asked)


def _as_of(given: str | None) -> date | datetime:
    return _moment(given, "as_of")


def _moment(given: str | None, field: str) -> date | datetime:
    if given is None:
        return clock.now()
    try:
        if len(given) == len("2026-05-01"):
            asked: date | None = date.fromisoformat(given)
        else:
            asked = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        asked = None
    is_vague = isinstance(asked, datetime) and asked.tzinfo is None
    if asked is None or is_vague or not FIRST_YEAR <= asked.year <= LAST_YEAR:
        mend = "give a day such as 2026-05-01, or an instant such as 2026-05-01T09:30:00Z"
        raise Invalid([Fault(field=field, problem="is no day and no instant", mend=mend, value=given)])
    return asked.astimezone(UTC) if isinstance(asked, datetime) else asked


def _picture(db: Database, ledger: Ledger, badge_id: UUID, media_type: str) -> Response[bytes]:
    credential = ledger.signed(badge_id).credential
    with db.read() as session:
        badge = badge_record(session, ledger, badge_id, now=clock.now())
    made = svg_of(badge, credential) if media_type == "image/svg+xml" else png_of(badge, credential)
    return Response(made, media_type=media_type, headers=OPEN | PICTURE)


PICTURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
"""A picture opened by itself runs nothing."""
