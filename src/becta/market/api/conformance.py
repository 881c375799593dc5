"""Conformance runs: suppliers have their artefacts and endpoints tested, and everybody reads the results."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED
from msgspec import Struct

from becta.compliance.conformance.runner import ArtefactRunner, EndpointRunner
from becta.compliance.conformance.service import (
    Artefact,
    artefact_faults,
    ask_for_run,
    check_may_ask,
    setting_faults,
)
from becta.kernel import clock
from becta.kernel.actor import Actor
from becta.kernel.errors import Fault, Invalid, refuse_if_any
from becta.kernel.ids import new_id
from becta.kernel.paging import fingerprint
from becta.market.api.access import BEARER, PUBLIC, SIGNED_IN, Credentials, known_first
from becta.market.api.paging import CursorParameter, Limit, Page, link_header, next_cursor, start_after
from becta.market.conformance.desk import Desk
from becta.market.conformance.queries import one_run, runner_out, runs_of
from becta.market.conformance.schemas import RunnerOut, RunOut, RunShort
from becta.market.db import Database
from becta.market.files.store import FileStore
from becta.market.problems import documented

LARGEST_ARTEFACT = 64 * 1024 * 1024
"""Bytes of an uploaded package: a OneRoster package with a million enrolments is a third of it."""
ROOM_FOR_FORM = 64 * 1024

TheDesk = NamedDependency[SkipValidation[Desk]]


@dataclass(frozen=True, kw_only=True)
class RunForm:
    """A file to test. `synthetic` says that it holds no data of real people: the result is public."""

    runner: str
    product_version: str
    file: UploadFile
    synthetic: bool = False
    recheck_of: UUID | None = None


class EndpointRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint to test with a runner's settings. Secrets among them are used once, and never shown or kept."""

    runner: str
    product_version: str
    settings: dict[str, str]
    synthetic: bool = False
    recheck_of: UUID | None = None


@get(
    "/conformance/runners",
    sync_to_thread=True,
    operation_id="list_conformance_runners",
    opt={"access": PUBLIC},
    tags=["conformance"],
)
def list_runners(desk: TheDesk) -> Page[RunnerOut]:
    """Every runner with its checks, the clause behind each, and what it needs."""
    return Page(items=[runner_out(runner) for runner in desk.runners.values()], next=None)


