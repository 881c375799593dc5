"""When a device may be called remanufactured, and what must be stated of it.

BS 8887-220:2010: remanufactured means at least the original performance with a warranty equivalent
to or better than that of the new product. BS 8887-240:2011: reconditioned and refurbished are one.
"""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from becta.catalogue.offers.rules import Condition
from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault

MINIMUM_BATTERY_PERCENT = 80
"""Least full-charge capacity, as a percentage of design, of a remanufactured device: our rule, not a standard's."""


class Grade(StrEnum):
    """Cosmetic grade by our own rubric; no British standard exists. A is like new, C visibly worn."""

    A = "A"
    B = "B"
    C = "C"


class Process(StrEnum):
    """The standard the work was done to."""

    BS_8887_220 = "bs-8887-220"
    BS_8887_240 = "bs-8887-240"
    BS_8887_211 = "bs-8887-211"
    KITEMARK = "bsi-kitemark"
    OWN = "own-process"


class Erasure(StrEnum):
    """Sanitisation method of NIST SP 800-88 Rev. 2; Clear is not enough to leave a school's control."""

    CLEAR = "clear"
    PURGE = "purge"
    DESTROY = "destroy"


class RemanufacturedDevice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Particulars of an offer of used devices. Warranties in months, battery as a percentage of design capacity."""

    grade: Grade
    process: Process
    warranty_months: int
    new_warranty_months: int
    erasure: Erasure
    erasure_standard: str
    remanufacturer: str
    process_certificate: str = ""
    battery_percent: int | None = None
    operating_system: str = ""
    os_supported_until: date | None = None
    charger_included: bool = False
    quantity_available: int | None = None


def unit_faults(condition: Condition, unit: RemanufacturedDevice | None) -> list[Fault]:
    """Everything wrong with the particulars of an offer in this condition."""
    if condition is Condition.NEW:
        if unit is None:
            return []
        mend = "leave it out, or set the condition to remanufactured or refurbished"
        return [Fault(field="remanufactured", problem="does not belong to an offer of new goods", mend=mend)]
    if unit is None:
        mend = "state grade, process, warranties, erasure and remanufacturer"
        return [Fault(field="remanufactured", problem=f"is missing for a {condition} offer", mend=mend)]
    faults = _figure_faults(unit)
    if unit.erasure is Erasure.CLEAR:
        mend = "have the media purged or destroyed, with a certificate for each serial number"
        faults.append(
            Fault(field="remanufactured.erasure", problem="is too weak to leave a school", mend=mend, value="clear")
        )
    if condition is Condition.REMANUFACTURED:
        faults += _remanufactured_faults(unit)
    return faults


def _figure_faults(unit: RemanufacturedDevice) -> list[Fault]:
    faults = [
        Fault(
            field=f"remanufactured.{name}",
            problem="is out of range",
            mend=f"give a whole number from {low} to {high}",
            value=str(value),
        )
        for name, value, low, high in (
            ("warranty_months", unit.warranty_months, 0, 120),
            ("new_warranty_months", unit.new_warranty_months, 0, 120),
            ("battery_percent", unit.battery_percent, 1, 100),
            ("quantity_available", unit.quantity_available, 0, 1_000_000),
        )
        if value is not None and not low <= value <= high
    ]
    for name in ("erasure_standard", "remanufacturer"):
        faults += text_faults(f"remanufactured.{name}", getattr(unit, name), at_least=2, at_most=120)
    for name in ("process_certificate", "operating_system"):
        faults += text_faults(f"remanufactured.{name}", getattr(unit, name), at_most=120)
    return faults


def _remanufactured_faults(unit: RemanufacturedDevice) -> list[Fault]:
    faults = []
    if unit.warranty_months < unit.new_warranty_months:
        faults.append(
            Fault(
                field="remanufactured.warranty_months",
                problem="is shorter than the new product's warranty",
                mend=f"give at least {unit.new_warranty_months} months, or call the offer refurbished (BS 8887-220)",
                value=str(unit.warranty_months),
            )
        )
    if unit.process not in {Process.BS_8887_220, Process.KITEMARK} or not unit.process_certificate.strip():
        faults.append(
            Fault(
                field="remanufactured.process_certificate",
                problem="does not prove remanufacture",
                mend="give the BS 8887-220 or BSI Kitemark certificate, or call the offer refurbished",
                value=unit.process_certificate or unit.process,
            )
        )
    if unit.battery_percent is not None and unit.battery_percent < MINIMUM_BATTERY_PERCENT:
        faults.append(
            Fault(
                field="remanufactured.battery_percent",
                problem="is too low for a remanufactured device",
                mend=f"replace batteries below {MINIMUM_BATTERY_PERCENT} %, or call the offer refurbished",
                value=str(unit.battery_percent),
            )
        )
    return faults
