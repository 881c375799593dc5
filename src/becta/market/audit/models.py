"""Signed checkpoints of the audit trail."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


class AuditCheckpoint(SQLModel, table=True):
    """The root at a size, signed. `note` is what was signed, with its signature; rows are only ever added."""

    __tablename__ = "audit_checkpoint"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: str = Field(max_length=64)
    at: datetime
    key_id: str = Field(max_length=8)
    note: str = Field(sa_type=Text)
