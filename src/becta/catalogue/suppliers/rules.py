"""What must be true of a supplier's identifiers and contacts."""

import re
import unicodedata
from enum import StrEnum

from msgspec import Struct
from stdnum.gb import vat

from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault


class ContactPurpose(StrEnum):
    """What a contact is for."""

    SALES = "sales"
    SUPPORT = "support"
    DATA_PROTECTION = "data_protection"
    SECURITY = "security"


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published way to reach a supplier: a role or team rather than a private person."""

    purpose: ContactPurpose
    name: str
    email: str
    telephone: str = ""


class SupplierDetails(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a supplier says of itself.

    `ppon` is the Procurement Act 2023 supplier identifier of the central digital platform.
    """

    name: str
    legal_name: str = ""
    companies_house_number: str | None = None
    ppon: str | None = None
    vat_number: str | None = None
    website: str = ""
    summary: str = ""
    town: str = ""
    contacts: tuple[Contact, ...] = ()


_REFERENCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_COMPANY = re.compile(
    r"(\d{8}|(SC|NI|OC|SO|NC|CE|CS|RS|IP|FC|BR|GE|LP|SL|NL|RC|SR|NR|SP|NP|IC|SI|NV|R0)\d{6})", re.ASCII
)
_PPON = re.compile(r"[A-Z]{4}-\d{4}-[A-Z0-9]{4}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_WEBSITE = re.compile(r"https?://[^\s/]+\.[^\s]+")
_TELEPHONE = re.compile(r"\+?[0-9 ()-]{7,24}", re.ASCII)


def supplier_reference_faults(reference: str) -> list[Fault]:
    """Faults of the short name that stands for a supplier in addresses and files."""
    if _REFERENCE.fullmatch(reference) and len(reference) <= 64:
        return []
    mend = "use lower-case letters, digits and single hyphens, at most 64 characters, such as bright-path"
    return [Fault(field="reference", problem="is not a short name", mend=mend, value=reference[:80])]


def short_name(name: str) -> str:
    """A reference made from a supplier's name, such as "TP-LINK" to "tp-link"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:64].strip("-")


def supplier_faults(details: SupplierDetails) -> list[Fault]:
    """Everything wrong with a supplier's details."""
    faults = [
        *text_faults("name", details.name, at_least=2, at_most=160),
        *text_faults("legal_name", details.legal_name, at_most=160),
        *text_faults("summary", details.summary, at_most=2_000),
        *text_faults("town", details.town, at_most=80),
    ]
    faults += _pattern(
        "companies_house_number",
        _COMPANY,
        details.companies_house_number,
        "give 8 digits, or two letters and 6 digits, as Companies House prints it",
    )
    faults += _pattern(
        "ppon", _PPON, details.ppon, "give it as the central digital platform does, such as PBCP-5168-ZDGP"
    )
    faults += _pattern("website", _WEBSITE, details.website or None, "give the full address, starting with https://")
    if details.vat_number is not None and not (len(details.vat_number) <= 16 and vat.is_valid(details.vat_number)):
        mend = "give the 9 or 12 digits with a right check digit, with or without GB"
        faults.append(
            Fault(field="vat_number", problem="is not a UK VAT number", mend=mend, value=details.vat_number[:40])
        )
    if len(details.contacts) > 20:
        faults.append(
            Fault(
                field="contacts",
                problem="has more than 20 entries",
                mend="give at most 20",
                value=str(len(details.contacts)),
            )
        )
    for index, contact in enumerate(details.contacts):
        at = f"contacts.{index}"
        faults += text_faults(f"{at}.name", contact.name, at_least=1, at_most=120)
        faults += _pattern(f"{at}.email", _EMAIL, contact.email, "give an e-mail address, such as sales@example.org")
        faults += _pattern(
            f"{at}.telephone", _TELEPHONE, contact.telephone or None, "give digits and spaces, such as 0113 496 0000"
        )
    return faults


def _pattern(field: str, pattern: re.Pattern[str], value: str | None, mend: str) -> list[Fault]:
    if value is None or (len(value) <= 254 and value.isprintable() and pattern.fullmatch(value)):
        return []
    return [Fault(field=field, problem="is not of the right form", mend=mend, value=value[:80])]
