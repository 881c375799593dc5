"""What a claim can be for, and reading the choice back: a holder of the visitor's own, and a version of a standard."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session

from becta.compliance.standards.entries import Standard
from becta.compliance.standards.registry import Holder, standards
from becta.kernel.actor import Actor
from becta.kernel.errors import Fault, refuse_if_any
from becta.market.accounts.organisations import organisation_out
from becta.market.web.addresses import as_uuid
from becta.market.web.views import Option
from becta.market.web.work.claims.queries import ListedProduct, listed_product, listed_products
from becta.market.web.work.views import Group

MOST_PRODUCTS = 300
"""Products in a select; a supplier with more names one by its own reference."""
OWN = "supplier"
"""What a form calls the supplier itself."""
HOLDERS = {Holder.SUPPLIER: "For the supplier itself", Holder.PRODUCT: "For a product"}


class Chosen(Struct, frozen=True, kw_only=True):
    """Whom a claim is for and to what."""

    holder: Holder
    holder_id: UUID
    name: str
    standard: Standard
    version: str

    @property
    def badge(self) -> str:
        """The standard with its version."""
        return f"{self.standard.name} {self.version}"

    @property
    def fields(self) -> Mapping[str, str]:
        """The choice as the fields of a form."""
        whom = OWN if self.holder is Holder.SUPPLIER else str(self.holder_id)
        return {"holder": whom, "standard": f"{self.standard.code} {self.version}"}


def holder_groups(session: Session, actor: Actor) -> tuple[tuple[Group, ...], bool]:
    """The visitor's supplier and its listed products for a select, and whether there are more products."""
    if actor.bound_to is None or actor.organisation_id is None:
        return (), False
    products, is_cut = product_options(session, actor)
    own = Option(value=OWN, text=organisation_out(session, actor.organisation_id).name)
    groups = (Group(title="The supplier itself", options=(own,)), Group(title="Its products", options=products))
    return tuple(group for group in groups if group.options), is_cut


def product_options(session: Session, actor: Actor) -> tuple[tuple[Option, ...], bool]:
    """The listed products of the visitor's supplier for a select, and whether there are more."""
    if actor.bound_to is None or actor.organisation_id is None:
        return (), False
    found = listed_products(session, actor.organisation_id, limit=MOST_PRODUCTS + 1)
    return tuple(Option(value=str(one.id), text=one.title) for one in found[:MOST_PRODUCTS]), len(found) > MOST_PRODUCTS


def standard_groups() -> tuple[Group, ...]:
    """Every version of every standard a badge can name, by whom it is for and who publishes it."""
    groups: dict[str, list[Option]] = {}
    for holder, words in HOLDERS.items():
        for each in standards().values():
            if each.holder is holder:
                versions = [
                    Option(value=f"{each.code} {version}", text=f"{each.name} {version}") for version in each.versions
                ]
                groups.setdefault(f"{words}: {each.publisher}", []).extend(versions)
    return tuple(Group(title=title, options=tuple(options)) for title, options in groups.items())


def chosen_of(session: Session, actor: Actor, *, holder: str, reference: str, standard: str) -> Chosen:
    """The choice that was made; raises Invalid where it is none, or where holder and standard do not go together."""
    found, version = standard_of(standard)
    faults = []
    if found is None:
        mend = "choose the one that the certificate or statement names"
        faults.append(Fault(field="standard", problem="is not chosen", mend=mend))
    whom = _holder_of(session, actor, holder, reference)
    if whom is None:
        mend = "choose the supplier or one of its listed products"
        faults.append(Fault(field="holder", problem="is not chosen", mend=mend))
    elif found is not None and found.holder is not whom[0]:
        mend = f"choose a {found.holder}, or another standard"
        problem = f"belongs to a {found.holder}, not to a {whom[0]}"
        faults.append(Fault(field="standard", problem=problem, mend=mend))
    refuse_if_any(faults)
    assert found is not None  # a fault says so otherwise
    assert whom is not None  # likewise
    return Chosen(holder=whom[0], holder_id=whom[1], name=whom[2], standard=found, version=version)


def standard_of(text: str) -> tuple[Standard | None, str]:
    """A standard and its version from the value of a select; None if there is no such version."""
    code, _, version = text.partition(" ")
    found = standards().get(code)
    return (found, version) if found is not None and version in found.versions else (None, "")


def product_of(session: Session, actor: Actor, product: str, reference: str) -> ListedProduct | None:
    """A listed product of the visitor's supplier, by its id or else by the supplier's own reference."""
    if actor.bound_to is None or actor.organisation_id is None:
        return None
    product_id = as_uuid(product)
    if product_id is not None:
        return listed_product(session, actor.organisation_id, product_id=product_id)
    wanted = reference.strip()
    if not wanted or len(wanted) > 120 or "\x00" in wanted:
        return None
    return listed_product(session, actor.organisation_id, reference=wanted)


def _holder_of(session: Session, actor: Actor, text: str, reference: str) -> tuple[Holder, UUID, str] | None:
    if actor.bound_to is None or actor.organisation_id is None:
        return None
    if text == OWN:
        own = organisation_out(session, actor.organisation_id)
        return Holder.SUPPLIER, actor.organisation_id, own.name
    product = product_of(session, actor, text, reference)
    return None if product is None else (Holder.PRODUCT, product.id, product.title)
