"""The demonstration's framework: two lots, three suppliers on it, and a further competition of the trust under it."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session, select

from becta.catalogue.suppliers.models import Supplier
from becta.kernel.actor import Actor, Role, system
from becta.market.bids.codes import code_of, new_key
from becta.market.bids.officers import name_officers, take_up_duty
from becta.market.bids.queries import officers_ready
from becta.market.bids.receipts import Notary
from becta.market.db import Database
from becta.market.demo.people import authored_people
from becta.market.demo.together import signed_in
from becta.market.frameworks.applying import start_application, submit_application
from becta.market.frameworks.assessing import decide_application, take_application
from becta.market.frameworks.drafting import set_up_framework
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.locks import lot_numbered
from becta.market.frameworks.models import Framework
from becta.market.frameworks.rules import Method
from becta.market.frameworks.scoring import Assessment, AwardCriterion, Score
from becta.market.frameworks.service import award_framework, publish_framework, send_summaries
from becta.market.frameworks.terms import (
    ApplicationTerms,
    FrameworkTerms,
    NewApplication,
    NewFramework,
    NewLot,
    Opening,
    Response,
    Submission,
)
from becta.market.procurements.inviting import invite_suppliers
from becta.market.procurements.schemas import ConflictsAssessment, NewInvitations, NewProcurement, Timetable
from becta.market.procurements.service import advertise, assess_conflicts, start_procurement
from becta.market.procurements.terms import Criterion, CriterionKind, LotTerms, Route

SUPPLIERS = {"hollinmere": "4.5", "tarnbeck": "4", "sedgewater": "3.5"}
"""Who is on the framework, by the supplier's own reference, with what its tender scored out of five."""
_DAY = timedelta(days=1)


def load_framework(db: Database, notary: Notary, *, ocid_prefix: str, now: datetime) -> list[str]:
    """Have the operator award the framework some weeks ago, and the trust compete a contract under it now.

    Returns the codes of the two officers who open the bids, which are shown once and stored nowhere.
    """
    with db.write() as session:
        operator, lead = signed_in(session, Role.OPERATOR), signed_in(session, Role.TRUST_LEAD)
        ids = [session.exec(select(Supplier.id).where(Supplier.reference == name)).one() for name in SUPPLIERS]
        suppliers = [f"supplier:{id_}" for id_ in ids]
        framework = _awarded(session, operator, suppliers, ocid_prefix=ocid_prefix, now=now)
        lot_id = lot_numbered(session, framework.id, 1).id
        return _competed(session, lead, lot_id, suppliers, notary, ocid_prefix=ocid_prefix, now=now)


def _awarded(session: Session, operator: Actor, suppliers: list[str], *, ocid_prefix: str, now: datetime) -> Framework:
    """The framework, past each of its steps and its standstill."""
    opened, closed = now - 90 * _DAY, now - 60 * _DAY
    wanted = NewFramework(authority="operator", terms=_terms(now=now))
    made = set_up_framework(session, operator, wanted, ocid_prefix=ocid_prefix, now=opened)
    publish_framework(session, operator, made.id, Opening(closes_at=closed), revision=None, now=opened)
    sent: dict[UUID, str] = {}
    for number in (1, 2):
        for supplier, score in zip(suppliers, SUPPLIERS.values(), strict=True):
            sent[_applied(session, made, supplier, number, now=opened + _DAY)] = score
    for application_id, score in sent.items():
        take_application(session, operator, made.id, application_id, revision=None, now=closed)
        reason = "Judged on the service levels offered"
        scores = (Score(criterion="service", score=Decimal(score), reason=reason),)
        decide_application(
            session, operator, made.id, application_id, Assessment(scores=scores), revision=None, now=closed
        )
    send_summaries(session, operator, made.id, revision=None, now=closed)
    return award_framework(session, operator, made.id, revision=None, now=closed)


