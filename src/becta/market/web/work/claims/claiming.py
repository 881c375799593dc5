"""Making a claim in two steps, and mending one that was returned."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import BadgeClaim, ClaimState, Level
from becta.compliance.badges.service import claim_badge, mend_claim
from becta.compliance.standards.registry import Holder, standards
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import Fault, Invalid
from becta.kernel.ids import new_id
from becta.market.api.access import needs
from becta.market.api.idempotency import Answer, once
from becta.market.listings.queries import one_claim
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import as_uuid
from becta.market.web.rendering import Rendering
from becta.market.web.views import Link, Option
from becta.market.web.visitor import TOKEN_FIELD, Filled, Form, Visiting
from becta.market.web.work.claims.choices import Chosen, chosen_of, holder_groups, standard_groups
from becta.market.web.work.claims.particulars import LABELS, claim_of, shown_values
from becta.market.web.work.claims.queries import one_line, passed_runs
from becta.market.web.work.claims.views import EditClaimPage, StartClaimPage
from becta.market.web.work.claims.words import CLAIMS, LEVELS, guide_of, run_words, title_of
from becta.market.web.work.forms import REFUSED, refusal, revision_of
from becta.market.web.work.views import FormView
from becta.market.wiring import House

NEW = f"{CLAIMS}/new"
MEND = f"{CLAIMS}/{{claim_id:uuid}}/mend"
MOST_RUNS = 50
START_LABELS = {"holder": "Whom it is for", "reference": "The reference", "standard": "The standard"}
ASKED = ("holder", "reference", "standard")


@get(NEW, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def new_claim(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Choosing whom the claim is for and the standard; with both in the address, the form for the particulars."""
    actor = visitor.actor(house.db, now=clock.now())
    asked = {name: str(request.query_params.get(name, ""))[:200] for name in ASKED}
    values = {name: (text,) for name, text in asked.items()}
    if not (asked["standard"] and (asked["holder"] or asked["reference"])) and not request.query_params.get("next"):
        with house.db.read() as session:
            return shown(pages, _start(session, actor, FormView(csrf=visitor.csrf, values=values)))
    try:
        with house.db.read() as session:
            chosen = chosen_of(session, actor, **asked)
            page = _new(session, house, chosen, FormView(csrf=visitor.csrf), key=str(new_id()))
    except Invalid as error:
        refused = refusal(error, START_LABELS)
        with house.db.read() as session:
            start = _start(session, actor, refused.shown(visitor, Form(values)))
        return shown(pages, start, status_code=refused.status)
    return shown(pages, page)


