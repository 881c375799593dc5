"""People from the command line: how the first ones get in."""

import click

from becta.kernel.actor import Role
from becta.market.accounts.invitations import invite
from becta.market.accounts.organisations import open_organisation
from becta.market.cli.tokens import US, writing


@click.group()
def people() -> None:
    """Invite people to act for an organisation."""


@people.command("invite")
@click.argument("email")
@click.option("--organisation", default="operator", show_default=True, help='Such as "urn:100000" or "trust:2044".')
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
def invite_somebody(email: str, organisation: str, roles: tuple[str, ...]) -> None:
    """Mail somebody an invitation; a running `market serve` or `market worker` sends it."""
    with writing() as (session, now):
        opened = open_organisation(session, organisation, now=now)
        made = invite(session, US, opened, email, [Role(role) for role in roles], now=now)
    click.echo(f"invited until {made.expires_at:%d %B %Y}")
