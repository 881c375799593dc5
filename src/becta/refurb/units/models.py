"""The stored particulars of used-device offers."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from becta.kernel.tables import EnumText
from becta.refurb.units.rules import Erasure, Grade, Process


class RemanufacturedDeviceRow(SQLModel, table=True):
    """One for each offer that is not of new goods; see `RemanufacturedDevice` for units."""

    __tablename__ = "remanufactured_device"
    __table_args__ = (CheckConstraint("warranty_months >= 0", name="warranty_not_negative"),)

    offer_id: UUID = Field(primary_key=True, foreign_key="offer.id")
    grade: Grade = Field(sa_type=EnumText(Grade))
    process: Process = Field(sa_type=EnumText(Process))
    warranty_months: int
    new_warranty_months: int
    erasure: Erasure = Field(sa_type=EnumText(Erasure))
    erasure_standard: str = Field(max_length=120)
    remanufacturer: str = Field(max_length=120)
    process_certificate: str = Field(max_length=120)
    battery_percent: int | None = None
    operating_system: str = Field(max_length=120)
    os_supported_until: date | None = None
    charger_included: bool = False
    quantity_available: int | None = None
