"""A trust with a school, and the people there."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session
from tests.support.people import member, person, school, trust

from becta.kernel.actor import Actor, Role
from becta.market.accounts.access import person_actor
from becta.market.accounts.models import Organisation, Person
from becta.market.db import Database

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TRUST, SCHOOL, ELSEWHERE = 2044, 100_001, 100_002


class Scene:
    """A trust and its school, whose lead, approvers and buyer are there, and a school elsewhere with its approver."""

    def __init__(self, db: Database) -> None:
        self.db = db
        with db.write() as session:
            self.trust = trust(session, TRUST)
            self.school = school(session, SCHOOL, trust_uid=TRUST, website="www.larchlane.kent.sch.uk")
            self.elsewhere = school(session, ELSEWHERE, "Rowan Road School", website="https://rowanroad.org.uk/")
            self.lead = self._person(session, "Lea", self.trust, Role.TRUST_LEAD)
            self.approver = self._person(session, "Ann", self.school, Role.APPROVER)
            self.second = self._person(session, "Abe", self.school, Role.APPROVER, Role.FINANCE)
            self.buyer = self._person(session, "Ben", self.school, Role.BUYER)
            self.stranger = self._person(session, "Sue", self.elsewhere, Role.APPROVER)
            self.newcomer = person(session, "Nia", "nia@larchlane.kent.sch.uk")

    @staticmethod
    def _person(session: Session, name: str, of: Organisation, *roles: Role) -> Person:
        made = person(session, name, f"{name.lower()}@example.org")
        member(session, made, of, *roles)
        return made

    def acting(self, who: Person, organisation: Organisation | None) -> Actor:
        """A person acting for an organisation, as their session would."""
        with self.db.read() as session:
            return person_actor(session, who, None if organisation is None else organisation.id)


@pytest.fixture
def scene(db: Database) -> Scene:
    """The people of a trust and its school."""
    return Scene(db)
