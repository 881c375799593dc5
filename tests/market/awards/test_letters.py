"""Who is written to between decision and contract: bidders, winners, and the schools that pledged."""

import pytest
from tests.market.awards.conftest import Judged
from tests.market.procurements.conftest import LOT, Somebody, Town

from becta.kernel.actor import Role

BIDDERS = [f"bidder.of.{name}@people.example" for name in ("ash", "beech", "cedar")]


@pytest.fixture
def together(town: Town, three: list[Somebody]) -> Judged:
    """Two schools that pledged for five trolleys each; the second would pay no more than any bid asks."""
    town.may_spend(town.school, town.other)
    bea = town.somebody("Bea Buyer", town.school, Role.BUYER)
    oli = town.somebody("Oli Other", town.other, Role.BUYER)
    pledged = [
        (bea, {"quantity": 5, "ceiling_price_pence": 40_000}),
        (oli, {"quantity": 5, "ceiling_price_pence": 20_000}),
    ]
    made = Judged(town, three, pledged=pledged, lots=[LOT])
    with made.then():
        town.mails()
    return made


def test_bidders_and_schools_hear_that_a_claim_holds_up_the_contracts_and_that_it_no_longer_does(
    together: Judged,
) -> None:
    town, lead, it = together.town, together.lead, together.it
    with together.then():
        together.decides()
        lead.has_done(it, "summaries")
        assert town.mails() == [(to, "Trolleys: your assessment summary") for to in BIDDERS]

        lead.has_done(it, "standstill", {"days": 8})
        town.mails()
        lead.has_done(it, "challenge", {"reason": "Ash claims a mistake"})
        letters = town.letters()
        lead.has_done(it, "resume", {"reason": "Ash withdrew its claim"})
        resumed = town.mails()

    people = ["bea.buyer@people.example", *BIDDERS, "oli.other@people.example"]
    assert [(to, subject) for to, subject, _ in letters] == [(to, "Trolleys: award suspended") for to in people]
    assert not any("Ash" in text for *_, text in letters)
    assert resumed == [(to, "Trolleys: award resumed") for to in people]


def test_whoever_was_told_of_a_decision_hears_that_it_was_taken_back(together: Judged) -> None:
    town, lead, it = together.town, together.lead, together.it
    with together.then():
        together.decides()
        lead.has_done(it, "reconsider", {"reason": "A score was typed wrongly"})
        assert town.mails() == []

        together.decides()
        lead.has_done(it, "summaries")
        town.mails()
        lead.has_done(it, "reconsider", {"reason": "A score was typed wrongly"})
        assert town.mails() == [
            (to, "Trolleys: award reconsidered")
            for to in ("bea.buyer@people.example", *BIDDERS, "oli.other@people.example")
        ]

        together.decides()
        lead.has_done(it, "reconsider", {"reason": "Another score was typed wrongly"})
        assert town.mails() == []


def test_winners_and_schools_hear_of_the_contracts_and_who_gets_nothing_hears_that(together: Judged) -> None:
    town, lead, it = together.town, together.lead, together.it
    with together.then():
        together.decides()
        lead.has_done(it, "summaries")
        town.mails()
        lead.has_done(it, "contracts", {"starts_on": together.now.date().isoformat()})
        letters = {(to, subject): text for to, subject, text in town.letters()}

    assert list(letters) == [
        ("bea.buyer@people.example", "Trolleys: bought"),
        ("bidder.of.beech@people.example", "Trolleys: your contract"),
        ("oli.other@people.example", "Trolleys: nothing for you"),
    ]
    root = f"/api/v1/procurements/{it['id']}"
    for text, place in zip(letters.values(), ("call-offs", "contracts", "pledges"), strict=True):
        assert f"{root}/{place}" in text.splitlines()[2]


def test_schools_that_pledged_hear_that_nothing_comes_of_it(together: Judged) -> None:
    with together.then():
        together.lead.has_done(together.it, "terminate", {"reason": "The money went into the roof"})
        assert together.town.mails() == [
            (to, "Trolleys: ended") for to in ("bea.buyer@people.example", *BIDDERS, "oli.other@people.example")
        ]
