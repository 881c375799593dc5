"""What a connectivity package states about itself. Speeds are Mbps, charges pence ex VAT, times as named."""

from enum import StrEnum

from msgspec import Struct

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault
from becta.kernel.money import MAX_PENCE


class AccessType(StrEnum):
    """How the line reaches the building. SoGEA is copper, which fails the DfE broadband standard."""

    FTTP = "fttp"
    LEASED_LINE = "leased_line"
    SOGEA = "sogea"
    MOBILE_4G = "mobile_4g"
    MOBILE_5G = "mobile_5g"
    SATELLITE = "satellite"


class Failover(StrEnum):
    """What takes over when the line is down."""

    NONE = "none"
    FTTP = "fttp"
    LEASED_LINE = "leased_line"
    SOGEA = "sogea"
    MOBILE_4G = "mobile_4g"
    MOBILE_5G = "mobile_5g"
    SATELLITE = "satellite"


class Cover(StrEnum):
    """The hours in which a fault is worked on."""

    WORKING_HOURS = "working_hours"
    EXTENDED_HOURS = "extended_hours"
    ALWAYS = "always"


class ConnectivityPackage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package's own facts. `None` means the supplier did not say; for caps, that there is no cap."""

    access_type: AccessType
    download_mbps: int
    upload_mbps: int
    term_months: int
    committed_mbps: int | None = None
    contention_ratio: int | None = None
    install_charge_pence: int = 0
    excess_construction_cap_pence: int | None = None
    notice_days: int | None = None
    auto_renews: bool = False
    availability_basis_points: int | None = None
    target_fix_hours: int | None = None
    hours_of_cover: Cover | None = None
    service_credit_basis_points_per_hour: int | None = None
    static_ips: int = 0
    router_included: bool = False
    firewall_included: bool = False
    filtering_product: str = ""
    failover: Failover = Failover.NONE
    failover_seconds: int | None = None
    ddos_protection: bool = False
    rpki_validation: bool = False
    ipv6: bool = False
    depends_on_pstn: bool = False


_BETWEEN: dict[str, tuple[int, int]] = {
    "download_mbps": (1, 100_000),
    "upload_mbps": (1, 100_000),
    "committed_mbps": (1, 100_000),
    "contention_ratio": (1, 1_000),
    "install_charge_pence": (0, MAX_PENCE),
    "excess_construction_cap_pence": (0, MAX_PENCE),
    "term_months": (1, 120),
    "notice_days": (0, 730),
    "availability_basis_points": (0, 10_000),
    "target_fix_hours": (1, 720),
    "service_credit_basis_points_per_hour": (0, 10_000),
    "static_ips": (0, 65_536),
    "failover_seconds": (0, 86_400),
}


def connectivity_faults(package: ConnectivityPackage) -> list[Fault]:
    """What is wrong with a package: figures out of range or contradicting each other."""
    faults = []
    for name, (low, high) in _BETWEEN.items():
        value = getattr(package, name)
        if value is not None and not low <= value <= high:
            faults.append(
                Fault(
                    field=f"connectivity.{name}",
                    problem="is out of range",
                    mend=f"give a whole number from {low} to {high}",
                    value=str(value),
                )
            )
    if package.committed_mbps is not None and package.committed_mbps > package.download_mbps:
        faults.append(
            Fault(
                field="connectivity.committed_mbps",
                problem="is more than the download speed",
                mend=f"give at most {package.download_mbps}",
                value=str(package.committed_mbps),
            )
        )
    if package.failover_seconds is not None and package.failover is Failover.NONE:
        faults.append(
            Fault(
                field="connectivity.failover_seconds",
                problem="is given without a failover connection",
                mend="name the failover connection, or leave the seconds out",
                value=str(package.failover_seconds),
            )
        )
    return faults + text_faults("connectivity.filtering_product", package.filtering_product, at_most=120)
