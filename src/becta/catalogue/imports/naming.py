"""Finding the suppliers that rows name, by reference or by name."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from becta.catalogue.suppliers.models import Supplier
from becta.catalogue.text_rules import text_faults
from becta.kernel.errors import Fault


def folded(name: str) -> str:
    """A supplier's reference or name as it is compared."""
    return name.strip().casefold()


def suppliers_by_name(session: Session, names: Iterable[str]) -> dict[str, UUID]:
    """Suppliers whose reference or name is among these, by both, folded.

    A reference outweighs a name; a name that two suppliers bear stands for neither.
    """
    plain = {name.strip() for name in names}
    lowered = {name.lower() for name in plain}
    ascii_lowered = {_ascii_lower(name) for name in plain}  # all that SQLite's lower() does
    known = or_(col(Supplier.reference).in_(lowered), func.lower(Supplier.name).in_(lowered | ascii_lowered))
    rows = session.exec(select(Supplier.id, Supplier.reference, Supplier.name).where(known)).all()
    bearers: dict[str, list[UUID]] = {}
    for supplier_id, _, name in rows:
        bearers.setdefault(folded(name), []).append(supplier_id)
    found = {name: ids[0] for name, ids in bearers.items() if len(ids) == 1}
    return found | {reference: supplier_id for supplier_id, reference, _ in rows}


def supplier_name_faults(field: str, name: str) -> list[Fault]:
    """Faults of text that names a supplier, before it is looked for."""
    return text_faults(field, name, at_least=1, at_most=160)


def unknown_supplier(name: str) -> Fault:
    """The fault of a row that names a supplier nobody knows."""
    mend = "give the reference or exact name of a supplier here; import suppliers first"
    return Fault(field="supplier", problem="is not a supplier we know", mend=mend, value=name[:80])


def _ascii_lower(name: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in name)
