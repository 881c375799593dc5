"""E-mailed links that sign in: asked for in a browser, mailed by the outbox, used once in the same browser."""

import hmac
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from becta.kernel.errors import Invalid
from becta.kernel.events import announce
from becta.kernel.ids import new_id
from becta.market.accounts.domains import proper_email
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import Person
from becta.market.signin.models import SignInLink
from becta.market.signin.people import SignInRefused, person_with_email
from becta.market.signin.rules import LINK_LASTS, LINKS_AT_ONCE, LINKS_OF_ALL, SIGN_IN, email_fault, local_path
from becta.market.signing import LinkSigner

TOPIC = "sign_in_link"


def ask_link(session: Session, email: str, *, browser: str, next_path: str, now: datetime) -> None:
    """Have a link mailed to an address; raises Invalid if it is none. Whether we know the address plays no part."""
    wanted = proper_email(email)
    if wanted is None:
        raise Invalid([email_fault(email)])
    asker = hash_of(browser)
    alive = select(func.count()).where(
        col(SignInLink.email) == wanted, col(SignInLink.expires_at) > now, col(SignInLink.used_at).is_(None)
    )
    if session.exec(alive.where(col(SignInLink.browser_hash) == asker)).one() >= LINKS_AT_ONCE:
        return
    if session.exec(alive).one() >= LINKS_OF_ALL:
        return
    link = SignInLink(
        id=new_id(),
        email=wanted,
        browser_hash=asker,
        next_path=local_path(next_path),
        created_at=now,
        expires_at=now + LINK_LASTS,
    )
    session.add(link)
    announce(session, TOPIC, link.id, now=now)


def use_link(
    session: Session, signer: LinkSigner, code: str, *, browser: str | None, now: datetime
) -> tuple[Person, str]:
    """Who a link signs in and where they wanted to go; it is used up by this. Raises SignInRefused for any other."""
    link_id = signer.check(SIGN_IN, code)
    if link_id is None:
        raise SignInRefused("the code is not one of ours")
    link = session.exec(select(SignInLink).where(SignInLink.id == link_id).with_for_update()).first()
    if link is None:
        raise SignInRefused("the link is gone")
    if browser is None or not hmac.compare_digest(hash_of(browser), link.browser_hash):
        raise SignInRefused("another browser asked for the link")
    if link.expires_at <= now:
        raise SignInRefused("the link has expired")
    if link.used_at is not None:
        raise SignInRefused("the link was used before")
    link.used_at = now
    return person_with_email(session, link.email, now=now), link.next_path
