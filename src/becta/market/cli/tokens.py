"""API tokens from the command line."""

from datetime import timedelta
from uuid import UUID

import click
from sqlmodel import select

from becta.catalogue.suppliers.models import Supplier
from becta.kernel import clock
from becta.kernel.actor import Scope, system
from becta.kernel.errors import DomainError, Invalid
from becta.market.accounts.service import issue_token, revoke_token
from becta.market.cli.opening import opened


@click.group()
def token() -> None:
    """Make and revoke API tokens."""


@token.command("create")
@click.option("--label", required=True, help="Whom or what the token is for.")
@click.option("--supplier", "reference", help="Reference of the supplier it acts for; without it, the operator's.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it lives.")
def create(label: str, reference: str | None, scopes: tuple[str, ...], days: int) -> None:
    """Make a token and print its secret, this once."""
    now = clock.now()
    with opened(create=False) as house, house.db.write() as session:
        supplier_id = None
        if reference is not None:
            supplier_id = session.exec(select(Supplier.id).where(Supplier.reference == reference)).first()
            if supplier_id is None:
                raise click.ClickException(f"there is no supplier {reference}")
        wanted = [Scope(scope) for scope in scopes] or None
        try:
            made, secret = issue_token(
                session,
                system("command line"),
                label=label,
                supplier_id=supplier_id,
                scopes=wanted,
                expires_at=now + timedelta(days=days),
                now=now,
            )
        except Invalid as error:
            told = "; ".join(f"{fault.field} {fault.problem}: {fault.mend}" for fault in error.faults)
            raise click.ClickException(told) from error
        except DomainError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"id:     {made.id}\nscopes: {', '.join(made.scopes)}\ntoken:  {secret}")


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
def revoke(token_id: UUID) -> None:
    """End a token at once."""
    with opened(create=False) as house, house.db.write() as session:
        try:
            revoke_token(session, system("command line"), token_id, now=clock.now())
        except DomainError as error:
            raise click.ClickException(str(error)) from error
    click.echo("revoked")
