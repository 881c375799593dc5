"""Use cases of delegation: set a scheme; make, release, decline and withdraw a commitment.

A commitment is judged by the schemes in force when it is made, and whoever lets it through by those in force then.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from becta.catalogue.categories import categories
from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import SYSTEM, Actor, Role, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, NotFound, refuse_if_any, refuse_if_stale
from becta.kernel.events import announce, record
from becta.kernel.ids import new_id
from becta.market.accounts.access import is_membership
from becta.market.accounts.models import Member, Organisation
from becta.market.accounts.organisations import open_organisation, organisation_out
from becta.market.delegation.faults import commitment_faults, scheme_faults, start_faults
from becta.market.delegation.models import Commitment, CommitmentHold, Scheme
from becta.market.delegation.queries import Binding, binding_schemes, closing_of, scheme_out
from becta.market.delegation.rules import (
    SPENDING,
    CommitmentState,
    Outcome,
    Release,
    check_move,
    decide,
    may_release,
    strictest,
)
from becta.market.delegation.schemas import NewCommitment, NewScheme, SchemeDecision, SchemeOut

TOPIC = "commitment"
"""What the outbox calls a commitment that somebody must hear of: those who decide, or who made it."""
_ROLES = select(col(Member.roles)).where(is_membership(bindparam("person_id"), bindparam("organisation_id")))


def set_scheme(
    session: Session, actor: Actor, reference: str, wanted: NewScheme, *, revision: int | None, now: datetime
) -> SchemeOut:
    """Set a school's or trust's scheme as a new version; `revision` is the number of the newest one known.

    Raises Invalid, Forbidden, also for whoever is no person, NotFound, or Stale if there is a newer version.
    """
    organisation = _spending(session, reference, now=now)
    actor.require(Scope.SCHEMES_WRITE, of=organisation.id)
    if actor.person_id is None and actor.kind != SYSTEM:
        because = "a limit needs a person behind it: use that person's own token"
        raise Forbidden(need=Scope.SCHEMES_WRITE, because=because)
    faults = [*scheme_faults(organisation.kind, wanted.rules), *text_faults("note", wanted.note, at_most=2_000)]
    refuse_if_any([*faults, *start_faults(wanted.in_force_from, now=now)])
    session.exec(select(Organisation.id).where(Organisation.id == organisation.id).with_for_update()).one()
    newest = session.exec(select(func.max(Scheme.number)).where(Scheme.organisation_id == organisation.id)).one() or 0
    refuse_if_stale(revision, newest)
    rules: list[dict[str, Any]] = msgspec.to_builtins(wanted.rules)
    made = Scheme(
        id=new_id(),
        organisation_id=organisation.id,
        number=newest + 1,
        rules=list(rules),
        note=wanted.note,
        made_by=actor.person_id,
        made_at=now,
        in_force_from=wanted.in_force_from or now,
    )
    session.add(made)
    session.flush()
    after = {"number": made.number, "rules": made.rules, "in_force_from": made.in_force_from}
    before = {"number": newest} if newest else None
    record(session, actor, "scheme.set", "organisation", organisation.id, now=now, before=before, after=after)
    return scheme_out(made)


def make_commitment(session: Session, actor: Actor, wanted: NewCommitment, *, now: datetime) -> Commitment:
    """Commit an amount for a school or trust: approved, held for a role, or refused, as its schemes say.

    One that is refused is kept too. Raises Invalid, Forbidden, NotFound, or Conflict if the organisation has closed.
    """
    person_id = _person(actor, Scope.COMMITMENTS_MAKE)
    said = {name: getattr(wanted, name) for name in ("purpose", "amount_pence", "category", "budget_code")}
    refuse_if_any(commitment_faults(**said))
    organisation = _spending(session, wanted.organisation, now=now)
    actor.require(Scope.COMMITMENTS_MAKE, of=organisation.id)
    acting_for = actor.organisation_id or organisation.id
    _must_stand(session, organisation, acting_for)
    bindings = binding_schemes(session, organisation, acting_for=acting_for, now=now)
    roles = _roles_now(session, actor)
    decisions = [_judge(one, roles, wanted) for one in bindings]
    state = CommitmentState(strictest(decision.outcome for decision in decisions))
    made = Commitment(
        id=new_id(),
        organisation_id=organisation.id,
        acting_for=acting_for,
        **said,
        state=state,
        made_by=person_id,
        decisions=[msgspec.to_builtins(decision) for decision in decisions],
        created_at=now,
        decided_at=None if state is CommitmentState.HELD else now,
    )
    session.add(made)
    session.flush()
    if state is CommitmentState.HELD:
        session.add_all(_holds(made, decisions))
        announce(session, TOPIC, made.id, now=now)
        session.flush()
    told = {"organisation_id", "acting_for", *said, "state", "decisions"}
    record(session, actor, "commitment.made", "commitment", made.id, now=now, after=made.model_dump(include=told))
    return made


def release_commitment(
    session: Session, actor: Actor, commitment_id: UUID, *, revision: int | None, now: datetime
) -> Commitment:
    """Let a held commitment through under every scheme that the actor may; approved once none holds it any more.

    Raises NotFound, Forbidden with the rule that says so, Stale, or Conflict.
    """
    commitment = _locked(session, actor, commitment_id, Scope.COMMITMENTS_DECIDE, revision)
    person_id = _person(actor, Scope.COMMITMENTS_DECIDE)
    check_move(commitment.state, CommitmentState.APPROVED)
    organisation = session.get_one(Organisation, commitment.organisation_id)
    _must_stand(session, organisation, commitment.acting_for)
    bindings = _still_binding(session, commitment, organisation, now=now)
    wanted = select(CommitmentHold).where(CommitmentHold.commitment_id == commitment.id)
    held = session.exec(wanted.where(col(CommitmentHold.released_at).is_(None))).all()
    able = msgspec.structs.replace(actor, roles=_roles_now(session, actor))
    asked = [(hold, bindings[hold.organisation_id]) for hold in held]
    answers = [(hold, binding, _release(able, commitment, hold, binding)) for hold, binding in asked]
    if not any(release.is_allowed for _, _, release in answers):
        because = "; ".join(f"{binding.name}: {release.sentence}" for _, binding, release in answers)
        raise Forbidden(need=Scope.COMMITMENTS_DECIDE, because=because)
    released = []
    for hold, binding, release in answers:
        if release.is_allowed and binding.scheme is not None:
            hold.released_by, hold.released_at, hold.released_under = person_id, now, binding.scheme.id
            released.append({"organisation_id": hold.organisation_id, "role": hold.role, "rule": release.sentence})
    session.flush()  # the database approves nothing that is still held
    if len(released) == len(held):
        _move(session, actor, commitment, CommitmentState.APPROVED, now=now, released=released)
    else:
        commitment.revision += 1
        after = {"state": commitment.state, "released": released}
        record(session, actor, "commitment.released", "commitment", commitment.id, now=now, after=after)
    return commitment


def decline_commitment(
    session: Session, actor: Actor, commitment_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Commitment:
    """Turn a held commitment down, with a reason; raises NotFound, Forbidden, Invalid, Stale, or Conflict."""
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=1_000))
    commitment = _locked(session, actor, commitment_id, Scope.COMMITMENTS_DECIDE, revision)
    if _person(actor, Scope.COMMITMENTS_DECIDE) == commitment.made_by:
        because = "whoever made a commitment does not decide on it; withdraw it instead"
        raise Forbidden(need=Scope.COMMITMENTS_DECIDE, because=because)
    _move(session, actor, commitment, CommitmentState.DECLINED, now=now, reason=reason)
    return commitment


def withdraw_commitment(
    session: Session, actor: Actor, commitment_id: UUID, reason: str, *, revision: int | None, now: datetime
) -> Commitment:
    """Take back a held or approved commitment, by its maker or one who decides, with a reason; raises as `decline`."""
    refuse_if_any(text_faults("reason", reason, at_least=3, at_most=1_000))
    commitment = _locked(session, actor, commitment_id, Scope.COMMITMENTS_MAKE, revision)
    if _person(actor, Scope.COMMITMENTS_MAKE) != commitment.made_by and Scope.COMMITMENTS_DECIDE not in actor.scopes:
        because = "a commitment is withdrawn by whoever made it or by one who decides"
        raise Forbidden(need=Scope.COMMITMENTS_DECIDE, because=because)
    _move(session, actor, commitment, CommitmentState.WITHDRAWN, now=now, reason=reason)
    return commitment


def _spending(session: Session, reference: str, *, now: datetime) -> Organisation:
    organisation = open_organisation(session, reference, now=now)
    if organisation.kind not in SPENDING:
        mend = 'name a school ("urn:100000") or a trust ("trust:2044")'
        problem = "is neither a school nor a trust"
        refuse_if_any([Fault(field="organisation", problem=problem, mend=mend, value=reference[:80])])
    return organisation


def _person(actor: Actor, scope: Scope) -> UUID:
    if actor.person_id is None:
        raise Forbidden(need=scope, because="a commitment needs a person behind it: use that person's own token")
    return actor.person_id


def _roles_now(session: Session, actor: Actor) -> frozenset[Role]:
    """The actor's roles, but for those lost since the request came in: it may have waited for others."""
    asked = {"person_id": actor.person_id, "organisation_id": actor.organisation_id}
    return actor.roles & frozenset(Role(role) for role in session.execute(_ROLES, asked).scalar() or ())


