"""Sign-ins at an issuer: what is remembered while somebody is away there, and matched when they come back."""

import base64
import hmac
from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from sqlmodel import Session, select

from becta.kernel.ids import new_id
from becta.market.accounts.hashing import hash_of
from becta.market.signin.models import SignInFlow
from becta.market.signin.people import SignInRefused
from becta.market.signin.rules import FLOW_LASTS, local_path
from becta.market.signin.sessions import new_secret


class Flow(Struct, frozen=True, kw_only=True):
    """What goes with somebody to the issuer, or must come back from it."""

    state: str
    nonce: str
    code_verifier: str
    next_path: str

    @property
    def code_challenge(self) -> str:
        """What the issuer is told of the code verifier (PKCE, S256)."""
        return base64.urlsafe_b64encode(sha256(self.code_verifier.encode()).digest()).decode().rstrip("=")


def begin_flow(session: Session, slug: str, *, browser: str, next_path: str, now: datetime) -> Flow:
    """Remember that this browser goes to an issuer."""
    flow = Flow(state=new_secret(), nonce=new_secret(), code_verifier=new_secret(), next_path=local_path(next_path))
    session.add(
        SignInFlow(
            id=new_id(),
            state_hash=hash_of(flow.state),
            issuer=slug,
            nonce=flow.nonce,
            code_verifier=flow.code_verifier,
            browser_hash=hash_of(browser),
            next_path=flow.next_path,
            created_at=now,
            expires_at=now + FLOW_LASTS,
        )
    )
    return flow


def finish_flow(session: Session, slug: str, *, state: str, browser: str | None, now: datetime) -> Flow:
    """What was remembered under a state, used up by this; raises SignInRefused unless all of it fits."""
    found = session.exec(select(SignInFlow).where(SignInFlow.state_hash == hash_of(state)).with_for_update()).first()
    if found is None:
        raise SignInRefused("the state is unknown")
    if browser is None or not hmac.compare_digest(hash_of(browser), found.browser_hash):
        raise SignInRefused("the state belongs to another browser")
    if found.issuer != slug:
        raise SignInRefused("the state belongs to another issuer")
    if found.used_at is not None:
        raise SignInRefused("the state was used before")
    if found.expires_at <= now:
        raise SignInRefused("the state has expired")
    found.used_at = now
    return Flow(state=state, nonce=found.nonce, code_verifier=found.code_verifier, next_path=found.next_path)
