"""Issuing, checking, rotating and revoking API tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import Actor, Role, Scope
from becta.kernel.errors import Conflict, Fault, Forbidden, NotFound, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.access import TOKEN, is_membership, member_actor, reach_of
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import ApiToken, Member, Organisation, Person
from becta.market.accounts.roles import KIND_ROLES, SELF, known_scopes, scopes_of, token_scopes
from becta.market.accounts.token_form import OF_ORGANISATION, OF_PERSON, new_secret

MAX_GRACE = timedelta(hours=24)
"""Longest that an old secret may live beside the one that replaces it."""
_HELD = (
    select(ApiToken, Organisation, Person, Member)
    .join(Organisation, col(Organisation.id) == col(ApiToken.organisation_id))
    .outerjoin(Person, col(Person.id) == col(ApiToken.person_id))
    .outerjoin(Member, is_membership(col(ApiToken.person_id), col(ApiToken.organisation_id)))
    .where(col(ApiToken.secret_hash) == bindparam("secret_hash"))
)


def issue_token(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    *,
    label: str,
    scopes: Iterable[Scope] | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make an organisation's token and its secret, which is not stored; `scopes` None gives all that fit it.

    Nobody gives a token what they may not do themselves.
    """
    actor.require(Scope.TOKENS_MANAGE, of=organisation.id)
    actor.require(Scope.ACCOUNT_MANAGE)
    allowed = token_scopes(organisation.kind) & actor.scopes
    made = _checked(session, actor, label, scopes, allowed, expires_at)
    return _add(session, actor, made, organisation_id=organisation.id, now=now)


