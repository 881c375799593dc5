"""Remanufactured is as good as new (BS 8887-220); refurbished is not; nothing leaves a school merely cleared."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.refurb import unit

from becta.catalogue.offers.rules import Condition
from becta.refurb.units.rules import Erasure, Grade, Process, RemanufacturedDevice, unit_faults

REMANUFACTURED, REFURBISHED = Condition.REMANUFACTURED, Condition.REFURBISHED


def told(condition: Condition, stated: RemanufacturedDevice | None) -> list[tuple[str, str]]:
    return [(fault.field, fault.problem) for fault in unit_faults(condition, stated)]


@pytest.mark.parametrize(
    ("_case", "condition", "stated"),
    [
        ("new goods without particulars", Condition.NEW, None),
        ("remanufactured to BS 8887-220", REMANUFACTURED, unit()),
        ("remanufactured with the BSI Kitemark", REMANUFACTURED, unit(process=Process.KITEMARK)),
        ("with a longer warranty than new", REMANUFACTURED, unit(warranty_months=60)),
        ("with a battery just good enough", REMANUFACTURED, unit(battery_percent=80)),
        ("without a battery", REMANUFACTURED, unit(battery_percent=None)),
        ("with media destroyed", REMANUFACTURED, unit(erasure=Erasure.DESTROY)),
        ("refurbished with a short warranty", REFURBISHED, unit(warranty_months=0)),
        (
            "refurbished by an own process",
            REFURBISHED,
            unit(process=Process.OWN, process_certificate="", battery_percent=1),
        ),
        ("refurbished to BS 8887-240", REFURBISHED, unit(process=Process.BS_8887_240, process_certificate="")),
    ],
)
def test_right_particulars_have_no_fault(_case: str, condition: Condition, stated: RemanufacturedDevice | None) -> None:
    assert unit_faults(condition, stated) == []


PROOF = ("remanufactured.process_certificate", "does not prove remanufacture")


@pytest.mark.parametrize(
    ("_case", "changes", "fault"),
    [
        (
            "a shorter warranty than new",
            {"warranty_months": 35},
            ("remanufactured.warranty_months", "is shorter than the new product's warranty"),
        ),
        ("the refurbishing standard", {"process": Process.BS_8887_240}, PROOF),
        ("reworking for a second life", {"process": Process.BS_8887_211}, PROOF),
        ("an own process", {"process": Process.OWN}, PROOF),
        ("the standard without a certificate", {"process_certificate": " "}, PROOF),
        (
            "a worn battery",
            {"battery_percent": 79},
            ("remanufactured.battery_percent", "is too low for a remanufactured device"),
        ),
    ],
)
def test_only_what_is_as_good_as_new_is_remanufactured(
    _case: str, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert told(REMANUFACTURED, unit(**changes)) == [fault]
    assert told(REFURBISHED, unit(**changes)) == []


@pytest.mark.parametrize("condition", [REMANUFACTURED, REFURBISHED])
@pytest.mark.parametrize(
    ("_case", "changes", "fault"),
    [
        ("merely cleared", {"erasure": Erasure.CLEAR}, ("remanufactured.erasure", "is too weak to leave a school")),
        ("a battery of nothing", {"battery_percent": 0}, ("remanufactured.battery_percent", "is out of range")),
        ("more battery than there is", {"battery_percent": 101}, ("remanufactured.battery_percent", "is out of range")),
        (
            "a warranty beyond ten years",
            {"warranty_months": 121},
            ("remanufactured.warranty_months", "is out of range"),
        ),
        ("fewer than none", {"quantity_available": -1}, ("remanufactured.quantity_available", "is out of range")),
        ("nobody did it", {"remanufacturer": ""}, ("remanufactured.remanufacturer", "is empty")),
        ("erased to no standard", {"erasure_standard": ""}, ("remanufactured.erasure_standard", "is empty")),
        (
            "controls in the operating system",
            {"operating_system": "\0"},
            ("remanufactured.operating_system", "holds control characters"),
        ),
        (
            "a long certificate",
            {"process_certificate": "c" * 121},
            ("remanufactured.process_certificate", "is 121 characters long"),
        ),
    ],
)
def test_faults_of_any_used_device(
    _case: str, changes: dict[str, Any], fault: tuple[str, str], condition: Condition
) -> None:
    assert fault in told(condition, unit(**changes))
    assert told(REFURBISHED, unit(**changes)) == [fault]


def test_particulars_do_not_belong_to_new_goods() -> None:
    assert told(Condition.NEW, unit()) == [("remanufactured", "does not belong to an offer of new goods")]


@pytest.mark.parametrize("condition", [REMANUFACTURED, REFURBISHED])
def test_used_goods_need_particulars(condition: Condition) -> None:
    assert told(condition, None) == [("remanufactured", f"is missing for a {condition} offer")]


def test_the_mend_of_a_short_warranty_names_what_would_do() -> None:
    (fault,) = unit_faults(REMANUFACTURED, unit(warranty_months=12))

    assert (fault.value, fault.mend) == (
        "12",
        "give at least 36 months, or call the offer refurbished (BS 8887-220)",
    )


units = st.builds(
    RemanufacturedDevice,
    grade=st.sampled_from(Grade),
    process=st.sampled_from(Process),
    warranty_months=st.integers(-1, 122),
    new_warranty_months=st.integers(-1, 122),
    erasure=st.sampled_from(Erasure),
    erasure_standard=st.sampled_from(["", "NIST SP 800-88"]),
    remanufacturer=st.sampled_from(["", "Second Spring Ltd"]),
    process_certificate=st.sampled_from(["", "KM 1"]),
    battery_percent=st.one_of(st.none(), st.integers(-1, 102)),
)


@given(units)
def test_what_may_be_called_remanufactured_may_be_called_refurbished(stated: RemanufacturedDevice) -> None:
    refurbished = {(fault.field, fault.problem) for fault in unit_faults(REFURBISHED, stated)}
    remanufactured = {(fault.field, fault.problem) for fault in unit_faults(REMANUFACTURED, stated)}

    assert refurbished <= remanufactured


@given(units)
def test_remanufactured_always_means_as_good_as_new_and_erased(stated: RemanufacturedDevice) -> None:
    right = (
        0 <= stated.new_warranty_months <= stated.warranty_months <= 120
        and stated.process in {Process.BS_8887_220, Process.KITEMARK}
        and stated.process_certificate != ""
        and stated.erasure is not Erasure.CLEAR
        and "" not in {stated.erasure_standard, stated.remanufacturer}
        and (stated.battery_percent is None or 80 <= stated.battery_percent <= 100)
    )

    assert (unit_faults(REMANUFACTURED, stated) == []) is right
