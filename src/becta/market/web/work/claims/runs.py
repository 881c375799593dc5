"""Having a product tested: the list of runs, and asking for one in two steps."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from msgspec import Struct
from sqlmodel import Session

from becta.compliance.conformance.registry import Runner
from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.compliance.conformance.service import Artefact, artefact_faults, ask_for_run, setting_faults
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.kernel.errors import DomainError, Fault, Invalid, refuse_if_any
from becta.kernel.paging import fingerprint
from becta.market.api.access import needs
from becta.market.api.conformance import LARGEST_ARTEFACT, ROOM_FOR_FORM, kept_artefact
from becta.market.api.paging import next_cursor, start_after
from becta.market.web.account.answers import Running, see_other, shown
from becta.market.web.addresses import next_href
from becta.market.web.badges.run import runner_title
from becta.market.web.rendering import Rendering
from becta.market.web.views import Option
from becta.market.web.visitor import Filled, Form, Visiting
from becta.market.web.work.claims.choices import product_of, product_options
from becta.market.web.work.claims.queries import ListedProduct, runs_of_supplier
from becta.market.web.work.claims.views import NewRunPage, RunRow, RunsPage, Setting, StartRunPage
from becta.market.web.work.claims.words import RUNS, found_words, run_tag
from becta.market.web.work.forms import REFUSED, refusal
from becta.market.web.work.views import FormView, Group
from becta.market.wiring import House

NEW = f"{RUNS}/new"
PER_PAGE = 25
"""Bytes of a file sent by the form; larger ones go by the API."""
ASKED = ("product", "reference", "runner")
START_LABELS = {"product": "The product", "reference": "The reference", "runner": "The test"}
SYNTHETIC = "yes"
_SHORT = frozenset({"url", "id", "jwks"})


class Chosen(Struct, frozen=True, kw_only=True):
    """What is tested by which runner."""

    product: ListedProduct
    runner: Runner


@get(RUNS, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def list_runs(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Runs of the products of the supplier acted for, newest first; all of them for the operator."""
    actor = visitor.actor(house.db, now=clock.now())
    bound_to = fingerprint("run pages", actor.bound_to)
    before = start_after(request.query_params.get("cursor") or None, bound_to)
    with house.db.read() as session:
        found = runs_of_supplier(session, actor.bound_to, before=before, limit=PER_PAGE + 1)
    following = next_cursor([line.run.id for line in found], PER_PAGE, bound_to)
    rows = tuple(
        RunRow(
            href=f"/conformance/{line.run.id}",
            runner=runner_title(house.desk, line.run.runner),
            product=line.product,
            product_version=line.run.product_version,
            asked_at=line.run.asked_at,
            state=run_tag(line.run),
            found=found_words(line.run),
        )
        for line in found[:PER_PAGE]
    )
    page = RunsPage(
        rows=rows,
        may_ask=actor.bound_to is not None,
        next_href=next_href(RUNS, following),
    )
    return shown(pages, page)


