"""The demonstration's need: the trust's schools pledge for Chromebooks together, and more would make them cheaper."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, select

from becta.kernel.actor import Actor, Role
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Member, Person
from becta.market.db import Database
from becta.market.demo.people import authored_people
from becta.market.pledges.schemas import NewPledge
from becta.market.pledges.service import make_pledge
from becta.market.pledges.sharing import SharingPolicy
from becta.market.pledges.tiers import Tier
from becta.market.procurements.inviting import invite_members
from becta.market.procurements.schemas import NewMember, NewMembers, NewProcurement, Timetable
from becta.market.procurements.service import open_gathering, start_procurement
from becta.market.procurements.terms import Criterion, CriterionKind, LotTerms, Route

PUPILS_A_DEVICE = 10
"""Each school pledges one device for so many pupils."""


def load_need(db: Database, *, ocid_prefix: str, now: datetime) -> None:
    """Start the need and let the schools pledge, as the trust's lead would."""
    authored = authored_people()
    with db.write() as session:
        lead = signed_in(session, Role.TRUST_LEAD)
        trust = f"trust:{authored.trust.uid}"
        made = start_procurement(session, lead, _need(trust, now=now), ocid_prefix=ocid_prefix, now=now)
        asked = NewMembers(trusts=(NewMember(organisation=trust),))
        invite_members(session, lead, made.id, asked, revision=None, now=now)
        open_gathering(session, lead, made.id, revision=None, now=now)
        for school in authored.schools:
            pledge = NewPledge(
                organisation=f"urn:{school.urn}",
                quantity=school.pupils // PUPILS_A_DEVICE,
                ceiling_price_pence=24_000,
                budget_code="ICT-2027",
            )
            make_pledge(session, lead, made.id, pledge, now=now)


def _need(trust: str, *, now: datetime) -> NewProcurement:
    tiers = ((1, 23_900), (100, 22_400), (200, 20_900), (500, 19_400))
    lot = LotTerms(
        title="Chromebooks for pupils",
        description="11-inch Chromebooks with automatic updates until 2033 or later, with a case and a charger",
        category="chromebooks",
        cpv="30213100",
        unit="Chromebook",
        criteria=(
            Criterion(code="support", title="Warranty and repair", kind=CriterionKind.QUALITY, weight=Decimal(30)),
            Criterion(code="updates", title="Updates until 2033 or later", kind=CriterionKind.PASS_FAIL),
        ),
        price_weight=Decimal(70),
        tiers=tuple(Tier(from_quantity=quantity, unit_price_pence=price) for quantity, price in tiers),
        alone_price_pence=24_900,
        supported_until="2033-08-31",
    )
    return NewProcurement(
        organisation=trust,
        title="Chromebooks for September, bought together",
        description="All our schools replace their oldest devices in one go, at the price that all reach together.",
        route=Route.THREE_QUOTES,
        savings_policy=SharingPolicy.SMALL_SCHOOLS_FIRST,
        estimated_value_pence=4_000_000,
        lots=(lot,),
        timetable=Timetable(
            pledge_deadline=now + timedelta(days=21),
            clarification_deadline=now + timedelta(days=35),
            tender_deadline=now + timedelta(days=42),
        ),
    )


def signed_in(session: Session, role: Role) -> Actor:
    """The one person of the demonstration with a role, as if signed in."""
    [email] = [one.email for one in authored_people().people if role in one.roles]
    person = session.exec(select(Person).where(Person.email == email)).one()
    member = session.exec(select(Member).where(Member.person_id == person.id)).one()
    return person_actor(session, person, member.organisation_id)
