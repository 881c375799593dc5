"""The last minute before a deadline: many suppliers send their bids at once, and each wants its receipt."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import local
from time import perf_counter
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import update
from sqlmodel import Session, col, select

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope, system
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.tokens import issue_token
from becta.market.bench.serving import serving
from becta.market.bids.codes import code_of, new_key
from becta.market.bids.contents import BidFileSent, LotBid, NewBid
from becta.market.bids.models import Bid, OpeningOfficer
from becta.market.bids.opening import give_code
from becta.market.organisations.models import EstablishmentGroup
from becta.market.organisations.rules import GroupStatus, GroupType, name_key
from becta.market.pledges.sharing import SharingPolicy
from becta.market.pledges.tiers import Tier
from becta.market.procurements.models import Procurement, ProcurementInvitation, ProcurementLot
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, LotTerms, Route
from becta.market.settings import Settings
from becta.market.wiring import House, build

SEED = 2026
SENDERS = 24
"""Suppliers whose request is under way at the same time."""
OFFICERS = 3


class _Scene(Struct, frozen=True, kw_only=True):
    procurement_id: UUID
    codes: Sequence[tuple[Actor, str]]
    tokens: Sequence[str]


def bids(uploads: int, *, kilobytes: int) -> Iterator[str]:
    """Send so many bids with a file of so many kilobytes each, then open them; yields lines as they come."""
    with TemporaryDirectory() as folder:
        house = build(Settings(data_dir=Path(folder), database_url=None))
        house.db.migrate()
        with house.db.write() as session:
            scene = _scene(session, house, uploads)
        with serving(Path(folder)) as port:
            began = perf_counter()
            took, receipts = _sent(port, scene, kilobytes)
            seconds = perf_counter() - began
        p50, p95 = median(took) * 1_000, quantiles(took, n=20)[-1] * 1_000
        yield (
            f"{uploads:,} bids of {kilobytes} kB, {SENDERS} at a time: {seconds:.1f} s, {uploads / seconds:.0f} a"
            f" second (wanted: {uploads:,} in 60 s), p50 {p50:.0f} ms, p95 {p95:.0f} ms"
        )
        with house.db.write() as session:
            kept = set(session.exec(select(Bid.id).where(Bid.procurement_id == scene.procurement_id)))
            passed = clock.now() - timedelta(minutes=2)
            session.execute(
                update(Procurement).where(col(Procurement.id) == scene.procurement_id).values(tender_deadline=passed)
            )
        yield f"receipts without a stored bid: {len(receipts - kept)}"
        began = perf_counter()
        for actor, code in scene.codes[:2]:
            now = clock.now()
            told = give_code(house.db, actor, scene.procurement_id, code, notary=house.notary, now=now)
        yield f"opened by two officers: {told.opened:,} in {perf_counter() - began:.1f} s, {told.unreadable} unreadable"
        house.close()


def _scene(session: Session, house: House, uploads: int) -> _Scene:
    """A tender, officers with their codes, and suppliers with tokens, past the use cases of procurements."""
    now, maker = clock.now(), Person(id=new_id(), name="Benchmark", created_at=clock.now())
    session.add(maker)
    lead = _trust(session)
    procurement = _tender(session, lead.id, maker.id)
    codes = []
    for number in range(OFFICERS):
        who, key = Person(id=new_id(), name=f"Officer {number}", created_at=now), new_key()
        session.add(who)
        session.flush()
        session.add(
            OpeningOfficer(
                id=new_id(),
                procurement_id=procurement.id,
                person_id=who.id,
                named_by=maker.id,
                named_at=now,
                public_key=bytes(key.public_key).hex(),
                key_signature=house.notary.vouch(procurement.id, who.id, bytes(key.public_key)),
                taken_at=now,
            )
        )
        actor = Actor(
            kind="person",
            id=str(who.id),
            label="Officer",
            scopes=frozenset({Scope.BIDS_OPEN}),
            organisation_id=lead.id,
            person_id=who.id,
        )
        codes.append((actor, code_of(key)))
    tokens = [_bidder(session, procurement.id, number) for number in range(uploads)]
    return _Scene(procurement_id=procurement.id, codes=codes, tokens=tokens)


def _trust(session: Session) -> Organisation:
    now, name = clock.now(), "Benchmark Trust"
    group = EstablishmentGroup(
        uid=1,
        name=name,
        name_key=name_key(name),
        type=GroupType.MULTI_ACADEMY_TRUST,
        type_name="Multi-academy trust",
        status=GroupStatus.OPEN,
        row_hash="",
        first_seen_at=now,
        changed_at=now,
    )
    session.add(group)
    session.flush()
    return open_organisation(session, "trust:1", now=now)


def _tender(session: Session, organisation_id: UUID, maker: UUID) -> Procurement:
    now = clock.now()
    made = Procurement(
        id=new_id(),
        ocid=f"ocds-bench-{new_id()}",
        organisation_id=organisation_id,
        title="Devices",
        description="Devices",
        route=Route.FRAMEWORK_FURTHER_COMPETITION,
        award_method=AwardMethod.PER_LOT,
        savings_policy=SharingPolicy.ONE_PRICE,
        tie_seed="0" * 64,
        state=ProcurementState.DRAFT,
        is_above_threshold=False,
        tender_deadline=now + timedelta(days=1),
        created_by=maker,
        created_at=now,
    )
    session.add(made)
    session.flush()
    terms = LotTerms(title="Devices", description="Devices", category="laptops", cpv="30213100")
    session.add(ProcurementLot(id=new_id(), procurement_id=made.id, number=1, terms=msgspec.to_builtins(terms)))
    session.flush()
    made.state, made.advertised_at = ProcurementState.TENDERING, now
    session.flush()
    return made


def _bidder(session: Session, procurement_id: UUID, number: int) -> str:
    now = clock.now()
    details = SupplierDetails(name=f"Supplier {number}")
    supplier = register_supplier(session, system("benchmark"), f"supplier-{number}", details, now=now)
    organisation = open_organisation(session, f"supplier:{supplier.id}", now=now)
    session.add(ProcurementInvitation(procurement_id=procurement_id, organisation_id=organisation.id, invited_at=now))
    _, secret = issue_token(
        session,
        system("benchmark"),
        organisation,
        label="benchmark",
        scopes=[Scope.BIDS_MAKE],
        expires_at=None,
        now=now,
    )
    return secret


def _sent(port: int, scene: _Scene, kilobytes: int) -> tuple[list[float], set[UUID]]:
    """How long each answer took, and the bids that were answered with a receipt."""
    own, chance = local(), random.Random(SEED)  # noqa: S311 - no secrets
    files = (BidFileSent(name="offer.pdf", media_type="application/pdf", data=chance.randbytes(kilobytes << 10)),)
    path = f"/api/v1/procurements/{scene.procurement_id}/bids"

    def send(numbered: tuple[int, str]) -> tuple[float, UUID]:
        number, secret = numbered
        tiers = (Tier(from_quantity=1, unit_price_pence=20_000 + number),)
        body = msgspec.json.encode(NewBid(lots=(LotBid(lot=1, tiers=tiers),), files=files if kilobytes else ()))
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(new_id()),
        }
        began = perf_counter()
        own.connection.request("POST", path, body, headers)
        answer = own.connection.getresponse()
        told = answer.read()
        took = perf_counter() - began
        if answer.status != 201:
            raise RuntimeError(f"{answer.status} {told[:200]!r}")
        made: dict[str, Any] = msgspec.json.decode(told)
        return took, UUID(made["id"])

    with ThreadPoolExecutor(SENDERS) as threads:
        answers = list(threads.map(send, enumerate(scene.tokens)))
    return [took for took, _ in answers], {bid_id for _, bid_id in answers}
