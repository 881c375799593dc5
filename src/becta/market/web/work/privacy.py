"""Personal data: the register for everybody, one's own copy, and erasing oneself."""

from typing import Any

import msgspec
from litestar import Response, get, post

from becta.kernel import clock
from becta.kernel.errors import Fault, Invalid
from becta.market.api.access import PUBLIC, SIGNED_IN
from becta.market.privacy.held import Holding, holdings
from becta.market.privacy.queries import export_person
from becta.market.privacy.service import erase_person
from becta.market.web.account.answers import Running, jar_of, see_other, shown
from becta.market.web.account.views import NotePage
from becta.market.web.rendering import SECURITY_HEADERS, Rendering
from becta.market.web.views import Fact, Link
from becta.market.web.visitor import NO_STORE, Filled, SignedIn, Visiting
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.views import ErasePage, FormView, HoldingRow, RegisterPage

OWN = "/account/data"
ERASE = "/account/erase"
ERASED = "/account/erased"
SURE = "yes"
LABELS = {"reason": "The reason", "sure": "The box"}


@get("/privacy", opt={"access": PUBLIC}, sync_to_thread=True)
def register(pages: Rendering) -> Response[str]:
    """What is held about people, and why."""
    return pages.response(_register(is_own=False))


@get(OWN, opt={"access": SIGNED_IN}, sync_to_thread=True)
def own_data(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """What is held about people, with one's own copy to download."""
    visitor.signed_in(house.db, now=clock.now())
    return shown(pages, _register(is_own=True))


@get(f"{OWN}/download", opt={"access": SIGNED_IN}, sync_to_thread=True)
def download(visitor: Visiting, house: Running) -> Response[bytes]:
    """Everything held about oneself, as a file that programs read."""
    now = clock.now()
    held = visitor.signed_in(house.db, now=now)
    with house.db.read() as session:
        told = export_person(session, held.person.id, now=now)
    return Response(
        msgspec.json.format(msgspec.json.encode(told), indent=2),
        media_type="application/json",
        headers={
            **SECURITY_HEADERS,
            **NO_STORE,
            "Content-Disposition": f'attachment; filename="my-data-{clock.london_date(now).isoformat()}.json"',
        },
    )


@get(ERASE, opt={"access": SIGNED_IN}, sync_to_thread=True)
def ask_to_erase(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """The form to erase oneself."""
    held = visitor.signed_in(house.db, now=clock.now())
    return shown(pages, _erase(held, FormView(csrf=visitor.csrf)))


@post(ERASE, opt={"access": SIGNED_IN}, sync_to_thread=True, status_code=303)
def erase(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Erase oneself for good."""
    now, jar = clock.now(), jar_of(house)
    held = visitor.signed_in(house.db, now=now)
    try:
        if form.text("sure") != SURE:
            raise Invalid([Fault(field="sure", problem="is not ticked", mend="tick it if you are sure")])
        with house.db.write() as session:
            erase_person(session, held.actor, held.person.id, form.text("reason").strip(), now=now)
    except REFUSED as error:
        refused = refusal(error, LABELS)
        return shown(pages, _erase(held, refused.shown(visitor, form)), status_code=refused.status)
    return see_other(ERASED, cookies=[jar.drop(jar.session), jar.drop(jar.browser)])


@get(ERASED, opt={"access": PUBLIC}, sync_to_thread=True)
def erased(pages: Rendering) -> Response[str]:
    """Say that it is done."""
    page = NotePage(
        title="Your data were erased",
        text="You are signed out everywhere, and your tokens work no more. The record of decisions keeps what was "
        "decided, without your name.",
        links=(Link(text="What we hold about people", href="/privacy"), Link(text="Go to the home page", href="/")),
    )
    return shown(pages, page)


def _register(*, is_own: bool) -> RegisterPage:
    return RegisterPage(rows=tuple(_row(one) for one in holdings()), is_own=is_own)


def _row(one: Holding) -> HoldingRow:
    words = one.place or (one.table or "").replace("_", " ")
    return HoldingRow(
        title=words[:1].upper() + words[1:],
        facts=(
            Fact(term="What", text=", ".join(name.replace("_", " ") for name in one.columns) or "everything there"),
            Fact(term="About whom", text=one.whose),
            Fact(term="Why", text=one.why),
            Fact(term="Lawful basis", text=one.basis),
            Fact(term="How long", text=one.kept),
            Fact(term="If you are erased", text=one.on_erasure),
        ),
    )


def _erase(held: SignedIn, form: FormView) -> ErasePage:
    return ErasePage(form=form, name=held.person.name or held.person.email or "")
