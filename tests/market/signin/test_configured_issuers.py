"""How issuers are configured, and what cannot be."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from becta.market.settings import Settings
from becta.market.signin.issuers import Issuer, is_safe

GOOGLE: dict[str, Any] = {
    "slug": "google",
    "name": "Google",
    "issuer": "https://accounts.google.com",
    "client_id": "us",
    "client_secret": "do not tell",
    "trust_email": True,
}


def test_issuers_come_from_the_environment_as_a_list_and_keep_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISSUERS", json.dumps([GOOGLE]))
    monkeypatch.setenv("DFE_ROLES", '["finance"]')
    monkeypatch.setenv("SMTP_URL", "smtps://user:do%20not%20tell@mail.example")

    settings = Settings()

    [issuer] = settings.issuers
    assert issuer.discovery_url == "https://accounts.google.com/.well-known/openid-configuration"
    assert issuer.scopes == ("openid", "email", "profile")
    assert issuer.client_secret.get_secret_value() == "do not tell"
    assert settings.dfe_roles == ("finance",)
    assert "do not tell" not in repr(settings)
    assert "do%20not%20tell" not in repr(settings)


def test_entra_is_asked_where_any_tenant_is() -> None:
    entra = {**GOOGLE, "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", "profile": "entra"}

    address = "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration"
    assert Issuer.model_validate(entra).discovery_url == address


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://accounts.google.com"},
        {"issuer": "ftp://accounts.google.com"},
        {"issuer": "accounts.google.com"},
        {"issuer": "https://login.example/{tenantid}"},
        {"slug": "Google/.."},
        {"profile": "google"},
        {"scopes": ["email"]},
        {"dfe_api_url": "https://api.signin.example"},
        {"dfe_api_url": "http://api.signin.example", "dfe_api_secret": "x"},
        {"verify": False},
    ],
)
def test_an_unsound_issuer_is_refused_at_the_start(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        Issuer.model_validate({**GOOGLE, **change})
    assert len(raised.value.errors()) == 1
    assert "do not tell" not in str(raised.value)
    with pytest.raises(ValidationError) as raised:
        Settings(issuers=[{**GOOGLE, **change}])
    assert "do not tell" not in str(raised.value)


def test_a_marketplace_into_which_nobody_could_sign_in_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_LINKS", "0")

    with pytest.raises(ValidationError, match="nobody could sign in: name ISSUERS, or leave MAIL_LINKS on"):
        Settings()
    monkeypatch.setenv("ISSUERS", json.dumps([GOOGLE]))
    assert Settings().mail_links is False


@pytest.mark.parametrize(
    "url", ["market.example", "https://market.example/", "https://market.example/x", "ftp://x", ""]
)
def test_a_public_address_is_scheme_and_host_only(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(public_url=url)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://x.example/a", True),
        ("http://localhost:1/a", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]/", True),
        ("http://x.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example@x.example", False),
        ("https://", False),
        ("//x.example", False),
        ("https://[x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_what_cannot_be_overheard_is_safe(address: str, expected: bool) -> None:
    assert is_safe(address) is expected


def test_an_issuer_elsewhere_cannot_send_us_to_this_machine() -> None:
    for address in ("http://127.0.0.1:6379/", "https://localhost/", "http://[::1]:1/"):
        assert not is_safe(address, named_by="https://accounts.google.com")
        assert is_safe(address, named_by="http://127.0.0.1:1")
    assert is_safe("https://other.example", named_by="https://accounts.google.com")
