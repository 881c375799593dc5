"""API tokens: the list, making, replacing and revoking. A secret is shown once, and never in an address."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Invalid, NotFound
from becta.kernel.paging import fingerprint
from becta.market.accounts.models import ApiToken, Organisation
from becta.market.accounts.organisations import organisation_out, organisations_out
from becta.market.accounts.queries import token_out, tokens
from becta.market.accounts.roles import token_scopes
from becta.market.accounts.schemas import TokenOut
from becta.market.accounts.tokens import issue_personal_token, issue_token, revoke_token, rotate_token
from becta.market.api.access import SIGNED_IN
from becta.market.api.paging import next_cursor, start_after
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import next_href
from becta.market.web.rendering import Pages, Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Form, Visiting, Visitor
from becta.market.web.work.forms import REFUSED, Refusal, refusal
from becta.market.web.work.places import pick_href
from becta.market.web.work.views import FormView, NewTokenPage, SecretPage, Tag, TokenPage, TokenRow, TokensPage
from becta.market.web.work.words import SCOPE_WORDS
from becta.market.wiring import House

TOKENS = "/tokens"
ONE = f"{TOKENS}/{{token_id:uuid}}"
PER_PAGE = 50
MINE, ORGANISATIONS = "mine", "organisation"
LIFETIMES = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "a year"}
LABELS = {"label": "The name", "holder": "Whose it is", "scopes": "What it may do", "days": "How long it lasts"}
REASON = {"reason": "The reason"}
DONE = {"revoked": "The token was revoked and works no more."}


@get(TOKENS, opt={"access": SIGNED_IN}, sync_to_thread=True)
def list_tokens(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """One's own tokens, and those of the organisation acted for if one manages them."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    of = actor.organisation_id if Scope.TOKENS_MANAGE in actor.scopes else None
    bound_to = fingerprint("token pages", of, actor.person_id)
    after = start_after(request.query_params.get("cursor") or None, bound_to)
    with house.db.read() as session:
        found = tokens(session, organisation_id=of, person_id=actor.person_id, after=after, limit=PER_PAGE + 1)
        rows = _rows(session, actor, found[:PER_PAGE], now=now)
    following = next_cursor([one.id for one in found], PER_PAGE, bound_to)
    page = TokensPage(
        rows=rows,
        may_make=actor.organisation_id is not None,
        next_href=next_href(TOKENS, following),
        done=DONE.get(request.query_params.get("done", ""), ""),
    )
    return shown(pages, page)


