"""The particulars of connections and of used devices as facts for people."""

from becta.catalogue.connectivity.rules import AccessType, ConnectivityPackage, Cover, Failover
from becta.kernel.money import pounds
from becta.market.listings.schemas import OfferOut
from becta.market.web.formats import condition_words, count_of, london_date, thousands
from becta.market.web.views import Fact, UsedDevices
from becta.refurb.units.rules import Erasure, Grade, Process, RemanufacturedDevice

LINES = {
    AccessType.FTTP: "Full fibre (FTTP)",
    AccessType.LEASED_LINE: "Leased line",
    AccessType.SOGEA: "Copper to the premises (SoGEA)",
    AccessType.MOBILE_4G: "4G mobile",
    AccessType.MOBILE_5G: "5G mobile",
    AccessType.SATELLITE: "Satellite",
}
COVER = {
    Cover.WORKING_HOURS: "Working hours",
    Cover.EXTENDED_HOURS: "Extended hours",
    Cover.ALWAYS: "All day, every day",
}
GRADES = {
    Grade.A: "A, like new",
    Grade.B: "B, light wear",
    Grade.C: "C, visible wear",
}
PROCESSES = {
    Process.BS_8887_220: "Remanufactured to BS 8887-220",
    Process.BS_8887_240: "Reconditioned to BS 8887-240",
    Process.BS_8887_211: "Reworked to BS 8887-211",
    Process.KITEMARK: "BSI Kitemark",
    Process.OWN: "The supplier's own process",
}
ERASURE = {Erasure.CLEAR: "Cleared", Erasure.PURGE: "Purged", Erasure.DESTROY: "Media destroyed"}
USED_NOTE = (
    "Remanufactured means at least the original performance and a warranty at least as long as new. "
    "Grades are about looks only, by our own rubric."
)


def connection_facts(package: ConnectivityPackage | None) -> tuple[Fact, ...]:
    """What a connectivity package states; what the supplier left open is left out."""
    if package is None:
        return ()
    facts = [
        ("Line", LINES[package.access_type]),
        ("Download speed", f"{thousands(package.download_mbps)} Mbps"),
        ("Upload speed", f"{thousands(package.upload_mbps)} Mbps"),
        ("Guaranteed speed", f"{thousands(package.committed_mbps)} Mbps" if package.committed_mbps else ""),
        ("Contention", f"{package.contention_ratio}:1" if package.contention_ratio else ""),
        ("Contract", _contract(package)),
        ("Installation", f"{pounds(package.install_charge_pence)} ex VAT" if package.install_charge_pence else "Free"),
        ("Extra building works, at most", _cap(package.excess_construction_cap_pence)),
        ("Availability", _percent(package.availability_basis_points)),
        ("Faults mended within", count_of(package.target_fix_hours, "hour") if package.target_fix_hours else ""),
        ("Hours of cover", COVER[package.hours_of_cover] if package.hours_of_cover else ""),
        ("Credit for each hour beyond", _percent(package.service_credit_basis_points_per_hour)),
        ("Backup line", _failover(package)),
        ("Filtering", package.filtering_product),
        ("Public IP addresses", thousands(package.static_ips) if package.static_ips else ""),
        ("Included", ", ".join(_included(package))),
        ("Needs a telephone line", "Yes, and the old network is being switched off" if package.depends_on_pstn else ""),
    ]
    return tuple(Fact(term=term, text=text) for term, text in facts if text)


def used_devices(offer: OfferOut) -> UsedDevices | None:
    """The particulars of an offer of used devices, None for any other."""
    unit = offer.remanufactured
    if unit is None:
        return None
    facts = [
        Fact(term="Grade", text=GRADES[unit.grade]),
        Fact(term="Process", text=PROCESSES[unit.process], note=unit.process_certificate),
        Fact(term="Reworked by", text=unit.remanufacturer),
        Fact(
            term="Warranty",
            text=count_of(unit.warranty_months, "month"),
            note=f"New: {count_of(unit.new_warranty_months, 'month')}",
        ),
        Fact(term="Data erasure", text=ERASURE[unit.erasure], note=unit.erasure_standard),
        *_optional(unit),
    ]
    title = f"{condition_words(offer.condition)}, grade {unit.grade}, from {offer.supplier.name}"
    return UsedDevices(title=title, facts=tuple(facts))


def _optional(unit: RemanufacturedDevice) -> list[Fact]:
    facts = []
    if unit.battery_percent is not None:
        facts.append(Fact(term="Battery", text=f"{unit.battery_percent}% of its design capacity"))
    if unit.operating_system:
        until = f"Security updates until {london_date(unit.os_supported_until)}" if unit.os_supported_until else ""
        facts.append(Fact(term="Operating system", text=unit.operating_system, note=until))
    if unit.charger_included:
        facts.append(Fact(term="Charger", text="Included"))
    if unit.quantity_available is not None:
        facts.append(Fact(term="In stock", text=thousands(unit.quantity_available)))
    return facts


def _contract(package: ConnectivityPackage) -> str:
    parts = [count_of(package.term_months, "month")]
    if package.notice_days:
        parts.append(f"{count_of(package.notice_days, 'day')} notice")
    parts.append("renews by itself" if package.auto_renews else "ends by itself")
    return ", ".join(parts)


def _failover(package: ConnectivityPackage) -> str:
    if package.failover is Failover.NONE:
        return "None"
    line = LINES[AccessType(package.failover.value)]
    if package.failover_seconds is None:
        return line
    return f"{line}, takes over within {count_of(package.failover_seconds, 'second')}"


def _included(package: ConnectivityPackage) -> list[str]:
    parts = {
        "router": package.router_included,
        "firewall": package.firewall_included,
        "protection against denial of service": package.ddos_protection,
        "IPv6": package.ipv6,
        "route validation (RPKI)": package.rpki_validation,
    }
    return [words for words, is_in in parts.items() if is_in]


def _cap(pence: int | None) -> str:
    return "No limit" if pence is None else f"{pounds(pence)} ex VAT"


def _percent(basis_points: int | None) -> str:
    return "" if basis_points is None else percent_words(basis_points)


def percent_words(basis_points: int) -> str:
    """Hundredths of a per cent as a percentage: 1750 is "17.5%"."""
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".") + "%"
