"""`market import`: catalogue files and the DfE register."""

from collections.abc import Callable
from inspect import getdoc
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from becta.catalogue.imports.columns import describe
from becta.catalogue.imports.loading import Loader, StrictRefusal, import_file
from becta.catalogue.imports.products import ProductLoader, ProductRow
from becta.catalogue.imports.report import ImportReport
from becta.catalogue.imports.rows import UnreadableFile
from becta.catalogue.imports.suppliers import SupplierLoader, SupplierRow
from becta.kernel import clock
from becta.kernel.actor import system
from becta.kernel.errors import Conflict
from becta.market.cli.opening import opened
from becta.market.organisations.service import RegisterShrinks, StrictRefused, import_register
from becta.market.wiring import House
from becta.refurb.units.imports import OfferLoader, OfferRow

SHOWN_FAULTS = 50
ROWS = {"suppliers": SupplierRow, "products": ProductRow, "offers": OfferRow}
LOADERS: dict[str, Callable[[], Loader]] = {
    "suppliers": SupplierLoader,
    "products": ProductLoader,
    "offers": OfferLoader,
}

STRICT = click.option("--strict", is_flag=True, help="Import nothing at all if any row is bad.")
ERRORS = click.option(
    "--errors", type=click.Path(path_type=Path, dir_okay=False), help="Write every fault to this CSV file."
)


@click.group("import")
def import_() -> None:
    """Import catalogue files or the DfE register. The same file twice changes nothing."""


def _catalogue_command(kind: str) -> click.Command:
    @click.command(kind, help=f"Import {kind} from CSV or JSON Lines files (.gz may follow).")
    @click.argument("files", nargs=-1, type=click.Path(path_type=Path))
    @click.option("--schema", is_flag=True, help="Print the columns and the JSON Schema, and import nothing.")
    @click.option(
        "--create-suppliers", is_flag=True, hidden=kind != "products", help="Register suppliers nobody knows."
    )
    @STRICT
    @ERRORS
    def command(
        files: tuple[Path, ...], schema: bool, create_suppliers: bool, strict: bool, errors: Path | None
    ) -> None:
        if schema:
            _print_schema(kind)
            return
        if not files:
            raise click.UsageError("name at least one file, or ask for --schema")
        refusal: click.ClickException | None = None
        make = (
            (lambda: ProductLoader(create_suppliers=True)) if create_suppliers and kind == "products" else LOADERS[kind]
        )
        with opened() as house, _report(errors) as report:
            with _progress(kind) as advance:
                try:
                    for path in files:
                        _import_one(house, make(), path, report, strict=strict, progress=advance)
                except (UnreadableFile, StrictRefusal, Conflict) as error:
                    refusal = click.ClickException(str(error))
                indexed = house.relay.drain()
            _summarise(kind, report, indexed=indexed)
            if refusal is not None:
                raise refusal
        if report.failed:
            raise SystemExit(1)

    return command


for _kind in ROWS:
    import_.add_command(_catalogue_command(_kind))


@import_.command("schools")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Take a file although it would shrink the register by more than 10 %.")
@STRICT
@ERRORS
def schools(files: tuple[Path, ...], force: bool, strict: bool, errors: Path | None) -> None:
    """Import the DfE register: edubasealldata*.csv, allgroupsdata*.csv and the link files, in any order."""
    with opened() as house, _report(errors) as report:
        try:
            with _progress("register") as advance:
                summary = import_register(
                    house.db,
                    files,
                    actor=system("command line"),
                    now=clock.now(),
                    strict=strict,
                    force=force,
                    report=report,
                    progress=lambda _more: advance(report.read),
                )
        except (UnreadableFile, StrictRefused, RegisterShrinks) as error:
            _print_faults(report)
            raise click.ClickException(str(error)) from error
        changes = 0
        for part in ("establishments", "groups", "memberships", "links"):
            counts = msgspec.structs.asdict(getattr(summary, part))
            click.echo(f"{part}: " + ", ".join(f"{value} {name}" for name, value in counts.items()))
            changes += sum(counts[name] for name in ("created", "changed", "ended", "missing"))
        click.echo(f"register: {changes} changes")
        _print_faults(report)
    if report.failed:
        raise SystemExit(1)


def _import_one(
    house: House, loader: Loader, path: Path, report: ImportReport, *, strict: bool, progress: Callable[[int], None]
) -> None:
    import_file(
        house.db.write,
        loader,
        path,
        actor=system("command line"),
        now=clock.now(),
        report=report,
        strict=strict,
        progress=progress,
    )


def _report(errors: Path | None) -> ImportReport:
    if errors is not None and not errors.absolute().parent.is_dir():
        raise click.BadParameter(f"{errors.parent} is not a folder", param_hint="--errors")
    return ImportReport(errors)


class _progress:  # noqa: N801 - reads as a verb where it is used
    """A progress bar on standard error: rows done so far, since a stream's end is not known."""

    def __init__(self, what: str) -> None:
        columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._what = what

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        task = self._bar.add_task(f"importing {self._what}", total=None)
        return lambda rows: self._bar.update(task, description=f"importing {self._what}: {rows:,} rows")

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _summarise(kind: str, report: ImportReport, *, indexed: int) -> None:
    click.echo(
        f"{kind}: {report.read} rows read, {report.created} created, {report.changed} changed, "
        f"{report.unchanged} unchanged, {report.failed} failed; {report.changes} changes, {indexed} messages indexed"
    )
    _print_faults(report)


def _print_faults(report: ImportReport) -> None:
    """One line a fault, as compilers write them, so that nothing is cut off and other tools can read it."""
    for entry in report.faults[:SHOWN_FAULTS]:
        fault = entry.fault
        value = f" ({_one_line(fault.value)})" if fault.value else ""
        click.echo(f"{entry.file}:{entry.line}: {fault.field} {fault.problem}{value}; {fault.mend}", err=True)
    if len(report.faults) > SHOWN_FAULTS:
        click.echo(f"… and more: {report.failed} rows failed in all; --errors FILE writes every fault", err=True)


def _one_line(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)


def _print_schema(kind: str) -> None:
    row: type[Any] = ROWS[kind]
    click.echo(f"{getdoc(row)}\n\nColumns of a CSV file (in any order; JSON Lines takes the same names):\n")
    for column in LOADERS[kind]().columns:
        need = "required" if column.required else "optional"
        click.echo(f"  {column.name:<48} {need:<9} {describe(column)}")
    click.echo("\nJSON Schema of a JSON Lines row:\n")
    click.echo(msgspec.json.format(msgspec.json.encode(msgspec.json.schema(row))).decode())
