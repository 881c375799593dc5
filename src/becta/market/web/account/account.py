"""One's account: who one is here, where one is signed in, and signing out."""

from typing import Any

from litestar import Response, get, post

from becta.kernel import clock
from becta.market.accounts.organisations import organisation_out
from becta.market.api.access import SIGNED_IN
from becta.market.signin.rules import HOME, LINK
from becta.market.signin.sessions import lock_session, organisations_of, sessions_of, sign_out, sign_out_everywhere
from becta.market.web.account.answers import Running, jar_of, see_other, shown
from becta.market.web.account.tasks import tasks_of, works_over_api
from becta.market.web.account.views import AccountPage, SessionRow
from becta.market.web.account.words import ROLE_WORDS
from becta.market.web.rendering import Rendering
from becta.market.web.visitor import Visiting, Visitor
from becta.market.wiring import House


@get(HOME, opt={"access": SIGNED_IN}, sync_to_thread=True)
def account(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Who one is here."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    actor, person = held.actor, held.person
    with house.db.read() as session:
        acting_for = "" if actor.organisation_id is None else organisation_out(session, actor.organisation_id).name
        sessions = sessions_of(session, person.id, idle=house.settings.session_idle, now=now)
        others = [one for one in organisations_of(session, person.id) if one.id != actor.organisation_id]
    page = AccountPage(
        csrf=visitor.csrf,
        name=person.name or "",
        email=person.email or "",
        organisation=acting_for,
        roles=tuple(ROLE_WORDS[role] for role in sorted(actor.roles)),
        sessions=tuple(
            SessionRow(
                via=_way(house, one.via),
                started_at=one.started_at,
                seen_at=one.seen_at,
                is_this=one.id == held.session_id,
            )
            for one in sessions
        ),
        tasks=tasks_of(actor),
        works_over_api=works_over_api(actor),
        can_choose=bool(others) or house.front.chooser(held.via) is not None,
    )
    return shown(pages, page)


@post("/sign-out", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def leave(visitor: Visiting, house: Running) -> Response[Any]:
    """Sign out in this browser."""
    return _leave(visitor, house, everywhere=False)


@post("/sign-out/everywhere", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def leave_everywhere(visitor: Visiting, house: Running) -> Response[Any]:
    """Sign out wherever one is signed in."""
    return _leave(visitor, house, everywhere=True)


def _leave(visitor: Visitor, house: House, *, everywhere: bool) -> Response[Any]:
    now, jar = clock.now(), jar_of(house)
    held = visitor.signed_in(house.db, now=now)
    with house.db.write() as session:
        locked, person = lock_session(session, held.session_id, idle=house.settings.session_idle, now=now)
        if everywhere:
            sign_out_everywhere(session, locked, person, now=now)
        else:
            sign_out(session, locked, person, now=now)
    return see_other("/", cookies=[jar.drop(jar.session), jar.drop(jar.browser)])


def _way(house: House, via: str) -> str:
    if via == LINK:
        return "a link by e-mail"
    return next((issuer.name for issuer in house.settings.issuers if issuer.slug == via), via)
