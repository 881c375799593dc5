"""API tokens from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import click
from sqlmodel import Session, select

from becta.catalogue.suppliers.models import Supplier
from becta.kernel import clock
from becta.kernel.actor import Scope, system
from becta.kernel.errors import DomainError, Invalid
from becta.market.accounts.models import ApiToken
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.roles import OrganisationKind, token_scopes
from becta.market.accounts.tokens import issue_token, revoke_token, rotate_token
from becta.market.cli.opening import opened

US = system("command line")
SCOPES = sorted({scope.value for kind in OrganisationKind for scope in token_scopes(kind)})
"""What an organisation's token may be given, whichever kind it is of."""


@click.group()
def token() -> None:
    """Make, rotate and revoke API tokens."""


@token.command("create")
@click.option("--label", required=True, help="Whom or what the token is for.")
@click.option("--supplier", help="Reference of the supplier it acts for; without it, the operator's.")
@click.option("--organisation", help='Another organisation it acts for, such as "urn:100000" or "trust:2044".')
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES))
@click.option("--days", type=click.IntRange(1, 365), default=365, show_default=True, help="How long it lives.")
def create(label: str, supplier: str | None, organisation: str | None, scopes: tuple[str, ...], days: int) -> None:
    """Make a token and print its secret, this once."""
    if supplier is not None and organisation is not None:
        raise click.UsageError("give --supplier or --organisation, not both")
    with writing() as (session, now):
        named = organisation or "operator"
        if supplier is not None:
            supplier_id = session.exec(select(Supplier.id).where(Supplier.reference == supplier)).first()
            if supplier_id is None:
                raise click.ClickException(f"there is no supplier {supplier}")
            named = f"supplier:{supplier_id}"
        made, secret = issue_token(
            session,
            US,
            open_organisation(session, named, now=now),
            label=label,
            scopes=[Scope(scope) for scope in scopes] or None,
            expires_at=now + timedelta(days=days),
            now=now,
        )
    _tell(made, secret)


@token.command("rotate")
@click.argument("token_id", type=click.UUID)
@click.option("--grace", type=click.IntRange(0, 24), default=0, show_default=True, help="Hours the old one lives on.")
def rotate(token_id: UUID, grace: int) -> None:
    """Make a token in place of an organisation's, and print its secret, this once."""
    with writing() as (session, now):
        made, secret = rotate_token(session, US, token_id, grace=timedelta(hours=grace), now=now)
    _tell(made, secret)


@token.command("revoke")
@click.argument("token_id", type=click.UUID)
@click.option("--reason", help="Why; needed for a person's own.")
def revoke(token_id: UUID, reason: str | None) -> None:
    """End a token at once."""
    with writing() as (session, now):
        revoke_token(session, US, token_id, reason=reason, now=now)
    click.echo("revoked")


@contextmanager
def writing() -> Iterator[tuple[Session, datetime]]:
    """A transaction whose refusals are told in words."""
    with opened(create=False) as house:
        try:
            with house.db.write() as session:
                yield session, clock.now()
        except Invalid as error:
            told = "; ".join(f"{fault.field} {fault.problem}: {fault.mend}" for fault in error.faults)
            raise click.ClickException(told) from error
        except DomainError as error:
            raise click.ClickException(str(error)) from error


def _tell(made: ApiToken, secret: str) -> None:
    click.echo(f"id:     {made.id}\nscopes: {', '.join(made.scopes)}\ntoken:  {secret}")