def _applied(session: Session, framework: Framework, supplier: str, number: int, *, now: datetime) -> UUID:
    by, text = system("demonstration"), "Repaired at the school within two working days, or a device lent meanwhile"
    terms = ApplicationTerms(responses=(Response(criterion="service", text=text),), share_code="DEMO-0001")
    wanted = NewApplication(supplier=supplier, terms=terms)
    made = start_application(session, by, framework.id, number, wanted, now=now)
    accepted = Submission(terms_sha256=framework.terms_sha256)
    return submit_application(session, by, made.id, accepted, revision=None, now=now).id


def _terms(*, now: datetime) -> FrameworkTerms:
    starts = now.date() - 30 * _DAY
    return FrameworkTerms(
        reference="DEMO-DEVICES",
        title="Pupil devices",
        description="Laptops and tablets for pupils, with delivery, set-up and repair",
        cpv_codes=("30213100", "30213200"),
        price_mechanism="Maximum prices for each device, reduced by further competition",
        starts_on=starts,
        ends_on=starts + 3 * 365 * _DAY,
        estimated_value_pence=500_000_000,
        levy_basis_points=50,
        entitled=EntitledBuyers(all_state_schools=True, trusts=(f"trust:{authored_people().trust.uid}",)),
        lots=(
            NewLot(
                number=1,
                title="Laptops",
                category="laptops",
                method=Method.BOTH,
                core_terms="Three years of warranty, delivery within ten working days",
                mechanism="The lowest maximum price for the device that is wanted",
            ),
            NewLot(number=2, title="Tablets", category="tablets", method=Method.FURTHER_COMPETITION),
        ),
        standard_terms="Devices are delivered within ten working days and repaired within two.",
        award_criteria=(AwardCriterion(code="service", text="Delivery and repair", weight=Decimal(100)),),
        asks_exclusion_grounds=False,
    )


def _competed(
    session: Session,
    lead: Actor,
    lot_id: UUID,
    suppliers: list[str],
    notary: Notary,
    *,
    ocid_prefix: str,
    now: datetime,
) -> list[str]:
    """A further competition that takes bids for two weeks; gives the officers' codes."""
    made = start_procurement(session, lead, _competition(lot_id, now=now), ocid_prefix=ocid_prefix, now=now)
    asked = NewInvitations(suppliers=tuple(suppliers))
    invite_suppliers(session, lead, made.id, asked, revision=None, now=now)
    finding = ConflictsAssessment(finding="Nobody who decides has an interest in a supplier")
    assess_conflicts(session, lead, made.id, finding, revision=None, now=now)
    officers = [lead, signed_in(session, Role.FINANCE)]
    people = [one.person_id for one in officers if one.person_id is not None]
    name_officers(session, lead, made.id, people, now=now)
    codes = []
    for officer in officers:
        key = new_key()
        take_up_duty(session, officer, made.id, public_key=bytes(key.public_key), notary=notary, now=now)
        codes.append(code_of(key))
    is_ready = officers_ready(session, made.id)
    nothing_yet = {"pledged_pence": 0, "called_off_pence": 0}
    advertise(session, lead, made.id, officers_ready=is_ready, **nothing_yet, revision=None, now=now)
    return codes


def _competition(lot_id: UUID, *, now: datetime) -> NewProcurement:
    lot = LotTerms(
        title="Laptops for year 7",
        description="14-inch laptops for 60 pupils, delivered by the end of term",
        category="laptops",
        cpv="30213100",
        unit="laptop",
        quantity=60,
        criteria=(
            Criterion(code="service", title="Delivery and repair", kind=CriterionKind.QUALITY, weight=Decimal(40)),
        ),
        price_weight=Decimal(60),
        alone_price_pence=42_000,
        term_months=36,
    )
    return NewProcurement(
        organisation=f"trust:{authored_people().trust.uid}",
        title="Laptops for year 7, under the framework",
        description="The suppliers on the framework's first lot compete for 60 laptops.",
        route=Route.FRAMEWORK_FURTHER_COMPETITION,
        framework_lot_id=lot_id,
        estimated_value_pence=2_400_000,
        lots=(lot,),
        timetable=Timetable(clarification_deadline=now + 7 * _DAY, tender_deadline=now + 14 * _DAY),
    )