@post(
    "/products/{product_id:uuid}/conformance-runs",
    sync_to_thread=True,
    status_code=HTTP_202_ACCEPTED,
    operation_id="ask_for_conformance_run",
    opt={"access": SIGNED_IN},
    tags=["conformance"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
    guards=[known_first],
    request_max_body_size=LARGEST_ARTEFACT + ROOM_FOR_FORM,
)
def ask(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    desk: TheDesk,
    artefacts: NamedDependency[FileStore],
    product_id: FromPath[UUID],
    data: MultipartBody[RunForm],
) -> Response[RunOut]:
    """Have a file of a product tested, by its supplier; or, by a verifier, a badge of it checked again.

    The run is done soon after; read it at the address in Location.
    """
    now = clock.now()
    actor = credentials.actor(db, now=now)
    runner = _runner(desk, data.runner, ArtefactRunner)
    with db.read() as session:
        check_may_ask(
            session, actor, product_id, runner, product_version=data.product_version, recheck_of=data.recheck_of
        )
    refuse_if_any([*_data_faults(is_synthetic=data.synthetic), *artefact_faults(runner, data.file.filename)])
    artefact = kept_artefact(artefacts, data.file)
    return _asked(
        db,
        actor,
        product_id,
        runner,
        product_version=data.product_version,
        artefact=artefact,
        recheck_of=data.recheck_of,
        now=now,
    )


@post(
    "/products/{product_id:uuid}/endpoint-runs",
    sync_to_thread=True,
    status_code=HTTP_202_ACCEPTED,
    operation_id="ask_for_endpoint_run",
    opt={"access": SIGNED_IN},
    tags=["conformance"],
    security=BEARER,
    responses=documented(400, 401, 403, 404, 409, 413),
)
def ask_endpoint(
    db: NamedDependency[Database],
    credentials: NamedDependency[Credentials],
    desk: TheDesk,
    product_id: FromPath[UUID],
    data: JSONBody[EndpointRun],
) -> Response[RunOut]:
    """Have a running service of a product tested, by its supplier; or, by a verifier, a badge of it checked again.

    The run is done soon after; read it at the address in Location.
    """
    now = clock.now()
    actor = credentials.actor(db, now=now)
    runner = _runner(desk, data.runner, EndpointRunner)
    refuse_if_any([*_data_faults(is_synthetic=data.synthetic), *setting_faults(runner, data.settings)])
    secret = {name: value for name, value in data.settings.items() if name in runner.secret}
    return _asked(
        db,
        actor,
        product_id,
        runner,
        product_version=data.product_version,
        settings={name: value for name, value in data.settings.items() if name not in runner.secret},
        sealed=desk.sealed.seal(secret),
        recheck_of=data.recheck_of,
        now=now,
    )


@get(
    "/products/{product_id:uuid}/conformance-runs",
    sync_to_thread=True,
    operation_id="list_conformance_runs",
    opt={"access": PUBLIC},
    tags=["conformance"],
    responses=documented(400, 404),
)
def list_runs(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    product_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorParameter = None,
) -> Response[Page[RunShort]]:
    """The conformance runs of a product, newest first: also those that failed."""
    bound_to = fingerprint("conformance-runs", product_id)
    before = start_after(cursor, bound_to)
    with db.read() as session:
        found = runs_of(session, product_id, before=before, limit=limit + 1)
    following = next_cursor([run.id for run in found], limit, bound_to)
    return Response(Page(items=found[:limit], next=following), headers=link_header(request, following))


@get(
    "/conformance-runs/{run_id:uuid}",
    sync_to_thread=True,
    operation_id="get_conformance_run",
    opt={"access": PUBLIC},
    tags=["conformance"],
    responses=documented(404),
)
def get_run(db: NamedDependency[Database], run_id: FromPath[UUID]) -> RunOut:
    """A conformance run with its whole result: each check with its clause, each finding with its file and line."""
    with db.read() as session:
        return one_run(session, run_id, None)


@get(
    "/conformance-runs/{run_id:uuid}/quoted",
    sync_to_thread=True,
    operation_id="get_conformance_run_quoted",
    opt={"access": SIGNED_IN},
    tags=["conformance"],
    security=BEARER,
    responses=documented(401, 403, 404),
)
def get_run_quoted(
    db: NamedDependency[Database], credentials: NamedDependency[Credentials], run_id: FromPath[UUID]
) -> RunOut:
    """The same with what the findings quote of the input, for its supplier and verifiers."""
    actor = credentials.actor(db, now=clock.now())
    with db.read() as session:
        return one_run(session, run_id, actor)


def kept_artefact(files: FileStore, sent: UploadFile) -> Artefact:
    """Keep a file until it is tested; raises Invalid if it is too large."""
    run_id = new_id()
    kept = files.keep(sent.file, at_most=LARGEST_ARTEFACT, key=run_id.hex)
    return Artefact(run_id=run_id, name=sent.filename, sha256=kept.sha256, size=kept.size)


def _asked(db: Database, actor: Actor, product_id: UUID, runner: Any, **asked: Any) -> Response[RunOut]:
    with db.write() as session:
        run = ask_for_run(session, actor, product_id, runner, **asked)
        told = one_run(session, run.id, actor)
    return Response(told, headers={"Location": f"/api/v1/conformance-runs/{told.id}"})


def _runner(desk: Desk, code: str, kind: type[Any]) -> Any:
    runner = desk.runners.get(code)
    if not isinstance(runner, kind):
        known = ", ".join(code for code, each in desk.runners.items() if isinstance(each, kind))
        takes = "a file" if kind is ArtefactRunner else "an endpoint"
        raise Invalid(
            [
                Fault(
                    field="runner",
                    problem=f"is no runner that takes {takes}",
                    mend=f"choose one of {known}",
                    value=code[:40],
                )
            ]
        )
    return runner


def _data_faults(*, is_synthetic: bool) -> list[Fault]:
    if is_synthetic:
        return []
    mend = "send made-up data only and set synthetic to true: the result is public"
    return [Fault(field="synthetic", problem="does not say that no data of real people are sent", mend=mend)]
