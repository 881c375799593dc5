"""Issuing, checking and revoking API tokens."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session, select

from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.text_rules import text_faults
from becta.kernel.actor import OPERATOR_SCOPES, SUPPLIER_SCOPES, Actor, Scope
from becta.kernel.errors import Conflict, Fault, NotFound, refuse_if_any
from becta.kernel.events import record
from becta.kernel.ids import new_id
from becta.market.accounts.models import ApiToken

PREFIX = "becta_"
"""Starts every token, so that secret scanners can recognise a leaked one."""


def issue_token(
    session: Session,
    actor: Actor,
    *,
    label: str,
    supplier_id: UUID | None,
    scopes: Iterable[Scope] | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token and its secret, which is not stored; `scopes` None gives all that fit its owner."""
    allowed = OPERATOR_SCOPES if supplier_id is None else SUPPLIER_SCOPES
    wanted = allowed if scopes is None else frozenset(scopes)
    faults = text_faults("label", label, at_least=1, at_most=200)
    if wanted - allowed:
        mend = f"choose among {', '.join(sorted(allowed))}"
        faults.append(
            Fault(field="scopes", problem="reach beyond a supplier", mend=mend, value=", ".join(wanted - allowed))
        )
    refuse_if_any(faults)
    if supplier_id is not None and session.get(Supplier, supplier_id) is None:
        raise NotFound("supplier", supplier_id)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        secret_hash=_hash(secret),
        label=label,
        supplier_id=supplier_id,
        scopes=sorted(wanted),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    after = {"label": label, "scopes": sorted(wanted), "supplier_id": str(supplier_id) if supplier_id else None}
    record(session, actor, "token.issued", "api_token", token.id, now=now, after=after)
    return token, secret


def revoke_token(session: Session, actor: Actor, token_id: UUID, *, now: datetime) -> None:
    """End a token at once; raises Conflict if it has ended already."""
    token = session.exec(select(ApiToken).where(ApiToken.id == token_id).with_for_update()).first()
    if token is None:
        raise NotFound("token", token_id)
    if token.revoked_at is not None:
        raise Conflict("the token is revoked already")
    token.revoked_at = now
    record(session, actor, "token.revoked", "api_token", token.id, now=now)


def actor_of(session: Session, secret: str, *, now: datetime) -> Actor | None:
    """Who holds this secret, or None if no live token has it."""
    token = session.exec(select(ApiToken).where(ApiToken.secret_hash == _hash(secret))).first()
    if token is None or token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    return Actor(
        kind="token",
        id=str(token.id),
        label=token.label,
        scopes=frozenset(Scope(scope) for scope in token.scopes),
        supplier_id=token.supplier_id,
    )


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()  # 256 random bits need no slow hash
