"""Actors may do what their scopes say, and only to what is within their reach."""

from uuid import UUID

import pytest

from becta.kernel.actor import NOWHERE, OPERATOR_ID, Actor, Scope, system
from becta.kernel.errors import Forbidden
from becta.kernel.ids import new_id

OWN, OTHER, SCHOOL = new_id(), new_id(), new_id()
SCOPES = frozenset({Scope.LISTINGS_WRITE, Scope.OFFERS_WRITE})
SUPPLIER = Actor(kind="token", id="1", label="Larch", scopes=SCOPES, organisation_id=OWN)


def test_an_organisation_may_act_for_itself() -> None:
    SUPPLIER.require(Scope.LISTINGS_WRITE, of=OWN)

    assert SUPPLIER.bound_to == OWN


def test_an_organisation_may_not_act_for_another() -> None:
    with pytest.raises(Forbidden) as refused:
        SUPPLIER.require(Scope.LISTINGS_WRITE, of=OTHER)

    assert (refused.value.need, refused.value.organisation_id) == (Scope.LISTINGS_WRITE, OTHER)


@pytest.mark.parametrize("scope", sorted(frozenset(Scope) - SCOPES))
def test_nobody_does_what_is_not_among_their_scopes(scope: Scope) -> None:
    with pytest.raises(Forbidden) as refused:
        SUPPLIER.require(scope, of=OWN)

    assert (refused.value.need, refused.value.organisation_id) == (scope, None)


def test_a_trust_reaches_its_schools_and_no_others() -> None:
    schools = frozenset({SCHOOL})
    trust = Actor(kind="person", id="1", label="Ada", scopes=SCOPES, organisation_id=OWN, also_reaches=schools)

    assert [trust.reaches(one) for one in (OWN, SCHOOL, OTHER)] == [True, True, False]


@pytest.mark.parametrize("scope", sorted(Scope))
def test_the_marketplace_itself_may_act_for_everybody(scope: Scope) -> None:
    system("command line").require(scope, of=OTHER)

    assert system("command line").bound_to is None


def test_the_operator_reaches_everything_but_does_only_what_its_scopes_say() -> None:
    operator = Actor(kind="token", id="1", label="ops", scopes=SCOPES, organisation_id=OPERATOR_ID)

    assert (operator.bound_to, operator.reaches(OTHER)) == (None, True)
    with pytest.raises(Forbidden):
        operator.require(Scope.LISTINGS_DECIDE)


@pytest.mark.parametrize("other", [OTHER, UUID(int=1)])
def test_somebody_who_acts_for_no_organisation_reaches_nothing(other: UUID) -> None:
    nobody = Actor(kind="person", id="1", label="Ada", scopes=frozenset(Scope))

    assert nobody.bound_to == NOWHERE
    with pytest.raises(Forbidden):
        nobody.require(Scope.LISTINGS_WRITE, of=other)


def test_identifiers_made_later_sort_after() -> None:
    made = [new_id() for _ in range(1_000)]

    assert made == sorted(set(made))
    assert {identifier.version for identifier in made} == {7}
