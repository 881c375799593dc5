"""`market audit`: check the whole trail, sign its state, tell the key."""

from pathlib import Path

import click
import msgspec

from becta.kernel.errors import Conflict
from becta.market.audit.findings import Report
from becta.market.audit.keys import UnusableKey, verifier_of
from becta.market.audit.verify import verify as verify_trail
from becta.market.cli.opening import opened

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def audit() -> None:
    """The audit trail: check it, sign it."""


@audit.command()
@click.option("--key", "keys", multiple=True, type=FILE, help="Key that may have signed; without it, the house's own.")
@click.option("--checkpoint", "kept", multiple=True, type=FILE, help="A checkpoint kept elsewhere, to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Tell the findings as JSON.")
def verify(keys: tuple[Path, ...], kept: tuple[Path, ...], as_json: bool) -> None:
    """Prove the whole trail, or name every place where it was changed; exits 1 if it was."""
    notes = [path.read_text("utf-8") for path in kept]
    with opened(create=False) as house:
        own = house.settings.audit_key
        files = keys or ((own,) if own.exists() else ())
        try:
            known = [verifier_of(path, house.settings.audit_origin) for path in files]
        except UnusableKey as error:
            raise click.ClickException(str(error)) from error
        report = verify_trail(house.db, known, notes)
    click.echo(msgspec.json.encode(report).decode() if as_json else _told(report))
    if not report.is_sound:
        raise SystemExit(1)


@audit.command()
def checkpoint() -> None:
    """Sign the state of the trail and print the checkpoint; keep it where nobody who runs this house can reach."""
    with opened(create=False) as house:
        try:
            made = house.sealer.seal()
        except (Conflict, UnusableKey) as error:
            raise click.ClickException(str(error)) from error
    if made is None:
        raise click.ClickException("the trail is empty")
    click.echo(made.note, nl=False)


@audit.command()
def key() -> None:
    """Print the verifier key that check_audit.py needs."""
    with opened(create=False) as house:
        click.echo(house.sealer.key.text)


def _told(report: Report) -> str:
    lines = [str(finding) for finding in report.findings]
    if report.more_findings:
        lines.append(f"and {report.more_findings:,} more findings")
    lines.append(
        f"{report.events:,} events, {report.checkpoints:,} checkpoints, signed up to {report.signed:,}; "
        f"personal fields of {report.erased:,} persons erased"
    )
    lines.append("the trail is sound" if report.is_sound else "THE TRAIL WAS CHANGED")
    return "\n".join(lines)
