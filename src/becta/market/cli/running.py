"""Running the marketplace: serve, worker, demo, migrate, reindex, check."""

import signal
import threading
from contextlib import suppress

import click
import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from becta.kernel import clock
from becta.market.cli.opening import opened
from becta.market.demo.agreement import load_framework
from becta.market.demo.loading import load_demonstration, load_generated
from becta.market.demo.together import load_need
from becta.market.outbox.relay import Busy
from becta.market.settings import settings

GENERATED_SEED = 2026


@click.command()
def migrate() -> None:
    """Bring the database's schema to the newest version."""
    with opened() as house:
        click.echo(f"the schema of {house.db.engine.url.render_as_string()} is up to date")


@click.command()
def serve() -> None:
    """Serve API and pages; the outbox is relayed inside."""
    chosen = settings()
    with opened() as house, suppress(Busy):
        house.projection.heal()
    click.echo(f"http://{chosen.host}:{chosen.port}")
    Server(
        "becta.market.app:create_app",
        address=chosen.host,
        port=chosen.port,
        interface=Interfaces.ASGI,
        workers=chosen.workers,
        factory=True,
        log_level=LogLevels.warning,
        websockets=False,
    ).serve()


@click.command()
def worker() -> None:
    """Relay the outbox without serving; stops on SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened() as house:
        with suppress(Busy):
            house.projection.heal()
        house.relay.start()
        stop.wait()


@click.command()
@click.option("--scale", type=click.IntRange(1, 10_000_000), help="Also load this many generated listings.")
@click.option("--seed", type=int, default=GENERATED_SEED, show_default=True, help="Seed of the generated listings.")
def demo(scale: int | None, seed: int) -> None:
    """Create the database, load the demonstration catalogue and build its index. Safe to repeat."""
    now = clock.now()
    today = clock.london_date(now)
    with opened() as house:
        loaded = load_demonstration(house.db, today=today, now=now)
        if loaded.people:
            prefix = house.settings.ocid_prefix
            load_need(house.db, ocid_prefix=prefix, now=now)
            codes = load_framework(house.db, house.notary, ocid_prefix=prefix, now=now)
            click.echo(f"the laptops' tender is opened with {' and '.join(codes)} once it is over; not shown again")
        click.echo(f"demonstration: {_told(loaded)}")
        if scale is not None:
            click.echo(f"generated: {_told(load_generated(house.db, scale, seed=seed, today=today, now=now))}")
        repaired = house.projection.heal()
        click.echo(f"index: {repaired.put:,} listings indexed, {house.relay.drain():,} outbox messages done")
    _invite()


@click.command()
def reindex() -> None:
    """Build the search index anew beside the one in use, then switch; searches never see it empty."""
    with opened(create=False) as house:
        click.echo(f"{house.projection.rebuild()} listings indexed")


@click.command()
@click.option("--repair", is_flag=True, help="Also mend what differs.")
def check(repair: bool) -> None:
    """Compare the search index with the database; exits 1 if they differ and --repair was not given."""
    with opened(create=False) as house:
        waiting = house.relay.waiting()
        click.echo(f"outbox: {waiting.pending} waiting, {waiting.parked} parked")
        if repair:
            mended = house.projection.heal()
            click.echo(f"index: {mended.put} listings put right, {mended.removed} removed")
            click.echo(f"outbox: {house.relay.unpark()} parked messages given another try, {house.relay.drain()} done")
            return
        difference = house.projection.difference()
        click.echo(f"index: {difference.put} listings missing or old, {difference.removed} that should not be there")
    if difference.put or difference.removed or waiting.parked:
        raise SystemExit(1)


def _told(summary: msgspec.Struct) -> str:
    return ", ".join(f"{value:,} {name}" for name, value in msgspec.structs.asdict(summary).items())


def _invite() -> None:
    chosen = settings()
    home = f"http://{chosen.host}:{chosen.port}"
    click.echo(
        f"""
Open {home}/          the marketplace
     {home}/schema    the API browser

Things to try:
  1. {home}/search?q=chromebok                            a misspelt word, corrected and said so
  2. {home}/search?q=laptop&condition=remanufactured      remanufactured laptops with their particulars
  3. {home}/search?kind=software&badge=lti                software proved to speak LTI
  4. {home}/search?q=leased+line&region=south-west        broadband for a school in Devon
  5. curl '{home}/api/v1/search?q=visualiser&limit=3'     the same search as JSON
  6. {home}/sign-in                                      as bea@larchlane.example, a buyer; the link is at /outbox
     then commit £5,970 and let it through as hal@larchlane.example, her school's approver
  7. curl '{home}/api/v1/reference/route?buyer=trust&what=chromebooks&value_pence=30000000'   which route is lawful
  8. curl '{home}/api/v1/ocds/releases'                  three schools buy together, as open data
  9. curl '{home}/api/v1/frameworks'                     a framework of two lots, under which three suppliers compete
     the README says how to ask for procurements and the tier curve, which takes a token
"""
    )
