"""People, organisations, membership, invitations, requests to join, and API tokens.

What tells of a person (name, e-mail address) is kept here and can be erased; everything else knows a person by id.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, EnumText
from becta.market.accounts.roles import OrganisationKind
from becta.market.accounts.rules import JoinState

_CURRENT = text("ended_at IS NULL")
_ASKED = text("state = 'asked'")


class Person(SQLModel, table=True):
    """Somebody who signs in. `email` is set only when proved, in lower case. Erasure empties both it and the name."""

    __tablename__ = "person"

    id: UUID = Field(primary_key=True)
    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254, unique=True)
    created_at: datetime
    erased_at: datetime | None = None


class Identity(SQLModel, table=True):
    """A person as an OpenID Connect issuer knows them."""

    __tablename__ = "identity"
    __table_args__ = (Index("uq_identity_issuer_subject", "issuer", "subject", unique=True),)

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    issuer: str = Field(max_length=250)
    subject: str = Field(max_length=250)
    created_at: datetime


class Organisation(SQLModel, table=True):
    """An organisation that somebody acts for: a school or trust of the register, a supplier, or the operator.

    Its name is that of the register or the supplier. A supplier's id here is its id there.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'school' AND urn IS NOT NULL AND group_uid IS NULL AND supplier_id IS NULL)"
            " OR (kind = 'trust' AND group_uid IS NOT NULL AND urn IS NULL AND supplier_id IS NULL)"
            " OR (kind = 'supplier' AND supplier_id IS NOT NULL AND urn IS NULL AND group_uid IS NULL)"
            " OR (kind = 'operator' AND urn IS NULL AND group_uid IS NULL AND supplier_id IS NULL)",
            name="one_thing",
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: OrganisationKind = Field(sa_type=EnumText(OrganisationKind))
    urn: int | None = Field(default=None, foreign_key="establishment.urn", unique=True)
    group_uid: int | None = Field(default=None, foreign_key="establishment_group.uid", unique=True)
    supplier_id: UUID | None = Field(default=None, foreign_key="supplier.id", unique=True)
    created_at: datetime


class Member(SQLModel, table=True):
    """A person's time in an organisation. `roles` holds `Role` values and may be empty."""

    __tablename__ = "member"
    __table_args__ = (
        Index(
            "uq_member_current",
            "person_id",
            "organisation_id",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    roles: list[str] = Field(sa_type=JSON_TYPE)
    revision: int = 1
    started_at: datetime
    ended_at: datetime | None = None


class Invitation(SQLModel, table=True):
    """Somebody asked by e-mail to join with these roles. The e-mail address is emptied once it is settled."""

    __tablename__ = "invitation"

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    email: str | None = Field(default=None, max_length=254, index=True)
    roles: list[str] = Field(sa_type=JSON_TYPE)
    invited_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    accepted_by: UUID | None = Field(default=None, foreign_key="person.id")
    withdrawn_at: datetime | None = None


class JoinRequest(SQLModel, table=True):
    """Somebody with an e-mail address of the organisation asking to join it."""

    __tablename__ = "join_request"
    __table_args__ = (
        Index(
            "uq_join_request_asked",
            "person_id",
            "organisation_id",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    state: JoinState = Field(sa_type=EnumText(JoinState))
    wanted_roles: list[str] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str | None = Field(default=None, sa_type=Text)


class ApiToken(SQLModel, table=True):
    """A token of an organisation, or of a person acting for one. The secret is shown once and never stored."""

    __tablename__ = "api_token"

    id: UUID = Field(primary_key=True)
    secret_hash: str = Field(max_length=64, unique=True)
    label: str = Field(max_length=200)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    scopes: list[str] = Field(sa_type=JSON_TYPE)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaces: UUID | None = Field(default=None, foreign_key="api_token.id")