def _must_stand(session: Session, organisation: Organisation, acting_for: UUID) -> None:
    acting = organisation if acting_for == organisation.id else session.get_one(Organisation, acting_for)
    for one in {organisation.id: organisation, acting.id: acting}.values():
        closing = closing_of(session, one)
        if closing is not None:
            raise Conflict(f"{closing}, so nothing is committed for it")


def _judge(binding: Binding, roles: frozenset[Role], wanted: NewCommitment) -> SchemeDecision:
    of: dict[str, Any] = {"organisation_id": binding.organisation_id, "organisation_name": binding.name}
    if binding.scheme is None:
        sentence = f"no scheme of delegation is in force for {binding.name}"
        return SchemeDecision(**of, scheme_id=None, number=None, outcome=Outcome.REFUSED, sentence=sentence)
    made = decide(
        binding.scheme.rules,
        roles=roles,
        amount_pence=wanted.amount_pence,
        category=wanted.category,
        kind=categories()[wanted.category].kind,
    )
    said = msgspec.structs.asdict(made)
    return SchemeDecision(**of, scheme_id=binding.scheme.id, number=binding.scheme.number, **said)


def _holds(commitment: Commitment, decisions: list[SchemeDecision]) -> list[CommitmentHold]:
    return [
        CommitmentHold(
            commitment_id=commitment.id,
            organisation_id=one.organisation_id,
            scheme_id=one.scheme_id,
            role=one.held_for,
        )
        for one in decisions
        if one.scheme_id is not None and one.held_for is not None
    ]


