"""Use cases of a supplier: start an application for a lot, change it, submit it before the deadline, withdraw it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session, col, select

from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Conflict, Fault, Invalid, NotFound, faults_within, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.frameworks.columns import criteria_of, questions_of, terms_of
from becta.market.frameworks.declarations import answer_faults
from becta.market.frameworks.faults import application_faults, unready_faults
from becta.market.frameworks.locks import (
    APPLICATION,
    KIND,
    is_public,
    locked_for_applying,
    locked_framework,
    lot_numbered,
)
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot
from becta.market.frameworks.rules import ApplicationState, check_application_move, is_taking_applications
from becta.market.frameworks.terms import ApplicationTerms, NewApplication, Submission


def start_application(
    session: Session, actor: Actor, framework_id: UUID, lot: int, wanted: NewApplication, *, now: datetime
) -> FrameworkApplication:
    """Start a supplier's application for a lot; raises Invalid, Forbidden, NotFound, or Conflict if there is one."""
    framework = locked_framework(session, framework_id)
    if not is_public(framework):
        raise NotFound(KIND, framework_id)
    supplier = _supplier(session, wanted.supplier, now=now)
    actor.require(Scope.FRAMEWORKS_APPLY, of=supplier.id)
    found = lot_numbered(session, framework.id, lot)
    _must_be_open(framework, now=now)
    with faults_within("terms"):
        refuse_if_any(application_faults(wanted.terms, criteria_of(framework)))
    _refuse_second(session, framework, found, supplier.id)
    made = FrameworkApplication(
        id=new_id(),
        framework_id=framework.id,
        lot_id=found.id,
        supplier_id=supplier.id,
        round=framework.round,
        created_by=actor.person_id,
        created_at=now,
        state=ApplicationState.DRAFT,
        **_said(wanted.terms),
    )
    session.add(made)
    session.flush()
    after = {"framework_id": framework.id, "lot": lot, "supplier_id": supplier.id, "round": made.round}
    record(session, actor, "framework_application.started", APPLICATION, made.id, now=now, after=after)
    return made


def amend_application(
    session: Session,
    actor: Actor,
    application_id: UUID,
    wanted: ApplicationTerms,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Change an application before the deadline; one that was submitted is a draft again, to be submitted anew.

    Raises Invalid, NotFound, Forbidden, Stale, or Conflict once the deadline has come.
    """
    framework, application = locked_for_applying(session, actor, application_id, revision)
    _must_be_open(framework, now=now)
    if application.state is not ApplicationState.DRAFT:
        check_application_move(application.state, ApplicationState.DRAFT)
    refuse_if_any(application_faults(wanted, criteria_of(framework)))
    before = {"state": application.state}
    for name, value in _said(wanted).items():
        setattr(application, name, value)
    application.state = ApplicationState.DRAFT
    application.submitted_at = application.submitted_by = application.terms_sha256 = None
    _step(session, actor, application, "amended", before=before, now=now)
    return application


def submit_application(
    session: Session,
    actor: Actor,
    application_id: UUID,
    wanted: Submission,
    *,
    revision: int | None,
    now: datetime,
) -> FrameworkApplication:
    """Submit an application that is whole, before the deadline by the server's time, accepting the standard terms.

    Raises Invalid with everything it lacks, NotFound, Forbidden, Stale, or Conflict once the deadline has come.
    """
    framework, application = locked_for_applying(session, actor, application_id, revision)
    check_application_move(application.state, ApplicationState.SUBMITTED)
    _must_be_open(framework, now=now)
    terms = terms_of(application)
    faults = answer_faults(questions_of(framework), terms.answers) + unready_faults(terms, criteria_of(framework))
    if wanted.terms_sha256 != framework.terms_sha256:
        mend = f"read and accept the terms {framework.terms_sha256}"
        faults.append(Fault(field="terms_sha256", problem="is not of the terms that apply", mend=mend))
    refuse_if_any(faults)
    before = {"state": application.state}
    application.state, application.terms_sha256 = ApplicationState.SUBMITTED, framework.terms_sha256
    application.submitted_at, application.submitted_by = now, actor.person_id
    _step(session, actor, application, "submitted", before=before, now=now)
    return application


def withdraw_application(
    session: Session, actor: Actor, application_id: UUID, *, revision: int | None, now: datetime
) -> FrameworkApplication:
    """Take an application back before its assessment begins; raises NotFound, Forbidden, Stale or Conflict."""
    _, application = locked_for_applying(session, actor, application_id, revision)
    check_application_move(application.state, ApplicationState.WITHDRAWN)
    before = {"state": application.state}
    application.state = ApplicationState.WITHDRAWN
    _step(session, actor, application, "withdrawn", before=before, now=now)
    return application


def _said(terms: ApplicationTerms) -> dict[str, Any]:
    return {
        "answers": msgspec.to_builtins(list(terms.answers)),
        "responses": msgspec.to_builtins(list(terms.responses)),
        "share_code": terms.share_code.strip(),
    }


def _supplier(session: Session, reference: str, *, now: datetime) -> Organisation:
    organisation = open_organisation(session, reference, now=now, field="supplier")
    if organisation.kind is not OrganisationKind.SUPPLIER:
        mend = 'write it as "supplier:" and its id'
        fault = Fault(field="supplier", problem="is no supplier", mend=mend, value=reference[:80])
        raise Invalid([fault])
    return organisation


def _must_be_open(framework: Framework, *, now: datetime) -> None:
    if is_taking_applications(framework.state, framework.closes_at, now=now):
        return
    if framework.closes_at is not None and now >= framework.closes_at:
        raise Conflict(f"applications closed at {framework.closes_at.isoformat()}, by the server's time")
    raise Conflict(f"the framework is {framework.state}, so it takes no applications")


def _refuse_second(session: Session, framework: Framework, lot: FrameworkLot, supplier_id: UUID) -> None:
    """One application a round; a supplier on the lot may tender anew (s.49(5)), but not to get round a suspension."""
    wanted = select(FrameworkApplication).where(
        FrameworkApplication.lot_id == lot.id,
        FrameworkApplication.supplier_id == supplier_id,
        col(FrameworkApplication.state) != ApplicationState.WITHDRAWN,
    )
    for one in session.exec(wanted):
        if one.round == framework.round:
            raise Conflict(f"there is an application of this supplier for lot {lot.number} already; change that one")
        if one.state is ApplicationState.SUSPENDED and one.awarded_until is None:
            raise Conflict(f"this supplier is suspended on lot {lot.number}; it may tender anew once it is reinstated")


def _step(
    session: Session,
    actor: Actor,
    application: FrameworkApplication,
    done: str,
    *,
    before: dict[str, Any],
    now: datetime,
) -> None:
    application.revision += 1
    session.flush()
    after = {"state": application.state}
    action = f"framework_application.{done}"
    record(session, actor, action, APPLICATION, application.id, now=now, before=before, after=after)