@post(NEW, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True, status_code=303)
def claim(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Make the claim; its page asks for evidence."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.read() as session:
            chosen = chosen_of(session, actor, **{name: form.text(name)[:200] for name in ASKED})
    except Invalid as error:
        refused = refusal(error, START_LABELS)
        with house.db.read() as session:
            start = _start(session, actor, refused.shown(visitor, form))
        return shown(pages, start, status_code=refused.status)
    try:
        said = claim_of(form, chosen.holder, standard=chosen.standard.code, version=chosen.version)
        made = _claimed(house, actor, chosen, said, form, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            page = _new(session, house, chosen, refused.shown(visitor, form), key=form.text("key")[:80])
        return shown(pages, page, status_code=refused.status)
    return see_other(made)


@get(MEND, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def mending(claim_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """The form to mend a claim that was returned; of any other the page says how it stands."""
    actor = visitor.actor(house.db, now=clock.now())
    with house.db.read() as session:
        row = one_claim(session, actor, claim_id)
        if row.state is not ClaimState.RETURNED:
            return see_other(f"{CLAIMS}/{claim_id}")
        form = FormView(csrf=visitor.csrf, values=shown_values(row))
        page = _mend(session, row, form, row.revision)
    return shown(pages, page)


@post(MEND, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True, status_code=303)
def mend(claim_id: FromPath[UUID], form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Mend a claim and send it again."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    revision = revision_of(form)
    with house.db.read() as session:
        row = one_claim(session, actor, claim_id)
    try:
        said = claim_of(form, row.holder, standard=row.standard, version=row.standard_version, level=row.level)
        with house.db.write() as session:
            mend_claim(session, actor, claim_id, said, revision=revision, now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        with house.db.read() as session:
            row = one_claim(session, actor, claim_id)
            page = _mend(session, row, refused.shown(visitor, form), revision)
        return shown(pages, page, status_code=refused.status)
    return see_other(f"{CLAIMS}/{claim_id}")


def _claimed(house: House, actor: Actor, chosen: Chosen, said: BadgeClaim, form: Form, *, now: datetime) -> str:
    """Make the claim, once for a double click; returns where its page is."""
    run_id = _run_of(form, said.level)
    holder, holder_id = chosen.holder, chosen.holder_id
    with house.db.write() as session:

        def do() -> Answer:
            made = claim_badge(session, actor, holder=holder, holder_id=holder_id, claim=said, run_id=run_id, now=now)
            return Answer({"id": made.id}, {"Location": f"{CLAIMS}/{made.id}"})

        asked = ("claim page", holder, holder_id, said, run_id)
        made = once(session, actor, _key(form), asked, do, now=now)
    return str(made.headers["Location"])


def _key(form: Form) -> str:
    """The same for a double click; another one when somebody goes back and sends something else."""
    sent = [(name, value) for name, value in form.values.items() if name != TOKEN_FIELD]
    return sha256(repr(sent).encode()).hexdigest()


def _run_of(form: Form, level: Level) -> UUID | None:
    """The run that a claim to be tested by us rests on; raises Invalid if none is chosen."""
    if level is not Level.TESTED_BY_US:
        return None
    found = as_uuid(form.text("conformance_run_id"))
    if found is None:
        mend = "choose the run that passed, or another level"
        raise Invalid([Fault(field="conformance_run_id", problem="is not chosen", mend=mend)])
    return found


def _start(session: Session, actor: Actor, form: FormView) -> StartClaimPage:
    holders, is_cut = holder_groups(session, actor)
    return StartClaimPage(form=form, holders=holders, standards=standard_groups(), is_cut=is_cut)


def _new(session: Session, house: House, chosen: Chosen, form: FormView, *, key: str) -> EditClaimPage:
    runs: list[Option] = []
    if chosen.holder is Holder.PRODUCT:
        runners = house.desk.runners
        for run in passed_runs(session, chosen.holder_id, chosen.standard.code, chosen.version, limit=MOST_RUNS):
            title = runners[run.runner].title if run.runner in runners else run.runner
            runs.append(Option(value=str(run.id), text=run_words(run, title)))
    levels = [level for level in LEVELS if level is not Level.TESTED_BY_US or runs]
    return EditClaimPage(
        form=form,
        title="Claim a badge",
        action=NEW,
        button="Send the claim",
        back=Link(text="Choose again", href=f"{NEW}?{urlencode(_start_fields(chosen))}"),
        badge=chosen.badge,
        holder=chosen.name,
        kept=tuple(Option(value=text, text=name) for name, text in {**chosen.fields, "key": key}.items()),
        roles=_roles(chosen.standard.code),
        levels=tuple(Option(value=level, text=LEVELS[level]) for level in levels),
        runs=tuple(runs),
        guide=guide_of(chosen.standard.code),
    )


def _start_fields(chosen: Chosen) -> dict[str, str]:
    """What the first step opens with again: one field only, so that it does not go on by itself."""
    return {"holder": chosen.fields["holder"]}


def _mend(session: Session, row: BadgeClaimRow, form: FormView, revision: int) -> EditClaimPage:
    return EditClaimPage(
        form=form,
        title="Mend the claim",
        action=f"{CLAIMS}/{row.id}/mend",
        button="Send it again",
        back=Link(text="The claim", href=f"{CLAIMS}/{row.id}"),
        badge=title_of(row),
        holder=one_line(session, row.id).holder,
        kept=(),
        roles=_roles(row.standard),
        levels=(),
        runs=(),
        guide=guide_of(row.standard),
        reasons=tuple(row.reasons),
        revision=revision,
    )


def _roles(code: str) -> tuple[Option, ...]:
    return tuple(Option(value=role, text=role) for role in standards()[code].roles)
