"""A package's figures are within reason and do not contradict each other."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.catalogue import PACKAGE

from becta.catalogue.connectivity.rules import AccessType, ConnectivityPackage, Cover, Failover, connectivity_faults

RANGES = {
    "download_mbps": (1, 100_000),
    "upload_mbps": (1, 100_000),
    "committed_mbps": (1, 1_000),
    "contention_ratio": (1, 1_000),
    "install_charge_pence": (0, 10**13),
    "excess_construction_cap_pence": (0, 10**13),
    "term_months": (1, 120),
    "notice_days": (0, 730),
    "availability_basis_points": (0, 10_000),
    "target_fix_hours": (1, 720),
    "service_credit_basis_points_per_hour": (0, 10_000),
    "static_ips": (0, 65_536),
}


def package(**changes: Any) -> ConnectivityPackage:
    return msgspec.structs.replace(PACKAGE, **changes)


def told(faulty: ConnectivityPackage) -> list[tuple[str, str, str | None]]:
    return [(fault.field, fault.problem, fault.value) for fault in connectivity_faults(faulty)]


def test_a_package_with_every_fact_stated_has_no_fault() -> None:
    full = package(
        access_type=AccessType.LEASED_LINE,
        committed_mbps=1000,
        contention_ratio=1,
        availability_basis_points=9_999,
        hours_of_cover=Cover.ALWAYS,
        failover=Failover.MOBILE_5G,
        failover_seconds=30,
        filtering_product="x" * 120,
    )

    assert connectivity_faults(full) == []


@pytest.mark.parametrize("name", RANGES)
def test_each_figure_has_its_range(name: str) -> None:
    low, high = RANGES[name]

    assert told(package(**{name: low})) == []
    assert told(package(**{name: high})) == []
    assert told(package(**{name: low - 1})) == [(f"connectivity.{name}", "is out of range", str(low - 1))]
    assert f"connectivity.{name}" in {field for field, _, _ in told(package(**{name: high + 1}))}


def test_no_more_is_committed_than_the_line_carries() -> None:
    assert told(package(committed_mbps=1_001)) == [
        ("connectivity.committed_mbps", "is more than the download speed", "1001")
    ]


def test_seconds_to_failover_need_a_failover() -> None:
    assert told(package(failover_seconds=30)) == [
        ("connectivity.failover_seconds", "is given without a failover connection", "30")
    ]
    assert told(package(failover=Failover.SATELLITE, failover_seconds=86_401)) == [
        ("connectivity.failover_seconds", "is out of range", "86401")
    ]


@pytest.mark.parametrize(
    ("filtering", "problem"),
    [("x" * 121, "is 121 characters long"), ("Smooth\0wall", "holds control characters")],
)
def test_the_filtering_products_name_is_short_plain_text(filtering: str, problem: str) -> None:
    (fault,) = connectivity_faults(package(filtering_product=filtering))

    assert (fault.field, fault.problem) == ("connectivity.filtering_product", problem)


figures = st.one_of(st.none(), st.integers(-(10**14), 10**14))


@given(st.fixed_dictionaries({name: st.integers(-5, 200_000) for name in ("download_mbps", "upload_mbps")}), figures)
def test_speeds_without_faults_can_be_stored(speeds: dict[str, int], committed: int | None) -> None:
    stated = package(**speeds, committed_mbps=committed)

    assert (connectivity_faults(stated) == []) is (
        all(1 <= speed <= 100_000 for speed in speeds.values())
        and (committed is None or 1 <= committed <= speeds["download_mbps"])
    )
