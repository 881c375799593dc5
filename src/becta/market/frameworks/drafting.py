"""Use cases of whoever sets up a framework: make a draft, and amend it until it is published."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.clock import london_date
from becta.kernel.errors import Conflict, Fault, Invalid, refuse_if_any
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation, parse_reference
from becta.market.accounts.roles import OrganisationKind
from becta.market.frameworks.declarations import Question, grounds_on, question_about
from becta.market.frameworks.entitlement import EntitledBuyers
from becta.market.frameworks.faults import framework_faults
from becta.market.frameworks.locks import locked_for_running, require_running
from becta.market.frameworks.models import Framework, FrameworkLot, FrameworkTermsText
from becta.market.frameworks.rules import FrameworkState
from becta.market.frameworks.steps import Step, tell
from becta.market.frameworks.terms import FrameworkTerms, NewFramework
from becta.market.organisations.models import Establishment, EstablishmentGroup

_AUTHORITIES = frozenset({OrganisationKind.OPERATOR, OrganisationKind.TRUST})
_BATCH = 500


def set_up_framework(
    session: Session, actor: Actor, wanted: NewFramework, *, ocid_prefix: str, now: datetime
) -> Framework:
    """Set up a framework as a draft that only its authority sees; raises Invalid, Forbidden, NotFound or Conflict."""
    actor.require(Scope.FRAMEWORKS_RUN)
    authority = _authority(session, wanted.authority, now=now)
    person_id = require_running(actor, authority.id)
    entitled = _checked(session, wanted.terms, within="terms.")
    _refuse_taken(session, wanted.terms.reference)
    made_id = new_id()
    made = Framework(
        id=made_id,
        ocid=f"{ocid_prefix}-{made_id}",
        authority_id=authority.id,
        created_by=person_id,
        created_at=now,
        state=FrameworkState.DRAFT,
        **_said(wanted.terms, entitled, now=now),
    )
    session.add(made)
    session.flush()
    _keep_terms(session, made, wanted.terms.standard_terms, person_id, now=now)
    _set_lots(session, made, wanted.terms)
    after = {"authority_id": authority.id, **_told(made)}
    tell(session, actor, made, Step.SET_UP, now=now, after=after)
    return made


def amend_framework(
    session: Session, actor: Actor, framework_id: UUID, wanted: FrameworkTerms, *, revision: int | None, now: datetime
) -> Framework:
    """Change what a draft says; raises Invalid, NotFound, Forbidden, Stale, or Conflict once it is published."""
    framework = locked_for_running(session, actor, framework_id, revision)
    if framework.state is not FrameworkState.DRAFT:
        raise Conflict(f"the framework is {framework.state}: what was published is not changed; extend or terminate it")
    entitled = _checked(session, wanted)
    _refuse_taken(session, wanted.reference, framework.id)
    before = _told(framework)
    for name, value in _said(wanted, entitled, now=now).items():
        setattr(framework, name, value)
    framework.revision += 1
    session.flush()
    _keep_terms(session, framework, wanted.standard_terms, require_running(actor, framework.authority_id), now=now)
    _set_lots(session, framework, wanted)
    tell(session, actor, framework, Step.AMENDED, now=now, before=before, after=_told(framework))
    return framework


_TOLD = ("reference", "title", "entitled", "starts_on", "ends_on", "estimated_value_pence", "levy_basis_points")


def _told(framework: Framework) -> dict[str, Any]:
    return {name: getattr(framework, name) for name in (*_TOLD, "is_open_framework", "terms_sha256")}


def _authority(session: Session, reference: str, *, now: datetime) -> Organisation:
    organisation = open_organisation(session, reference, now=now, field="authority")
    if organisation.kind not in _AUTHORITIES:
        mend = 'name the operator ("operator") or a trust that buys for others ("trust:2044"), s.1(4)'
        problem = "runs no frameworks"
        raise Invalid([Fault(field="authority", problem=problem, mend=mend, value=reference[:80])])
    return organisation


def _checked(session: Session, terms: FrameworkTerms, within: str = "") -> EntitledBuyers:
    """Who is entitled, each written in the one way there is and once; raises Invalid with every fault."""
    faults = framework_faults(terms)
    entitled = terms.entitled
    trusts = _known(session, "trusts", entitled.trusts, OrganisationKind.TRUST, faults)
    schools = _known(session, "schools", entitled.schools, OrganisationKind.SCHOOL, faults)
    refuse_if_any([msgspec.structs.replace(fault, field=within + fault.field) for fault in faults])
    return msgspec.structs.replace(entitled, trusts=tuple(trusts), schools=tuple(schools))


def _known(
    session: Session, name: str, references: Sequence[str], kind: OrganisationKind, faults: list[Fault]
) -> list[str]:
    """The references of that kind that the register knows; adds a fault for each other."""
    found: dict[int, str] = {}
    for place, reference in enumerate(references):
        field = f"entitled.{name}.{place}"
        try:
            parsed = parse_reference(reference, field)
        except Invalid as error:
            faults += error.faults
            continue
        key = parsed.urn if kind is OrganisationKind.SCHOOL else parsed.group_uid
        if key is None:
            mend = f"list a {kind}"
            faults.append(Fault(field=field, problem=f"is no {kind}", mend=mend, value=reference[:80]))
            continue
        found[key] = f"urn:{key}" if kind is OrganisationKind.SCHOOL else f"trust:{key}"
    column = col(Establishment.urn) if kind is OrganisationKind.SCHOOL else col(EstablishmentGroup.uid)
    keys, known = sorted(found), set[int]()
    for start in range(0, len(keys), _BATCH):
        known |= set(session.exec(select(column).where(column.in_(keys[start : start + _BATCH]))))
    for key in sorted(set(found) - known):
        mend = "list one that the register knows"
        faults.append(Fault(field=f"entitled.{name}", problem="is unknown", mend=mend, value=found[key]))
    return [text for key, text in found.items() if key in known]


def _refuse_taken(session: Session, reference: str, own_id: UUID | None = None) -> None:
    taken = session.exec(select(Framework.id).where(Framework.reference == reference)).first()
    if taken is not None and taken != own_id:
        raise Conflict(f"there is a framework with the reference {reference} already; choose another")


def _said(terms: FrameworkTerms, entitled: EntitledBuyers, *, now: datetime) -> dict[str, Any]:
    """The columns that what it says goes into."""
    asked: tuple[Question, ...] = ()
    if terms.asks_exclusion_grounds:
        asked = tuple(question_about(ground) for ground in grounds_on(london_date(now)))
    own = {one.code for one in terms.questions}
    questions = [*(one for one in asked if one.code not in own), *terms.questions]
    names = ("reference", "cpv_codes", "is_open_framework", "is_light_touch", "starts_on", "ends_on")
    same = {name: getattr(terms, name) for name in (*names, "estimated_value_pence", "levy_basis_points")}
    return {
        **same,
        "cpv_codes": list(terms.cpv_codes),
        "title": terms.title.strip(),
        "description": terms.description.strip(),
        "price_mechanism": terms.price_mechanism.strip(),
        "long_term_reason": terms.long_term_reason,
        "entitled": msgspec.to_builtins(entitled),
        "selection_criteria": msgspec.to_builtins(list(terms.selection_criteria)),
        "award_criteria": msgspec.to_builtins(list(terms.award_criteria)),
        "questions": msgspec.to_builtins(questions),
        "terms_sha256": _hash(terms.standard_terms),
    }


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _keep_terms(session: Session, framework: Framework, text: str, person_id: UUID, *, now: datetime) -> None:
    if session.get(FrameworkTermsText, (framework.id, framework.terms_sha256)) is None:
        kept = FrameworkTermsText(
            framework_id=framework.id, sha256=framework.terms_sha256, text=text, made_by=person_id, made_at=now
        )
        session.add(kept)
        session.flush()


def _set_lots(session: Session, framework: Framework, terms: FrameworkTerms) -> None:
    """The lots as they are now said: those of the same number keep their id."""
    there = session.exec(select(FrameworkLot).where(FrameworkLot.framework_id == framework.id)).all()
    kept = {lot.number: lot for lot in there}
    for wanted in terms.lots:
        lot = kept.pop(wanted.number, None)
        said = msgspec.structs.asdict(wanted)
        if lot is None:
            session.add(FrameworkLot(id=new_id(), framework_id=framework.id, **said))
        else:
            lot.sqlmodel_update(said)
    for lot in kept.values():
        session.delete(lot)
    session.flush()
