"""`market ocds`: our releases into a folder, and the notices of others into the house."""

from pathlib import Path

import click

from becta.kernel import clock
from becta.kernel.actor import system
from becta.market.cli.opening import opened
from becta.market.ocds.alerts import tell_of_notices
from becta.market.ocds.export import NotOurs, export
from becta.market.ocds.importing import import_notices
from becta.market.ocds.packages import Publisher
from becta.market.ocds.reading import Refused

SHOWN = 50
"""How many faults are told."""


@click.group()
def ocds() -> None:
    """Open contracting: publish our releases as OCDS packages, and import notices of others."""


@ocds.command("export")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder to write.")
def export_(out: Path) -> None:
    """Write release and record packages, JSON Lines and CSV; an earlier export there is replaced whole."""
    with opened(create=False) as house:
        publisher = Publisher(name="BECTA 2.0 marketplace", origin=house.settings.origin)
        try:
            made = export(house.db, out, publisher, now=clock.now())
        except (NotOurs, OSError) as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {made.releases} releases, {made.records} records")


@ocds.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(files: tuple[Path, ...]) -> None:
    """Import OCDS notices: JSON Lines, releases, release packages or record packages. The same twice changes nothing.

    Exits 1 if anything was refused.
    """
    refused = 0
    with opened() as house:
        for path in files:
            told = _Teller(path)
            try:
                with path.open("rb") as stream:
                    made = import_notices(
                        house.db.write, stream, system("command line"), now=clock.now(), refuse=told.refuse
                    )
            except OSError as error:
                raise click.ClickException(str(error)) from error
            told.end()
            click.echo(
                f"{path}: {made.read + made.refused} releases read, {made.new} new, {made.changed} changed, "
                f"{made.identical} known, {made.refused} refused"
            )
            refused += made.refused
        told_of = tell_of_notices(house.db, now=clock.now())
        house.relay.drain()
        click.echo(f"{told_of} suppliers told of notices that fit")
    if refused:
        raise SystemExit(1)


class _Teller:
    """One line a fault, as compilers write them."""

    def __init__(self, path: Path) -> None:
        self._path, self._count = path, 0

    def refuse(self, refused: Refused) -> None:
        self._count += 1
        if self._count <= SHOWN:
            mistake = refused.mistake
            value = f" ({_one_line(mistake.value)})" if mistake.value else ""
            place = _one_line(mistake.pointer) or "it"
            click.echo(f"{self._path}:{refused.line}: {place} {mistake.problem}{value}; {mistake.mend}", err=True)

    def end(self) -> None:
        if self._count > SHOWN:
            click.echo(f"{self._path}: … and {self._count - SHOWN} faults more", err=True)


def _one_line(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)