@get(NEW, opt={"access": needs(Scope.BADGES_CLAIM)}, sync_to_thread=True)
def new_run(request: Request[Any, Any, Any], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Choosing product and test; with both in the address, the form for what is to be tested."""
    actor = visitor.actor(house.db, now=clock.now())
    asked = {name: str(request.query_params.get(name, ""))[:200] for name in ASKED}
    values = {name: (text,) for name, text in asked.items()}
    if not request.query_params.get("next") and not (asked["product"] and asked["runner"]):
        with house.db.read() as session:
            return shown(pages, _start(session, actor, house, FormView(csrf=visitor.csrf, values=values)))
    try:
        with house.db.read() as session:
            chosen = _chosen(session, actor, house, asked)
    except Invalid as error:
        refused = refusal(error, START_LABELS)
        with house.db.read() as session:
            start = _start(session, actor, house, refused.shown(visitor, Form(values)))
        return shown(pages, start, status_code=refused.status)
    return shown(pages, _new(chosen, FormView(csrf=visitor.csrf)))


@post(
    NEW,
    opt={"access": needs(Scope.BADGES_CLAIM)},
    sync_to_thread=True,
    status_code=303,
    request_max_body_size=LARGEST_ARTEFACT + ROOM_FOR_FORM,
)
def ask(form: Filled, pages: Rendering, visitor: Visiting, house: Running) -> Response[Any]:
    """Ask for the run; its public page says what came out."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    try:
        with house.db.read() as session:
            chosen = _chosen(session, actor, house, {name: form.text(name)[:200] for name in ASKED})
    except Invalid as error:
        refused = refusal(error, START_LABELS)
        with house.db.read() as session:
            start = _start(session, actor, house, refused.shown(visitor, form))
        return shown(pages, start, status_code=refused.status)
    try:
        run_id = _asked(house, actor, chosen, form, now=now)
    except REFUSED as error:
        refused = refusal(_at_fields(error), _labels(chosen.runner))
        without_secrets = Form({name: texts for name, texts in form.values.items() if name not in _secret(chosen)})
        return shown(pages, _new(chosen, refused.shown(visitor, without_secrets)), status_code=refused.status)
    return see_other(f"/conformance/{run_id}")


def _asked(house: House, actor: Actor, chosen: Chosen, form: Form, *, now: datetime) -> UUID:
    """Ask for a run with what the form holds; raises Invalid, Forbidden, or Conflict if too many wait."""
    runner, faults = chosen.runner, []
    if form.text("synthetic") != SYNTHETIC:
        mend = "send made-up data only, and tick the box: the result is public"
        faults.append(Fault(field="synthetic", problem="is not ticked", mend=mend))
    if not form.text("product_version").strip():
        faults.append(Fault(field="product_version", problem="is empty", mend="give the version that is tested"))
    more: dict[str, Any]
    if isinstance(runner, ArtefactRunner):
        more = {"artefact": _artefact(house, runner, form, faults)}
    else:
        more = _settings(house, runner, form, faults)
    with house.db.write() as session:
        asked = {"product_version": form.text("product_version"), **more}
        return ask_for_run(session, actor, chosen.product.id, runner, **asked, now=now).id


def _artefact(house: House, runner: ArtefactRunner, form: Form, faults: list[Fault]) -> Artefact:
    """The file that was sent, kept until it is tested; raises Invalid with the faults found before it too."""
    sent = form.files.get("file")
    if sent is None or not sent.filename:
        mend = f"choose one that ends in {' or '.join(runner.suffixes)}"
        raise Invalid([Fault(field="file", problem="is not chosen", mend=mend), *faults])
    refuse_if_any([*artefact_faults(runner, sent.filename), *faults])
    return kept_artefact(house.artefacts, sent)


def _settings(house: House, runner: EndpointRunner, form: Form, faults: list[Fault]) -> dict[str, Any]:
    """The settings that were filled in, secret ones sealed; raises Invalid with the faults found before them too."""
    typed = {name: form.text(_field(name)).strip() for name in runner.settings}
    given = {name: text for name, text in typed.items() if text}
    refuse_if_any([*setting_faults(runner, given), *faults])
    secret = {name: text for name, text in given.items() if name in runner.secret}
    open_ones = {name: text for name, text in given.items() if name not in runner.secret}
    return {"settings": open_ones, "sealed": house.desk.sealed.seal(secret)}


def _chosen(session: Session, actor: Actor, house: House, asked: dict[str, str]) -> Chosen:
    runner = house.desk.runners.get(asked["runner"])
    product = product_of(session, actor, asked["product"], asked["reference"])
    faults = []
    if product is None:
        mend = "choose one of the supplier's listed products"
        faults.append(Fault(field="product", problem="is not chosen", mend=mend))
    if runner is None:
        mend = "choose what the product should be tested for"
        faults.append(Fault(field="runner", problem="is not chosen", mend=mend))
    if product is None or runner is None:
        raise Invalid(faults)
    return Chosen(product=product, runner=runner)


def _start(session: Session, actor: Actor, house: House, form: FormView) -> StartRunPage:
    products, is_cut = product_options(session, actor)
    kinds = (("By a file that you send", ArtefactRunner), ("By reaching a running service", EndpointRunner))
    groups = tuple(
        Group(
            title=title,
            options=tuple(
                Option(value=code, text=runner.title)
                for code, runner in house.desk.runners.items()
                if isinstance(runner, kind)
            ),
        )
        for title, kind in kinds
    )
    return StartRunPage(form=form, products=products, runners=groups, is_cut=is_cut)


def _new(chosen: Chosen, form: FormView) -> NewRunPage:
    runner = chosen.runner
    return NewRunPage(
        form=form,
        product=chosen.product.title,
        runner=runner.title,
        product_id=str(chosen.product.id),
        runner_code=runner.code,
        suffixes=runner.suffixes if isinstance(runner, ArtefactRunner) else (),
        settings=tuple(
            Setting(
                name=_field(name),
                label=_name(name) + (" (optional)" if name in runner.optional else ""),
                hint=meaning[:1].upper() + meaning[1:],
                is_secret=name in runner.secret,
                is_long=name.endswith("_key") or "a line" in meaning,  # a field of one line would lose the others
            )
            for name, meaning in runner.settings.items()
        )
        if isinstance(runner, EndpointRunner)
        else (),
    )


def _labels(runner: Runner) -> dict[str, str]:
    """What the fields of the form are called in errors, in their order."""
    settings = runner.settings if isinstance(runner, EndpointRunner) else {}
    return {
        "product_version": "The version",
        "file": "The file",
        **{_field(name): _name(name) for name in settings},
        "synthetic": "The box about real people",
    }


def _at_fields(error: DomainError) -> DomainError:
    """The same refusal; what is wrong with a setting is told beside its field."""
    if not isinstance(error, Invalid):
        return error
    return Invalid(
        [
            Fault(
                field=fault.field.replace("settings.", "setting-"),
                problem=fault.problem,
                mend=fault.mend,
                value=fault.value,
            )
            for fault in error.faults
        ]
    )


def _secret(chosen: Chosen) -> frozenset[str]:
    runner = chosen.runner
    return frozenset(map(_field, runner.secret)) if isinstance(runner, EndpointRunner) else frozenset()


def _field(setting: str) -> str:
    return f"setting-{setting}"


def _name(setting: str) -> str:
    """A setting's name for people: "client_id" is "Client ID"."""
    words = [word.upper() if word in _SHORT else word for word in setting.split("_")]
    return words[0][:1].upper() + " ".join(words)[1:]
