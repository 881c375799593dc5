"""API tokens: the secret is shown once, reaches no further than it may, and ends when it is ended."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import Session, col
from tests.market.accounts.conftest import Scene
from tests.support.people import member
from tests.support.watching import everything

from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.kernel import clock
from becta.kernel.actor import OPERATOR_ID, Actor, Role, Scope
from becta.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from becta.kernel.events import AuditEvent
from becta.market.accounts.last_used import LastUsed
from becta.market.accounts.members import end_membership, set_roles
from becta.market.accounts.models import ApiToken, Organisation
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.queries import tokens
from becta.market.accounts.roles import OrganisationKind, token_scopes
from becta.market.accounts.token_form import PREFIX, checksum, looks_like_token, new_secret
from becta.market.accounts.tokens import (
    actor_of,
    issue_personal_token,
    issue_token,
    revoke_token,
    rotate_token,
)
from becta.market.db import Database
from becta.market.privacy.service import erase_person

NOW = clock.now()
IN_A_DAY = NOW + timedelta(days=1)


def supplier(session: Session, actor: Actor) -> Organisation:
    """A registered supplier as an organisation."""
    made = register_supplier(session, actor, "larch", SupplierDetails(name="Larch"), now=NOW)
    return open_organisation(session, f"supplier:{made.id}", now=NOW)


def token(session: Session, actor: Actor, named: str = "operator", **changes: Any) -> tuple[ApiToken, str]:
    """A token of an organisation."""
    given = {"label": "t", "scopes": None, "expires_at": None, "now": NOW, **changes}
    return issue_token(session, actor, open_organisation(session, named, now=NOW), **given)


def own_token(scene: Scene, who: Any, of: Organisation, **changes: Any) -> tuple[ApiToken, str]:
    """A personal token, made by the person signed in."""
    given = {"label": "mine", "scopes": None, "expires_at": IN_A_DAY, "now": NOW, **changes}
    actor = changes.pop("actor", None) or scene.acting(who, of)
    given.pop("actor", None)
    with scene.db.write() as session:
        return issue_personal_token(session, actor, of.id, **given)


def holder(db: Database, secret: str) -> Actor | None:
    """Who a secret stands for now."""
    with db.read() as session:
        return actor_of(session, secret, now=NOW)


def told(db: Database) -> list[str]:
    """The actions about tokens in the trail."""
    with db.read() as session:
        query = select(col(AuditEvent.action)).where(col(AuditEvent.object_type) == "api_token")
        return list(session.execute(query.order_by(col(AuditEvent.position))).scalars())


def test_a_token_speaks_for_its_holder_and_its_secret_is_nowhere_stored(db: Database, operator: Actor) -> None:
    with db.write() as session:
        larch = supplier(session, operator)
        made, secret = token(session, operator, f"supplier:{larch.id}", label="Larch's shop")

    with db.read() as session:
        actor = actor_of(session, secret, now=NOW)
        assert actor_of(session, secret + "x", now=NOW) is None
        assert actor_of(session, made.secret_hash, now=NOW) is None
    assert actor == Actor(
        kind="token",
        id=str(made.id),
        label="Larch's shop",
        scopes=token_scopes(OrganisationKind.SUPPLIER),
        organisation_id=larch.id,
    )
    assert secret.startswith(PREFIX)
    assert secret.removeprefix(PREFIX) not in repr(everything(db))
    assert secret[-49:] not in repr(everything(db))


def test_a_token_expires_at_the_instant_it_says(db: Database, operator: Actor) -> None:
    ends = NOW + timedelta(hours=1)
    with db.write() as session:
        _, secret = token(session, operator, expires_at=ends)

    with db.read() as session:
        assert actor_of(session, secret, now=ends - timedelta(microseconds=1)) is not None
        assert actor_of(session, secret, now=ends) is None


def test_a_revoked_token_is_worth_nothing_and_is_revoked_once(db: Database, operator: Actor) -> None:
    with db.write() as session:
        made, secret = token(session, operator)
        revoke_token(session, operator, made.id, now=NOW)
    stored = everything(db)

    assert holder(db, secret) is None
    with pytest.raises(Conflict), db.write() as session:
        revoke_token(session, operator, made.id, now=NOW)
    assert everything(db) == stored
    assert told(db) == ["token.issued", "token.revoked"]


def test_an_organisations_token_cannot_be_given_what_only_others_or_only_people_may_do(
    db: Database, operator: Actor
) -> None:
    with db.write() as session:
        larch = supplier(session, operator)
        reference = f"supplier:{larch.id}"
    stored = everything(db)

    beyond = sorted(frozenset(Scope) - token_scopes(OrganisationKind.SUPPLIER))
    people_only = {Scope.PEOPLE_MANAGE, Scope.TOKENS_MANAGE, Scope.SCHEMES_WRITE, Scope.ACCOUNT_MANAGE}
    assert {Scope.LISTINGS_DECIDE, *people_only} < set(beyond)
    for scope in beyond:
        with pytest.raises(Invalid) as refused, db.write() as session:
            token(session, operator, reference, scopes=[Scope.OFFERS_WRITE, scope])
        assert [(fault.field, fault.value) for fault in refused.value.faults] == [("scopes", scope.value)]

    assert everything(db) == stored


def test_a_token_needs_a_label_and_an_organisation_there_is(db: Database, operator: Actor) -> None:
    stored = everything(db)

    for label in ("", " ", "x" * 201, "a\x00b"):
        with pytest.raises(Invalid), db.write() as session:
            token(session, operator, label=label)
    with pytest.raises(NotFound), db.write() as session:
        token(session, operator, f"supplier:{uuid4()}")
    with pytest.raises(NotFound), db.write() as session:
        revoke_token(session, operator, uuid4(), now=NOW)

    assert everything(db) == stored


def test_a_secret_has_256_random_bits_and_is_told_from_other_text_by_its_checksum() -> None:
    secrets = {new_secret(whose) for whose in "op" for _ in range(500)}

    assert len(secrets) == 1_000
    assert all(looks_like_token(secret) and len(secret) == 57 for secret in secrets)
    assert checksum("becta_o_" + "0" * 43) == "3gE5vh"
    assert looks_like_token("becta_o_" + "0" * 43 + "3gE5vh")
    one = min(secrets)
    for broken in (
        one[:-1],
        one + "0",
        one[:-1] + ("0" if one[-1] != "0" else "1"),
        one[:20] + ("0" if one[20] != "0" else "1") + one[21:],
        one.replace("becta_o", "becta_x"),
        "becta_" + "A" * 43,
        "",
    ):
        assert not looks_like_token(broken), broken


def test_a_token_from_before_the_checksum_goes_on_working(db: Database, operator: Actor) -> None:
    with db.write() as session:
        made, secret = token(session, operator)
        session.get_one(ApiToken, made.id).secret_hash = sha256(b"becta_old-form_0123").hexdigest()

    assert holder(db, "becta_old-form_0123") is not None
    assert holder(db, secret) is None


def test_a_personal_token_does_what_its_persons_roles_let_them_at_this_moment(scene: Scene) -> None:
    _, secret = own_token(scene, scene.buyer, scene.school)
    actor = holder(scene.db, secret)
    assert actor is not None
    assert (actor.person_id, actor.organisation_id) == (scene.buyer.id, scene.school.id)
    choosing = {Scope.SHORTLISTS_READ, Scope.SHORTLISTS_WRITE}
    together = {Scope.PROCUREMENTS_READ, Scope.PROCUREMENTS_RUN, Scope.PLEDGES_MAKE}
    assert actor.scopes == {Scope.COMMITMENTS_READ, Scope.COMMITMENTS_MAKE, *choosing, *together}

    with scene.db.write() as session:
        lead = scene.acting(scene.lead, scene.trust)
        set_roles(session, lead, scene.school.id, scene.buyer.id, [Role.AUDITOR], revision=None, now=NOW)

    after = holder(scene.db, secret)
    assert after is not None
    assert after.scopes == {Scope.COMMITMENTS_READ, Scope.SHORTLISTS_READ, Scope.PROCUREMENTS_READ}


def test_a_personal_token_ends_with_its_holders_membership(scene: Scene) -> None:
    made, secret = own_token(scene, scene.buyer, scene.school)
    with scene.db.write() as session:
        end_membership(
            session, scene.acting(scene.approver, scene.school), scene.school.id, scene.buyer.id, reason="Left", now=NOW
        )

    assert holder(scene.db, secret) is None
    with scene.db.read() as session:
        assert session.get_one(ApiToken, made.id).revoked_at == NOW
    assert told(scene.db) == ["token.issued", "token.revoked_for_another"]


def test_nobody_gets_a_token_of_their_own_for_an_organisation_they_do_not_belong_to(scene: Scene) -> None:
    lead, machine = scene.acting(scene.lead, scene.trust), scene.acting(scene.newcomer, None)
    stored = everything(scene.db)

    for actor, organisation in ((lead, scene.school), (machine, scene.school), (lead, scene.elsewhere)):
        with pytest.raises(Forbidden), scene.db.write() as session:
            issue_personal_token(
                session, actor, organisation.id, label="mine", scopes=None, expires_at=IN_A_DAY, now=NOW
            )

    assert everything(scene.db) == stored


def test_a_token_makes_no_token_that_may_more_lives_longer_or_is_for_another_organisation(scene: Scene) -> None:
    with scene.db.write() as session:
        member(session, scene.lead, scene.elsewhere, Role.APPROVER)
    narrow = [Scope.TOKENS_MANAGE, Scope.AUDIT_READ]
    _, secret = own_token(scene, scene.lead, scene.trust, scopes=[*narrow, Scope.ACCOUNT_MANAGE])
    asker = holder(scene.db, secret)
    assert asker is not None
    stored = everything(scene.db)

    given: dict[str, Any] = {"label": "wider", "expires_at": IN_A_DAY + timedelta(days=300), "now": NOW}
    with pytest.raises(Invalid) as refused, scene.db.write() as session:
        issue_personal_token(session, asker, scene.trust.id, scopes=[Scope.PEOPLE_MANAGE], **given)
    assert [(fault.field, fault.value) for fault in refused.value.faults] == [("scopes", "people:manage")]
    with pytest.raises(Forbidden), scene.db.write() as session:
        issue_personal_token(session, asker, scene.elsewhere.id, scopes=None, **given)
    with pytest.raises(Invalid), scene.db.write() as session:
        issue_token(session, asker, scene.trust, scopes=[Scope.COMMITMENTS_READ], **given)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        own, _ = issue_personal_token(session, asker, scene.trust.id, scopes=None, **given)
        theirs, _ = issue_token(session, asker, scene.trust, scopes=None, **given)
    assert (own.scopes, own.expires_at) == (sorted(narrow), IN_A_DAY)
    assert (theirs.scopes, theirs.expires_at) == ([Scope.AUDIT_READ], IN_A_DAY)


def test_rotating_gives_a_new_secret_with_the_same_scopes_and_ends_the_old_one(scene: Scene) -> None:
    old, old_secret = own_token(scene, scene.buyer, scene.school, scopes=[Scope.COMMITMENTS_READ])
    later = NOW + timedelta(hours=2)
    with scene.db.write() as session:
        new, secret = rotate_token(session, scene.acting(scene.buyer, scene.school), old.id, now=later)

    assert (new.label, new.scopes, new.replaces) == ("mine", [Scope.COMMITMENTS_READ], old.id)
    assert new.expires_at == later + timedelta(days=1)
    assert holder(scene.db, old_secret) is None
    assert holder(scene.db, secret) is not None
    assert told(scene.db) == ["token.issued", "token.issued", "token.rotated"]


def test_an_old_secret_may_live_a_day_beside_the_new_one_and_no_longer(scene: Scene) -> None:
    old, secret = own_token(scene, scene.buyer, scene.school, expires_at=NOW + timedelta(days=9))
    actor = scene.acting(scene.buyer, scene.school)
    stored = everything(scene.db)
    for wrong in (timedelta(hours=24, seconds=1), timedelta(seconds=-1)):
        with pytest.raises(Invalid), scene.db.write() as session:
            rotate_token(session, actor, old.id, grace=wrong, now=NOW)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        rotate_token(session, actor, old.id, grace=timedelta(hours=24), now=NOW)
    with scene.db.read() as session:
        assert actor_of(session, secret, now=NOW + timedelta(hours=24, seconds=-1)) is not None
        assert actor_of(session, secret, now=NOW + timedelta(hours=24)) is None
    stored = everything(scene.db)
    with pytest.raises(Conflict) as refused, scene.db.write() as session:
        rotate_token(session, actor, old.id, now=NOW)
    assert str(refused.value) == "the token was rotated already"
    assert everything(scene.db) == stored


def test_a_grace_does_not_lengthen_a_token_about_to_end(scene: Scene) -> None:
    ends = NOW + timedelta(hours=1)
    old, _ = own_token(scene, scene.buyer, scene.school, expires_at=ends)
    with scene.db.write() as session:
        rotate_token(session, scene.acting(scene.buyer, scene.school), old.id, grace=timedelta(hours=9), now=NOW)
    with scene.db.read() as session:
        assert session.get_one(ApiToken, old.id).expires_at == ends


def test_of_many_who_rotate_at_once_one_does(scene: Scene) -> None:
    old, _ = own_token(scene, scene.buyer, scene.school)
    actor, start = scene.acting(scene.buyer, scene.school), Barrier(8)

    def rotate(grace: int) -> str:
        start.wait(timeout=30)
        try:
            with scene.db.write() as session:
                rotate_token(session, actor, old.id, grace=timedelta(hours=grace % 2), now=NOW)
        except Conflict:
            return "refused"
        return "rotated"

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(rotate, range(8))) == {"rotated": 1, "refused": 7}
    with scene.db.read() as session:
        replacing = session.execute(select(ApiToken).where(col(ApiToken.replaces) == old.id)).all()
    assert len(replacing) == 1


def test_nobody_rotates_another_persons_token_nor_one_that_may_what_they_may_not(scene: Scene) -> None:
    others, _ = own_token(scene, scene.buyer, scene.school)
    with scene.db.write() as session:
        lead = scene.acting(scene.lead, scene.trust)
        machines, _ = issue_token(
            session, lead, scene.trust, label="machine", scopes=None, expires_at=IN_A_DAY, now=NOW
        )
    wide, _ = own_token(scene, scene.lead, scene.trust)
    _, narrow_secret = own_token(scene, scene.lead, scene.trust, scopes=[Scope.TOKENS_MANAGE, Scope.ACCOUNT_MANAGE])
    narrow = holder(scene.db, narrow_secret)
    assert narrow is not None
    stored = everything(scene.db)

    for actor, token_id in (
        (scene.acting(scene.lead, scene.trust), others.id),
        (scene.acting(scene.approver, scene.school), others.id),
        (scene.acting(scene.stranger, scene.elsewhere), machines.id),
        (narrow, machines.id),
        (narrow, wide.id),
    ):
        with pytest.raises(Forbidden), scene.db.write() as session:
            rotate_token(session, actor, token_id, now=NOW)
    with pytest.raises(NotFound), scene.db.write() as session:
        rotate_token(session, scene.acting(scene.lead, scene.trust), UUID(int=7), now=NOW)
    assert everything(scene.db) == stored


def test_a_token_that_may_not_manage_the_account_makes_ends_and_renews_no_token_but_itself(scene: Scene) -> None:
    other, _ = own_token(scene, scene.lead, scene.trust)
    with scene.db.write() as session:
        lead = scene.acting(scene.lead, scene.trust)
        machines, _ = issue_token(session, lead, scene.trust, label="m", scopes=None, expires_at=IN_A_DAY, now=NOW)
    itself, secret = own_token(scene, scene.lead, scene.trust)
    asker = holder(scene.db, secret)
    assert asker is not None
    assert Scope.TOKENS_MANAGE in asker.scopes
    stored = everything(scene.db)

    given: dict[str, Any] = {"label": "another", "scopes": None, "expires_at": IN_A_DAY, "now": NOW}
    with pytest.raises(Forbidden), scene.db.write() as session:
        issue_personal_token(session, asker, scene.trust.id, **given)
    with pytest.raises(Forbidden), scene.db.write() as session:
        issue_token(session, asker, scene.trust, **given)
    for token_id in (other.id, machines.id):
        with pytest.raises(Forbidden), scene.db.write() as session:
            rotate_token(session, asker, token_id, now=NOW)
        with pytest.raises(Forbidden), scene.db.write() as session:
            revoke_token(session, asker, token_id, reason="Why not", now=NOW)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        rotate_token(session, asker, itself.id, grace=timedelta(hours=1), now=NOW)
        revoke_token(session, asker, itself.id, now=NOW)
    assert holder(scene.db, secret) is None


def test_the_label_of_a_personal_token_is_erased_from_the_trail_with_its_person(scene: Scene) -> None:
    own, _ = own_token(scene, scene.buyer, scene.school, label="Ben Smith's laptop")
    with scene.db.write() as session:
        buyer, lead = scene.acting(scene.buyer, scene.school), scene.acting(scene.lead, scene.trust)
        rotate_token(session, buyer, own.id, now=NOW)
        machines, _ = issue_token(session, lead, scene.trust, label="Ledger", scopes=None, expires_at=None, now=NOW)
    with scene.db.read() as session:
        query = select(AuditEvent).where(col(AuditEvent.action) == "token.issued").order_by(col(AuditEvent.position))
        events = session.execute(query).scalars().all()
    bens = str(scene.buyer.id)
    assert [event.personal[bens]["fields"] for event in events[:2] if event.personal] == [
        {"label": "Ben", "token_label": "Ben Smith's laptop"}
    ] * 2
    assert [(event.object_id, (event.after or {}).get("label")) for event in events[1:]][1:] == [
        (machines.id, "Ledger")
    ]

    with scene.db.write() as session:
        erase_person(session, scene.acting(scene.buyer, scene.school), scene.buyer.id, "He asked for it", now=NOW)

    with scene.db.read() as session:
        assert "Ben Smith" not in repr(session.execute(select(AuditEvent.__table__)).all())  # type: ignore[attr-defined]


def test_the_tokens_of_nobody_are_none(scene: Scene) -> None:
    own_token(scene, scene.lead, scene.trust)
    with scene.db.write() as session:
        lead = scene.acting(scene.lead, scene.trust)
        issue_token(session, lead, scene.trust, label="m", scopes=None, expires_at=IN_A_DAY, now=NOW)

    with scene.db.read() as session:
        assert tokens(session, organisation_id=None, person_id=None, limit=9) == []
        assert [one.label for one in tokens(session, organisation_id=None, person_id=scene.lead.id, limit=9)] == [
            "mine"
        ]
        assert tokens(session, organisation_id=scene.elsewhere.id, person_id=None, limit=9) == []
        found = tokens(session, organisation_id=scene.trust.id, person_id=None, limit=9)
    assert [one.label for one in found] == ["mine", "m"]


def test_a_machine_renews_its_own_secret_but_not_its_time(scene: Scene) -> None:
    with scene.db.write() as session:
        lead = scene.acting(scene.lead, scene.trust)
        old, secret = issue_token(session, lead, scene.trust, label="m", scopes=None, expires_at=IN_A_DAY, now=NOW)
    machine = holder(scene.db, secret)
    assert machine is not None

    with scene.db.write() as session:
        new, _ = rotate_token(session, machine, old.id, now=NOW)

    assert new.expires_at == IN_A_DAY
    assert new.organisation_id == scene.trust.id


def test_another_persons_token_is_revoked_only_for_a_reason_and_ones_own_without(scene: Scene) -> None:
    others, secret = own_token(scene, scene.buyer, scene.school)
    own, _ = own_token(scene, scene.lead, scene.trust)
    lead = scene.acting(scene.lead, scene.trust)
    stored = everything(scene.db)

    for reason in (None, "", "  "):
        with pytest.raises(Invalid) as refused, scene.db.write() as session:
            revoke_token(session, lead, others.id, reason=reason, now=NOW)
        assert [fault.field for fault in refused.value.faults] == ["reason"]
    for actor in (scene.acting(scene.approver, scene.school), scene.acting(scene.stranger, scene.elsewhere)):
        with pytest.raises(Forbidden), scene.db.write() as session:
            revoke_token(session, actor, others.id, reason="Why not", now=NOW)
    assert everything(scene.db) == stored

    with scene.db.write() as session:
        revoke_token(session, lead, others.id, reason="Found in a log", now=NOW)
        revoke_token(session, lead, own.id, now=NOW)
    assert holder(scene.db, secret) is None
    assert told(scene.db)[2:] == ["token.revoked_for_another", "token.revoked"]


def test_a_token_can_end_itself(db: Database, operator: Actor) -> None:
    with db.write() as session:
        made, secret = token(session, operator)
    machine = holder(db, secret)
    assert machine is not None
    assert machine.organisation_id == OPERATOR_ID

    with db.write() as session:
        revoke_token(session, machine, made.id, now=NOW)

    assert holder(db, secret) is None


def test_when_a_token_was_last_used_is_written_later_and_not_to_a_revoked_one(db: Database, operator: Actor) -> None:
    with db.write() as session:
        one, _ = token(session, operator)
        two, _ = token(session, operator)
    used = LastUsed(db)
    assert used.write_out() == 0

    used.note(one.id, now=NOW)
    used.note(two.id, now=NOW)
    used.note(one.id, now=NOW + timedelta(seconds=1))
    with db.write() as session:
        revoke_token(session, operator, two.id, now=NOW)

    assert used.write_out() == 2
    assert used.write_out() == 0
    with db.read() as session:
        assert session.get_one(ApiToken, one.id).last_used_at == NOW + timedelta(seconds=1)
        assert session.get_one(ApiToken, two.id).last_used_at is None


def test_what_was_noted_is_written_when_the_house_closes(db: Database, operator: Actor) -> None:
    with db.write() as session:
        made, _ = token(session, operator)
    used = LastUsed(db)
    used.start()
    used.note(made.id, now=NOW)
    used.stop()

    with db.read() as session:
        assert session.get_one(ApiToken, made.id).last_used_at == NOW
