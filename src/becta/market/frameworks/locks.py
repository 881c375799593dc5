"""Taking hold of a framework or an application for change: who may, and in which order rows are locked."""

from uuid import UUID

from sqlmodel import Session, select

from becta.kernel.actor import SYSTEM, Actor, Scope
from becta.kernel.errors import Forbidden, NotFound, refuse_if_stale
from becta.market.frameworks.models import Framework, FrameworkApplication, FrameworkLot
from becta.market.frameworks.rules import MAX_LOT, ApplicationState

KIND = "framework"
"""What the audit trail calls a framework."""
APPLICATION = "framework_application"
"""What the audit trail calls an application for a lot."""


def person_behind(actor: Actor, scope: Scope) -> UUID:
    """The person who decides; raises Forbidden for a token of an organisation."""
    if actor.person_id is None:
        raise Forbidden(need=scope, because="a framework needs a person behind it: use that person's own token")
    return actor.person_id


def require_running(actor: Actor, authority_id: UUID) -> UUID:
    """The person who runs an authority's frameworks; raises Forbidden, for the operator too where it is another's."""
    actor.require(Scope.FRAMEWORKS_RUN)
    if actor.kind != SYSTEM and actor.organisation_id != authority_id:
        raise Forbidden(need=Scope.FRAMEWORKS_RUN, organisation_id=authority_id)
    return person_behind(actor, Scope.FRAMEWORKS_RUN)


def is_public(framework: Framework) -> bool:
    """Whether anybody may know of it: it was published, whatever became of it."""
    return framework.published_at is not None


def locked_framework(session: Session, framework_id: UUID) -> Framework:
    """A framework, locked for change; raises NotFound. Always before its applications."""
    found = session.exec(select(Framework).where(Framework.id == framework_id).with_for_update()).first()
    if found is None:
        raise NotFound(KIND, framework_id)
    return found


def locked_for_running(session: Session, actor: Actor, framework_id: UUID, revision: int | None) -> Framework:
    """A framework of the actor's, locked for change; raises NotFound, Forbidden or Stale."""
    framework = locked_framework(session, framework_id)
    if not is_public(framework) and actor.organisation_id != framework.authority_id:
        raise NotFound(KIND, framework_id)
    require_running(actor, framework.authority_id)
    refuse_if_stale(revision, framework.revision)
    return framework


def locked_for_assessing(
    session: Session, actor: Actor, framework_id: UUID, application_id: UUID, revision: int | None
) -> tuple[Framework, FrameworkApplication]:
    """An application that the actor's authority was sent, both locked; raises NotFound, Forbidden or Stale."""
    framework = locked_for_running(session, actor, framework_id, None)
    found = _locked_application(session, application_id)
    if found is None or found.framework_id != framework.id or found.state is ApplicationState.DRAFT:
        raise NotFound("application", application_id)
    refuse_if_stale(revision, found.revision)
    return framework, found


def locked_for_applying(
    session: Session, actor: Actor, application_id: UUID, revision: int | None
) -> tuple[Framework, FrameworkApplication]:
    """The actor's own application and its framework, both locked; raises NotFound, Forbidden or Stale."""
    actor.require(Scope.FRAMEWORKS_APPLY)
    seen = session.get(FrameworkApplication, application_id)
    if seen is None or not actor.reaches(seen.supplier_id):
        raise NotFound("application", application_id)
    framework = locked_framework(session, seen.framework_id)
    found = _locked_application(session, application_id)
    assert found is not None  # applications are kept
    refuse_if_stale(revision, found.revision)
    return framework, found


def lot_numbered(session: Session, framework_id: UUID, number: int) -> FrameworkLot:
    """A lot by its number; raises NotFound."""
    wanted = select(FrameworkLot).where(FrameworkLot.framework_id == framework_id, FrameworkLot.number == number)
    found = session.exec(wanted).first() if 0 < number <= MAX_LOT else None
    if found is None:
        raise NotFound("lot", number)
    return found


def _locked_application(session: Session, application_id: UUID) -> FrameworkApplication | None:
    wanted = select(FrameworkApplication).where(FrameworkApplication.id == application_id)
    return session.exec(wanted.with_for_update().execution_options(populate_existing=True)).first()