@get(f"{TOKENS}/new", opt={"access": SIGNED_IN}, sync_to_thread=True)
def new_token(pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """The form to make a token."""
    actor = visitor.actor(house.db, now=clock.now())
    if actor.organisation_id is None:
        return see_other(pick_href(f"{TOKENS}/new"))
    with house.db.read() as session:
        given = FormView(csrf=visitor.csrf, values={"holder": (MINE,), "days": ("90",)})
        page = _new_page(session, actor, given)
    return shown(pages, page)


@post(f"{TOKENS}/new", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=200)
def make(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Make a token; this very answer shows its secret, so there is no address that would."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    if actor.organisation_id is None:
        return see_other(pick_href(f"{TOKENS}/new"))
    try:
        scopes, days = _filled(form)
        wanted: dict[str, Any] = {
            "label": form.text("label").strip(),
            "scopes": scopes,
            "expires_at": now + timedelta(days=days),
            "now": now,
        }
        with house.db.write() as session:
            if form.text("holder") == ORGANISATIONS:
                organisation = session.get_one(Organisation, actor.organisation_id)
                made, secret = issue_token(session, actor, organisation, **wanted)
            else:
                made, secret = issue_personal_token(session, actor, actor.organisation_id, **wanted)
            page = SecretPage(label=made.label, secret=secret, ends_at=made.expires_at)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            again = _new_page(session, actor, refused.shown(visitor, form))
        return shown(pages, again, status_code=refused.status)
    return shown(pages, page)


@get(ONE, opt={"access": SIGNED_IN}, sync_to_thread=True)
def show_token(token_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """A token, and what can be done with it."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        page = _page(session, actor, token_id, FormView(csrf=visitor.csrf), now=now)
    return shown(pages, page)


@post(f"{ONE}/rotate", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=200)
def rotate(
    token_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[str]:
    """Put a new token in the place of one, which ends at once; this very answer shows its secret."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.write() as session:
            _visible(session, actor, token_id)
            made, secret = rotate_token(session, actor, token_id, now=now)
            page = SecretPage(label=made.label, secret=secret, ends_at=made.expires_at)
    except REFUSED as error:
        return _again(refusal(error, REASON), actor, token_id, form, pages, visitor, house, now=now)
    return shown(pages, page)


@post(f"{ONE}/revoke", opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def revoke(
    token_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running
) -> Response[Any]:
    """End a token at once."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.write() as session:
            _visible(session, actor, token_id)
            revoke_token(session, actor, token_id, reason=form.text("reason").strip() or None, now=now)
    except REFUSED as error:
        return _again(refusal(error, REASON), actor, token_id, form, pages, visitor, house, now=now)
    return see_other(f"{TOKENS}?done=revoked")


def _filled(form: Form) -> tuple[list[Scope], int]:
    faults = []
    if form.text("days") not in LIFETIMES:
        faults.append(Fault(field="days", problem="is not chosen", mend="choose one"))
    if form.text("holder") not in {MINE, ORGANISATIONS}:
        faults.append(Fault(field="holder", problem="is not chosen", mend="choose one"))
    scopes = [Scope(value) for value in form.all("scopes") if value in set(Scope)]
    if not scopes:
        faults.append(Fault(field="scopes", problem="is not chosen", mend="tick at least one"))
    if faults:
        raise Invalid(faults)
    return scopes, int(form.text("days"))


def _new_page(session: Session, actor: Actor, form: FormView) -> NewTokenPage:
    assert actor.organisation_id is not None
    own = organisation_out(session, actor.organisation_id)
    holders: tuple[Option, ...] = ()
    if Scope.TOKENS_MANAGE in actor.scopes:
        holders = (Option(value=MINE, text="Me"), Option(value=ORGANISATIONS, text=own.name))
    return NewTokenPage(
        form=form,
        organisation=own.name,
        holders=holders,
        scopes=tuple(
            Option(value=scope.value, text=_for_whom(scope, is_fit=scope in token_scopes(own.kind) or not holders))
            for scope in Scope
            if scope in actor.scopes
        ),
        lifetimes=tuple(Option(value=value, text=text) for value, text in LIFETIMES.items()),
    )


def _for_whom(scope: Scope, *, is_fit: bool) -> str:
    return SCOPE_WORDS[scope] if is_fit else f"{SCOPE_WORDS[scope]} (only for a token of your own)"


def _visible(session: Session, actor: Actor, token_id: UUID) -> ApiToken:
    """The token, if it is one's own or of an organisation whose tokens one manages; raises NotFound."""
    found = session.get(ApiToken, token_id)
    if found is not None:
        is_own = found.person_id is not None and found.person_id == actor.person_id
        manages = Scope.TOKENS_MANAGE in actor.scopes and actor.reaches(found.organisation_id)
        if is_own or manages:
            return found
    raise NotFound("token", token_id)


def _again(
    refused: Refusal,
    actor: Actor,
    token_id: UUID,
    form: Form,
    pages: Pages,
    visitor: Visitor,
    house: House,
    *,
    now: datetime,
) -> Response[str]:
    with house.db.read() as session:
        page = _page(session, actor, token_id, refused.shown(visitor, form), now=now)
    return shown(pages, page, status_code=refused.status)


def _page(session: Session, actor: Actor, token_id: UUID, form: FormView, *, now: datetime) -> TokenPage:
    token = token_out(_visible(session, actor, token_id))
    [row] = _rows(session, actor, [token], now=now)
    is_live = token.revoked_at is None and (token.expires_at is None or token.expires_at > now)
    is_anothers = token.person_id is not None and token.person_id != actor.person_id
    return TokenPage(
        form=form,
        href=f"{TOKENS}/{token.id}",
        row=row,
        may_rotate=is_live and not is_anothers,
        may_revoke=token.revoked_at is None,
        needs_reason=is_anothers,
    )


def _rows(session: Session, actor: Actor, found: Iterable[TokenOut], *, now: datetime) -> tuple[TokenRow, ...]:
    listed = list(found)
    names = {one.id: one.name for one in organisations_out(session, sorted({one.organisation_id for one in listed}))}
    return tuple(_row(one, actor, names[one.organisation_id], now=now) for one in listed)


def _row(one: TokenOut, actor: Actor, organisation: str, *, now: datetime) -> TokenRow:
    whose = organisation
    if one.person_id is not None:
        whose = f"You, for {organisation}" if one.person_id == actor.person_id else f"A member of {organisation}"
    return TokenRow(
        href=f"{TOKENS}/{one.id}",
        label=one.label or "No name",
        whose=whose,
        scopes=tuple(SCOPE_WORDS[scope] for scope in one.scopes),
        made_at=one.created_at,
        used_at=one.last_used_at,
        ends_at=one.expires_at,
        state=_state(one, now=now),
    )


def _state(one: TokenOut, *, now: datetime) -> Tag:
    if one.revoked_at is not None:
        return Tag(text="Revoked", colour="govuk-tag--red")
    if one.expires_at is not None and one.expires_at <= now:
        return Tag(text="Expired", colour="govuk-tag--grey")
    return Tag(text="Works", colour="govuk-tag--green")
