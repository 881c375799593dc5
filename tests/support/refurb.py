"""Particulars of used devices as values."""

from typing import Any

import msgspec

from becta.refurb.units.rules import Erasure, Grade, Process, RemanufacturedDevice

UNIT = RemanufacturedDevice(
    grade=Grade.A,
    process=Process.BS_8887_220,
    process_certificate="KM 123456",
    warranty_months=36,
    new_warranty_months=36,
    erasure=Erasure.PURGE,
    erasure_standard="NIST SP 800-88 Rev. 2",
    remanufacturer="Second Spring Ltd",
    battery_percent=92,
)


def unit(**changes: Any) -> RemanufacturedDevice:
    """Particulars that are right for remanufactured goods, but for the changes."""
    return msgspec.structs.replace(UNIT, **changes)
