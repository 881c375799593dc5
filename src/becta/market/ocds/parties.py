"""Organisations as parties of a release, with the identifiers by which the world knows them (org-id.guide)."""

from uuid import UUID

from sqlmodel import Session

from becta.catalogue.suppliers.models import Supplier
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import OPERATOR_NAME
from becta.market.accounts.roles import OrganisationKind
from becta.market.ocds.facts import PartyFacts
from becta.market.organisations.models import Establishment, EstablishmentGroup


def party_of(session: Session, organisation_id: UUID, roles: tuple[str, ...]) -> PartyFacts:
    """An organisation with its parts in a process; of a supplier no address, which may be a person's home."""
    found = session.get_one(Organisation, organisation_id)
    if found.kind is OrganisationKind.SCHOOL:
        school = session.get_one(Establishment, found.urn)
        known = [("GB-UKPRN", school.ukprn), ("GB-EDU", str(school.urn))]
        return _authority(found, school, known, roles)
    if found.kind is OrganisationKind.TRUST:
        group = session.get_one(EstablishmentGroup, found.group_uid)
        return _authority(found, group, [("GB-UKPRN", group.ukprn), ("GB-COH", group.company_number)], roles)
    if found.kind is OrganisationKind.OPERATOR:
        return PartyFacts(key=str(found.id), name=OPERATOR_NAME, roles=roles, is_authority=True)
    supplier = session.get_one(Supplier, found.supplier_id)
    known = [("GB-COH", supplier.companies_house_number), ("GB-PPON", supplier.ppon)]
    return PartyFacts(key=str(found.id), name=supplier.name, roles=roles, identifiers=_identifiers(known))


def _authority(
    organisation: Organisation,
    row: Establishment | EstablishmentGroup,
    known: list[tuple[str, str | None]],
    roles: tuple[str, ...],
) -> PartyFacts:
    return PartyFacts(
        key=str(organisation.id),
        name=row.name,
        roles=roles,
        identifiers=_identifiers(known),
        street=row.street or "",
        town=row.town or "",
        postcode=row.postcode or "",
        is_authority=True,
    )


def _identifiers(known: list[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((scheme, number) for scheme, number in known if number)
