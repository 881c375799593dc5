"""Sign-ins under way and sessions. Secrets are stored as hashes; the rows go when they are over."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel


class SignInLink(SQLModel, table=True):
    """An e-mailed link: good once, for 15 minutes, in the browser that asked for it (`browser_hash`).

    The link carries its id and our signature over it, so that the database alone opens nothing.
    """

    __tablename__ = "sign_in_link"

    id: UUID = Field(primary_key=True)
    email: str = Field(max_length=254, index=True)
    browser_hash: str = Field(max_length=64)
    next_path: str = Field(max_length=500)
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class SignInFlow(SQLModel, table=True):
    """A person away at an OpenID Connect issuer: what must come back (state, nonce) and what proves it is us (PKCE)."""

    __tablename__ = "sign_in_flow"

    id: UUID = Field(primary_key=True)
    state_hash: str = Field(max_length=64, unique=True)
    issuer: str = Field(max_length=250)
    nonce: str = Field(max_length=64)
    code_verifier: str = Field(max_length=128)
    browser_hash: str = Field(max_length=64)
    next_path: str = Field(max_length=500)
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class BrowserSession(SQLModel, table=True):
    """A person signed in at a browser, acting for `organisation_id` once they have picked it."""

    __tablename__ = "browser_session"

    id: UUID = Field(primary_key=True)
    secret_hash: str = Field(max_length=64, unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    via: str = Field(max_length=64)
    selection_request: str | None = Field(default=None, max_length=64)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime = Field(index=True)
    ended_at: datetime | None = None
