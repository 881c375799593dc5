"""Tokens and first people from the command line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlmodel import select
from tests.market.accounts.conftest import TRUST, Scene
from tests.support.watching import everything

from becta.kernel import clock
from becta.kernel.actor import OPERATOR_ID
from becta.kernel.events import OutboxMessage
from becta.market.accounts.models import ApiToken, Invitation
from becta.market.accounts.tokens import actor_of
from becta.market.cli.people import people
from becta.market.cli.tokens import token
from becta.market.db import Database
from becta.market.settings import settings


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Runs `market token` on the database of the test."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(token, [str(word) for word in words])
    settings.cache_clear()


def told(result: Result) -> dict[str, str]:
    """What the command printed, by its words."""
    assert result.exit_code == 0, result.output
    return dict((word.strip() for word in line.split(":", 1)) for line in result.output.splitlines())


def test_a_trusts_token_is_made_rotated_and_revoked(run: Callable[..., Result], scene: Scene, db: Database) -> None:
    made = told(run("create", "--label", "Ledger", "--organisation", f"trust:{TRUST}", "--scope", "audit:read"))
    assert made["scopes"] == "audit:read"
    with db.read() as session:
        actor = actor_of(session, made["token"], now=clock.now())
        assert actor is not None
        assert actor.organisation_id == scene.trust.id

    fresh = told(run("rotate", made["id"], "--grace", "1"))
    with db.read() as session:
        assert actor_of(session, made["token"], now=clock.now()) is not None
        assert actor_of(session, fresh["token"], now=clock.now()) is not None
        assert str(session.get_one(ApiToken, UUID(fresh["id"])).replaces) == made["id"]
    assert run("revoke", fresh["id"]).output == "revoked\n"
    with db.read() as session:
        assert actor_of(session, fresh["token"], now=clock.now()) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "--label", "x", "--organisation", "trust:9"), "no trust 9"),
        (("create", "--label", "x", "--organisation", "elsewhere"), "names no organisation"),
        (("create", "--label", "x", "--supplier", "larch"), "there is no supplier larch"),
        (("create", "--label", "x", "--supplier", "larch", "--organisation", "trust:9"), "not both"),
        (
            ("create", "--label", "x", "--organisation", f"trust:{TRUST}", "--scope", "listings:write"),
            "scopes reach beyond",
        ),
        (
            ("create", "--label", "x", "--scope", "people:manage"),
            "'people:manage' is not one of 'audit:read', 'badges:claim'",
        ),
        (
            ("create", "--label", "x", "--scope", "schemes:write"),
            "'schemes:write' is not one of",
        ),
        (
            ("create", "--label", "x", "--scope", "account:manage"),
            "'account:manage' is not one of",
        ),
        (
            ("create", "--label", "x", "--days", "366"),
            "366 is not in the range 1<=x<=365",
        ),
        (
            (
                "create",
                "--label",
                " ",
            ),
            "label is empty",
        ),
        (("rotate", "00000000-0000-0000-0000-000000000007"), "no token"),
        (("revoke", "00000000-0000-0000-0000-000000000007"), "no token"),
        (("rotate", "00000000-0000-0000-0000-000000000007", "--grace", "25"), "25"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_written(
    run: Callable[..., Result], scene: Scene, db: Database, words: tuple[str, ...], message: str
) -> None:
    stored = everything(db)
    result = run(*words)
    assert result.exit_code != 0
    assert message in result.output
    assert everything(db) == stored


def test_the_first_of_the_operators_people_is_invited_from_the_command_line(
    run: Callable[..., Result], db: Database
) -> None:
    del run  # only for its settings
    asked = CliRunner().invoke(people, ["invite", "Olive@market.example", "--role", "operator"])
    refused = CliRunner().invoke(people, ["invite", "olive@market.example", "--role", "buyer"])
    nonsense = CliRunner().invoke(people, ["invite", "olive", "--role", "operator"])

    assert asked.exit_code == 0, asked.output
    assert asked.output.startswith("invited until ")
    with db.read() as session:
        [made] = session.exec(select(Invitation)).all()
        [message] = session.exec(select(OutboxMessage)).all()
    assert (made.email, made.roles, made.organisation_id) == ("olive@market.example", ["operator"], OPERATOR_ID)
    assert (message.topic, message.key) == ("invitation", made.id)
    assert (refused.exit_code, nonsense.exit_code) == (1, 1)
    assert "roles" in refused.output
    assert "is not an e-mail address" in nonsense.output
