"""Shortlists and what is on them. Entries are taken off, never deleted; a list that has ended stays as it was."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from becta.kernel.tables import JSON_TYPE, NULL_OR_JSON, EnumText
from becta.market.shortlists.rules import ShortlistState

_ON_IT = text("removed_at IS NULL")


class Shortlist(SQLModel, table=True):
    """Candidates for one purchase of a school or trust.

    `badges` holds requirement texts. `as_ended` holds the entries as they stood when it was closed or archived.
    """

    __tablename__ = "shortlist"
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint(
            "(state = 'open') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)"
            " AND (ended_at IS NULL) = (reason IS NULL) AND (ended_at IS NULL) = (as_ended IS NULL)",
            name="ended_with_reason",
        ),
        CheckConstraint("(state = 'closed') = (chosen_product_id IS NOT NULL)", name="closed_with_choice"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str = Field(max_length=120)
    need: str = Field(sa_type=Text)
    badges: list[str] = Field(sa_type=JSON_TYPE)
    state: ShortlistState = Field(sa_type=EnumText(ShortlistState))
    created_by: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime
    chosen_product_id: UUID | None = Field(default=None, foreign_key="product.id")
    reason: str | None = Field(default=None, sa_type=Text)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = None
    as_ended: list[dict[str, Any]] | None = Field(default=None, sa_type=NULL_OR_JSON)
    revision: int = 1


class ShortlistEntry(SQLModel, table=True):
    """A product on a shortlist, with what was true of it at the second it was put there (`*_then`)."""

    __tablename__ = "shortlist_entry"
    __table_args__ = (
        Index(
            "uq_shortlist_entry_on_it",
            "shortlist_id",
            "product_id",
            unique=True,
            sqlite_where=_ON_IT,
            postgresql_where=_ON_IT,
        ),
        CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name="removed_with_reason",
        ),
    )

    id: UUID = Field(primary_key=True)
    shortlist_id: UUID = Field(foreign_key="shortlist.id", index=True)
    product_id: UUID = Field(foreign_key="product.id", index=True)
    note: str = Field(sa_type=Text)
    added_by: UUID = Field(foreign_key="person.id", index=True)
    added_at: datetime
    title_then: str = Field(max_length=300)
    supplier_then: str = Field(max_length=160)
    price_pence_then: int | None = Field(default=None, sa_type=BigInteger)
    badges_then: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    removed_by: UUID | None = Field(default=None, foreign_key="person.id")
    removed_at: datetime | None = None
    removed_reason: str | None = Field(default=None, sa_type=Text)