def issue_personal_token(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    label: str,
    scopes: Iterable[Scope] | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token of the person who asks, for an organisation of theirs.

    `scopes` None gives all of their roles there, but not what everybody may for themselves: that must be named. A token
    makes tokens for its own organisation only, with no more scopes and no longer life than itself.
    """
    if actor.person_id is None:
        raise Forbidden(need="a person", because="only a person has tokens of their own")
    actor.require(Scope.ACCOUNT_MANAGE)
    member = _membership(session, actor.person_id, organisation_id)
    if member is None or (actor.kind == TOKEN and organisation_id != actor.organisation_id):
        because = "a token of your own is for an organisation you belong to, and one made by a token for the same as it"
        raise Forbidden(need="membership", organisation_id=organisation_id, because=because)
    kind = session.get_one(Organisation, organisation_id).kind
    allowed = scopes_of(frozenset(Role(role) for role in member.roles) & KIND_ROLES[kind]) | SELF
    if actor.kind == TOKEN:
        allowed &= actor.scopes
    made = _checked(session, actor, label, scopes, allowed, expires_at)
    return _add(session, actor, made, organisation_id=organisation_id, person_id=actor.person_id, now=now)


def rotate_token(
    session: Session, actor: Actor, token_id: UUID, *, grace: timedelta = timedelta(0), now: datetime
) -> tuple[ApiToken, str]:
    """Replace a token by one with the same label and scopes that lives as long anew; the old one ends after `grace`.

    Raises NotFound, Forbidden, Invalid for a grace of more than a day, Conflict for a token that ended or was rotated.
    """
    old = _locked(session, token_id)
    _require_own(actor, old)
    scopes = known_scopes(old.scopes)
    wider = sorted(scopes - actor.scopes)
    # whoever is signed in may renew their own for another organisation than the one they act for
    if wider and (actor.kind == TOKEN or old.person_id is None):
        raise Forbidden(need=wider[0], because=f"the token may do what you may not: {', '.join(wider)}")
    if not timedelta(0) <= grace <= MAX_GRACE:
        mend = "give 0 to 24 hours"
        refuse_if_any([Fault(field="grace_hours", problem="is out of range", mend=mend, value=str(grace))])
    _refuse_ended(session, old, now=now)
    if session.exec(select(ApiToken.id).where(col(ApiToken.replaces) == old.id)).first() is not None:
        raise Conflict("the token was rotated already")
    lasting = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    ends = _no_longer_than_asker(session, actor, lasting)
    wanted = _Wanted(label=old.label, scopes=sorted(scopes), expires_at=ends, replaces=old.id)
    made, secret = _add(session, actor, wanted, organisation_id=old.organisation_id, person_id=old.person_id, now=now)
    if grace:
        old.expires_at = now + grace if old.expires_at is None else min(now + grace, old.expires_at)
    else:
        old.revoked_at = now
    session.flush()
    after = {"replaced_by": made.id, "ends_at": old.revoked_at or old.expires_at}
    record(session, actor, "token.rotated", "api_token", old.id, now=now, after=after)
    return made, secret


def revoke_token(
    session: Session, actor: Actor, token_id: UUID, *, reason: str | None = None, now: datetime
) -> ApiToken:
    """End a token at once; another person's needs a reason.

    Raises NotFound, Forbidden, Invalid, or Conflict if it is revoked already.
    """
    token = _locked(session, token_id)
    is_own = _is_own(actor, token)
    if not is_own:
        actor.require(Scope.TOKENS_MANAGE, of=token.organisation_id)
    if not _is_itself(actor, token):
        actor.require(Scope.ACCOUNT_MANAGE)
    is_anothers = token.person_id is not None and not is_own
    refuse_if_any(text_faults("reason", reason or "", at_least=1 if is_anothers else 0, at_most=1_000))
    if token.revoked_at is not None:
        raise Conflict("the token is revoked already")
    _end(session, actor, token, reason=reason or None, for_another=is_anothers, now=now)
    return token


def revoke_tokens_of(
    session: Session, actor: Actor, person_id: UUID, organisation_id: UUID, *, reason: str, now: datetime
) -> int:
    """End a person's own tokens for an organisation, because they left it; returns how many there were."""
    live = session.exec(
        select(ApiToken)
        .where(
            col(ApiToken.person_id) == person_id,
            col(ApiToken.organisation_id) == organisation_id,
            col(ApiToken.revoked_at).is_(None),
        )
        .order_by(col(ApiToken.id))
        .with_for_update()
    ).all()
    for token in live:
        _end(session, actor, token, reason=reason, for_another=actor.person_id != person_id, now=now)
    return len(live)


def actor_of(session: Session, secret: str, *, now: datetime) -> Actor | None:
    """Who holds this secret, or None if no live token has it. Every request asks, so it is one statement."""
    row = session.execute(_HELD, {"secret_hash": hash_of(secret)}).first()
    if row is None:
        return None
    token, organisation, person, member = row
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    scopes = known_scopes(token.scopes)
    if token.person_id is not None:
        joined = None if member is None else (member, organisation)
        return member_actor(session, person, joined, kind=TOKEN, actor_id=token.id, scopes=scopes)
    return Actor(
        kind=TOKEN,
        id=str(token.id),
        label=token.label,
        scopes=scopes,
        organisation_id=organisation.id,
        also_reaches=reach_of(session, organisation),
    )


class _Wanted(Struct, frozen=True, kw_only=True):
    """A token that may be made."""

    label: str
    scopes: list[str]
    expires_at: datetime | None
    replaces: UUID | None = None


def _checked(
    session: Session,
    actor: Actor,
    label: str,
    scopes: Iterable[Scope] | None,
    allowed: frozenset[Scope],
    expires_at: datetime | None,
) -> _Wanted:
    """What a new token is to be; raises Invalid for its label or for scopes beyond those allowed."""
    wanted = allowed - SELF if scopes is None else frozenset(scopes)
    faults = text_faults("label", label, at_least=1, at_most=200)
    if wanted - allowed:
        mend = f"choose among {', '.join(sorted(allowed))}" if allowed else "there are none you could give it"
        beyond = ", ".join(sorted(wanted - allowed))
        faults.append(Fault(field="scopes", problem="reach beyond what it may be given", mend=mend, value=beyond))
    refuse_if_any(faults)
    ends = _no_longer_than_asker(session, actor, expires_at)
    return _Wanted(label=label, scopes=sorted(wanted), expires_at=ends)


def _add(
    session: Session,
    actor: Actor,
    wanted: _Wanted,
    *,
    organisation_id: UUID,
    person_id: UUID | None = None,
    now: datetime,
) -> tuple[ApiToken, str]:
    secret = new_secret(OF_ORGANISATION if person_id is None else OF_PERSON)
    token = ApiToken(
        id=new_id(),
        secret_hash=hash_of(secret),
        organisation_id=organisation_id,
        person_id=person_id,
        created_at=now,
        **structs.asdict(wanted),
    )
    session.add(token)
    session.flush()
    told = {**structs.asdict(wanted), "organisation_id": organisation_id, "person_id": person_id}
    # people write their names into the labels of their own
    personal = None if person_id is None else {person_id: {"token_label": told.pop("label")}}
    record(session, actor, "token.issued", "api_token", token.id, now=now, after=told, personal=personal)
    return token, secret


def _end(
    session: Session, actor: Actor, token: ApiToken, *, reason: str | None, for_another: bool, now: datetime
) -> None:
    token.revoked_at = now
    session.flush()
    action = "token.revoked_for_another" if for_another else "token.revoked"
    record(session, actor, action, "api_token", token.id, now=now, reason=reason)


def _locked(session: Session, token_id: UUID) -> ApiToken:
    token = session.exec(select(ApiToken).where(col(ApiToken.id) == token_id).with_for_update()).first()
    if token is None:
        raise NotFound("token", token_id)
    return token


def _is_itself(actor: Actor, token: ApiToken) -> bool:
    """Whether it is the token itself that asks."""
    return actor.kind == TOKEN and actor.id == str(token.id)


def _is_own(actor: Actor, token: ApiToken) -> bool:
    """Whether it is the token itself that asks, or the person whose own it is."""
    return _is_itself(actor, token) or (token.person_id is not None and token.person_id == actor.person_id)


def _require_own(actor: Actor, token: ApiToken) -> None:
    """Only its person renews a personal token: whoever gets the secret speaks in their name."""
    if _is_itself(actor, token):
        return
    if not _is_own(actor, token):
        if token.person_id is not None:
            because = "only the person whose own it is gets a new secret for it; you can revoke it"
            raise Forbidden(need="a person", organisation_id=token.organisation_id, because=because)
        actor.require(Scope.TOKENS_MANAGE, of=token.organisation_id)
    actor.require(Scope.ACCOUNT_MANAGE)


def _refuse_ended(session: Session, token: ApiToken, *, now: datetime) -> None:
    if token.revoked_at is not None:
        raise Conflict("the token is revoked already")
    if token.expires_at is not None and token.expires_at <= now:
        raise Conflict("the token has expired; make a new one")
    if token.person_id is not None and _membership(session, token.person_id, token.organisation_id) is None:
        raise Conflict("its holder is no longer a member of the organisation")


def _membership(session: Session, person_id: UUID, organisation_id: UUID) -> Member | None:
    return session.exec(
        select(Member).where(
            col(Member.person_id) == person_id,
            col(Member.organisation_id) == organisation_id,
            col(Member.ended_at).is_(None),
        )
    ).first()


def _no_longer_than_asker(session: Session, actor: Actor, ends: datetime | None) -> datetime | None:
    """When a token may end at the latest: one made by a token does not outlive it."""
    if actor.kind != TOKEN:
        return ends
    asker = session.exec(select(ApiToken.expires_at).where(col(ApiToken.id) == UUID(actor.id))).first()
    return ends if asker is None else asker if ends is None else min(asker, ends)