def _still_binding(
    session: Session, commitment: Commitment, organisation: Organisation, *, now: datetime
) -> dict[UUID, Binding]:
    """The schemes that bind now; raises Conflict if they are of other organisations than those that judged it."""
    found = binding_schemes(session, organisation, acting_for=commitment.acting_for, now=now)
    judged = {one.organisation_id for one in msgspec.convert(commitment.decisions, list[SchemeDecision])}
    if {one.organisation_id for one in found} != judged:
        name = organisation_out(session, organisation.id).name
        raise Conflict(
            f"since this was made, {name} has come under other schemes of delegation ("
            f"{' and '.join(one.name for one in found)}); withdraw it and make it anew"
        )
    return {one.organisation_id: one for one in found}


def _release(actor: Actor, commitment: Commitment, hold: CommitmentHold, binding: Binding) -> Release:
    """Whether the actor may: with roles in the organisation itself, or in the one whose scheme holds it."""
    if binding.scheme is None or actor.organisation_id not in {commitment.organisation_id, hold.organisation_id}:
        return Release(is_allowed=False, sentence="its own people decide under its own scheme")
    return may_release(
        binding.scheme.rules,
        held_for=hold.role,
        roles=actor.roles,
        amount_pence=commitment.amount_pence,
        category=commitment.category,
        kind=categories()[commitment.category].kind,
        is_maker=actor.person_id == commitment.made_by,
    )


def _locked(session: Session, actor: Actor, commitment_id: UUID, scope: Scope, revision: int | None) -> Commitment:
    """The commitment, locked for change; to whoever does not reach it there is none."""
    found = session.exec(select(Commitment).where(Commitment.id == commitment_id).with_for_update()).first()
    if found is None or not actor.reaches(found.organisation_id):
        raise NotFound("commitment", commitment_id)
    actor.require(scope, of=found.organisation_id)
    refuse_if_stale(revision, found.revision)
    return found


def _move(
    session: Session,
    actor: Actor,
    commitment: Commitment,
    wanted: CommitmentState,
    *,
    now: datetime,
    reason: str | None = None,
    released: list[dict[str, Any]] | None = None,
) -> None:
    check_move(commitment.state, wanted)
    before = {"state": commitment.state}
    commitment.state = wanted
    commitment.decided_at, commitment.decided_by, commitment.reason = now, actor.person_id, reason
    commitment.revision += 1
    announce(session, TOPIC, commitment.id, now=now)
    after = {"state": wanted, **({"released": released} if released else {})}
    record(
        session,
        actor,
        f"commitment.{wanted}",
        "commitment",
        commitment.id,
        now=now,
        before=before,
        after=after,
        reason=reason,
    )
