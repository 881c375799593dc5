"""Settings, read from the environment once. The only module that may look there."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, NonNegativeInt, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from becta.kernel.actor import Role
from becta.market.signin.issuers import Issuer

PerMinute = Annotated[NonNegativeInt | None, BeforeValidator(lambda given: None if given == "" else given)]
"""Requests a minute: empty is no limit, 0 is nothing at all."""


class Settings(BaseSettings):
    """Where the marketplace runs and keeps its data. Every value has a working default."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Field(default=Path("var/live"), description="Folder of the embedded database and the search index")
    database_url: str | None = Field(default=None, description="PostgreSQL address; unset, SQLite in DATA_DIR")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, description="Server processes")
    threads: int = Field(default=8, ge=1, le=64, description="Handler threads and database connections of a process")
    demo: bool = Field(default=False, description="Say on every page that the data are a demonstration")
    audit_key_file: Path | None = Field(default=None, description="Key that signs checkpoints; unset, in DATA_DIR")
    audit_origin: str = Field(
        default="becta-marketplace", pattern=r"^[^\s+]+$", description="Name under which checkpoints are signed"
    )

    ocid_prefix: str = Field(
        default="ocds-xxxxxx",
        pattern=r"^ocds-[0-9a-z]{6}$",
        description="Prefix of the ocids we give, registered with the Open Contracting Partnership; unset, none is",
    )

    badge_keys_dir: Path | None = Field(default=None, description="Folder of keys that sign badges; unset, in DATA_DIR")
    conformance_allow: str = Field(
        default="",
        pattern=r"^\s*$|^\s*[^\s,]+:\d{1,5}(\s*,\s*[^\s,]+:\d{1,5})*\s*$",
        description="Private host:port that conformance runs may reach all the same, comma-separated: for trials only",
    )

    public_url: str | None = Field(
        default=None, pattern=r"^https?://[^/?#\s]+$", description="Address people use; unset, HOST and PORT"
    )
    secret_file: Path | None = Field(default=None, description="Secret that signs links in mails; unset, in DATA_DIR")
    issuers: tuple[Issuer, ...] = Field(default=(), description="OpenID Connect issuers, a JSON list")
    mail_links: bool = Field(default=True, description="Let people sign in by a mailed link")
    dfe_roles: tuple[Role, ...] = Field(
        default=(Role.BUYER,), description="Roles of somebody whom DfE Sign-in vouches for"
    )
    session_idle_minutes: int = Field(default=30, ge=1, description="A session ends after so long without a request")
    session_hours: int = Field(default=12, ge=1, description="A session ends after so long in any case")
    smtp_url: str | None = Field(
        default=None,
        pattern=r"^smtps?://",
        repr=False,
        description="Mail server, such as smtp://user:password@host:587?tls=starttls; unset, mails go to a folder",
    )
    mail_from: str = Field(default="BECTA 2.0 marketplace <no-reply@localhost>", description="Sender of mails")

    rate_limit_token: PerMinute = Field(default=600, description="Requests a minute with one token")
    rate_limit_address: PerMinute = Field(default=300, description="Requests a minute of an address without a token")
    rate_limit_sign_in: PerMinute = Field(default=10, description="Tries to sign in a minute of an address")
    trusted_proxies: str = Field(
        default="", description="Proxies whose X-Forwarded-For is believed: addresses or networks, comma-separated"
    )

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if not (self.mail_links or self.issuers):
            raise ValueError("nobody could sign in: name ISSUERS, or leave MAIL_LINKS on")
        return self

    @model_validator(mode="after")
    def _gives_no_ocid_of_others(self) -> Self:
        if self.ocid_prefix == "ocds-h6vhtk":
            raise ValueError("ocds-h6vhtk is the prefix of Find a Tender: register one of your own for OCID_PREFIX")
        return self

    @property
    def audit_key(self) -> Path:
        """The file of the key that signs checkpoints of the audit trail."""
        return self.audit_key_file or self.data_dir / "keys" / "audit.pem"

    @property
    def badge_keys(self) -> Path:
        """The folder of the keys that sign badges."""
        return self.badge_keys_dir or self.data_dir / "keys" / "badges"

    @property
    def lti_key(self) -> Path:
        """The file of the key with which our simulated LTI platform signs its launches."""
        return self.data_dir / "keys" / "lti.pem"

    @property
    def files_dir(self) -> Path:
        """Where files that people send are kept: evidence for good, artefacts until they were tested."""
        return self.data_dir / "files"

    @property
    def conformance_allowed(self) -> frozenset[str]:
        """The private `host:port` that conformance runs may reach."""
        return frozenset(part.strip() for part in self.conformance_allow.split(",") if part.strip())

    @property
    def origin(self) -> str:
        """The start of every absolute address we give out; never taken from a request."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Whether people come over https."""
        return self.origin.startswith("https://")

    @property
    def secret(self) -> Path:
        """The file of the secret that signs links in mails."""
        return self.secret_file or self.data_dir / "keys" / "secret"

    @property
    def mail_dir(self) -> Path:
        """Where mails go when there is no mail server."""
        return self.data_dir / "mail"

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without a request."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_length(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(hours=self.session_hours)

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'market.db').resolve()}"

    @property
    def has_database(self) -> bool:
        """Whether there is a database; a PostgreSQL one is taken to be there."""
        return self.database_url is not None or (self.data_dir / "market.db").is_file()

    @property
    def index_dir(self) -> Path:
        """Where the search index lives."""
        return self.data_dir / "index"


def bare_environment() -> dict[str, str]:
    """What a process that looks at strangers' files gets of our environment: nothing that is secret."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}  # noqa: TID251 - the one module that may


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
