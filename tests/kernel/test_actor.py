"""Actors may do what their scopes say, and only to their own supplier."""

import pytest

from becta.kernel.actor import OPERATOR_SCOPES, SUPPLIER_SCOPES, Actor, Scope, system
from becta.kernel.errors import Forbidden
from becta.kernel.ids import new_id

OWN, OTHER = new_id(), new_id()
SUPPLIER = Actor(kind="token", id="1", label="Larch", scopes=SUPPLIER_SCOPES, supplier_id=OWN)


def test_a_supplier_may_act_for_itself() -> None:
    SUPPLIER.require(Scope.LISTINGS_WRITE, supplier_id=OWN)


def test_a_supplier_may_not_act_for_another() -> None:
    with pytest.raises(Forbidden) as refused:
        SUPPLIER.require(Scope.LISTINGS_WRITE, supplier_id=OTHER)

    assert (refused.value.need, refused.value.supplier_id) == (Scope.LISTINGS_WRITE, OTHER)


@pytest.mark.parametrize("scope", sorted(OPERATOR_SCOPES - SUPPLIER_SCOPES))
def test_no_supplier_holds_a_scope_of_the_operators(scope: Scope) -> None:
    with pytest.raises(Forbidden) as refused:
        SUPPLIER.require(scope)

    assert (refused.value.need, refused.value.supplier_id) == (scope, None)


@pytest.mark.parametrize("scope", sorted(Scope))
def test_the_marketplace_itself_may_act_for_every_supplier(scope: Scope) -> None:
    system("command line").require(scope, supplier_id=OTHER)


def test_identifiers_made_later_sort_after() -> None:
    made = [new_id() for _ in range(1_000)]

    assert made == sorted(set(made))
    assert {identifier.version for identifier in made} == {7}
