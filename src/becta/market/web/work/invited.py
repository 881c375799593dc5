"""Accepting an invitation: the page its mail leads to."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.errors import NotFound
from becta.market.accounts.invitations import PURPOSE, accept_invitation
from becta.market.accounts.models import Invitation
from becta.market.accounts.organisations import organisation_out
from becta.market.api.access import SIGNED_IN
from becta.market.signin.rules import HOME
from becta.market.signin.sessions import choose_organisation, lock_session
from becta.market.web.account.answers import Running, jar_of, see_other, shown
from becta.market.web.account.views import NotePage
from becta.market.web.account.words import ROLE_WORDS
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Link
from becta.market.web.visitor import Filled, SignedIn, Visiting
from becta.market.web.work.views import FormView, InvitationPage
from becta.market.wiring import House

ACCEPT = "/invitations/accept"
LONGEST_CODE = 100


@get(ACCEPT, opt={"access": SIGNED_IN}, sync_to_thread=True)
def show_invitation(
    request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """The invitation behind a mailed link. Looking accepts nothing: mail programs fetch links too."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    code = request.query_params.get("code", "")[:LONGEST_CODE]
    try:
        with house.db.read() as session:
            page = _page(session, house, held, code, FormView(csrf=visitor.csrf), now=now)
    except NotFound:
        return _no_such(pages, held)
    # as for links that sign in: the code stays out of the Referer, and the form is still known to be ours
    return shown(pages, page, Referrer_Policy="strict-origin")


@post(ACCEPT, opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def accept(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Join as invited, and act for the organisation from now on."""
    now, jar = clock.now(), jar_of(house)
    held = visitor.signed_in(house.db, now=now)
    invitation_id = house.signer.check(PURPOSE, form.text("code"))
    try:
        with house.db.write() as session:
            joined = accept_invitation(session, held.actor, invitation_id, now=now)
            locked, person = lock_session(session, held.session_id, idle=house.settings.session_idle, now=now)
            secret = choose_organisation(session, locked, person, joined.organisation_id, now=now)
    except NotFound:
        return _no_such(pages, held)
    return see_other(HOME, cookies=[jar.keep(jar.session, secret)])


def _page(
    session: Session, house: House, held: SignedIn, code: str, form: FormView, *, now: datetime
) -> InvitationPage:
    """The invitation; raises NotFound for one that this person cannot accept now."""
    invitation_id = house.signer.check(PURPOSE, code)
    found = None if invitation_id is None else session.get(Invitation, invitation_id)
    # an invitation that is settled has no e-mail address any more
    if found is None or found.email is None or found.email != held.person.email or found.expires_at <= now:
        raise NotFound("invitation", "with this code for you")
    return InvitationPage(
        form=form,
        code=code,
        organisation=organisation_out(session, found.organisation_id).name,
        roles=tuple(ROLE_WORDS[role] for role in sorted(map(Role, found.roles))),
        until=found.expires_at,
    )


def _no_such(pages: Pages, held: SignedIn) -> Response[str]:
    page = NotePage(
        title="There is no such invitation for you",
        text=f"You are signed in as {held.person.email or 'somebody without a proved e-mail address'}. An invitation "
        "works once, for 14 days, and only for the e-mail address it was sent to. Sign in with that one, or ask for "
        "a new invitation.",
        links=(Link(text="Your account", href=HOME), Link(text="Ask to join an organisation", href="/join")),
    )
    return shown(pages, page, status_code=404)
