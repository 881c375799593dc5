"""The scene with all that buying together needs: procurements, frameworks, pledges, and what others published."""

import copy
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.market.permissions.scene import Scene
from tests.market.permissions.scene_frameworks import Frameworks
from tests.market.permissions.scene_procurements import Cast, Procurements
from tests.support.api import Api, token_for
from tests.support.apps import client_over

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.kernel.ids import new_id
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.ocds.models import NoticeInterest, OcdsNotice
from becta.market.ocds.projecting import Stage
from becta.market.settings import Settings
from becta.market.wiring import House, build

DATABASE, DATA = "market.db", "data"
PLEDGE = {"organisation": "urn:100001", "quantity": 2, "ceiling_price_pence": 10_000, "budget_code": "ICT"}


class SceneTogether(Scene):
    """The scene, and the trust's procurements and frameworks in every state, for its school and its supplier."""

    def __init__(self, house: House, api: Api) -> None:
        super().__init__(house, api)
        second, third = api.supplier("elm-devices"), api.supplier("oak-devices")
        now = clock.now()
        with house.db.write() as session:
            self._join(session, "officer", self.here[OrganisationKind.TRUST], Role.FINANCE)
            suppliers = [open_organisation(session, f"supplier:{one}", now=now).id for one in (second, third)]
            cast = Cast(
                house=house,
                trust=self.here[OrganisationKind.TRUST].id,
                school=self.here[OrganisationKind.SCHOOL].id,
                other_school=open_organisation(session, "urn:100003", now=now).id,
                suppliers=(self.here[OrganisationKind.SUPPLIER].id, suppliers[0]),
                third=suppliers[1],
                lead=self.id_of(Role.TRUST_LEAD),
                officer=self.id_of("officer"),
                evaluator=self.id_of(Role.EVALUATOR),
            )
            self.procurements = Procurements(cast, session)
            self.frameworks = Frameworks(cast.trust, cast.suppliers[0], cast.lead, session)
            self.notice, self.interest = new_id(), new_id()
            session.add(_notice(self.notice))
            wanted = {"words": ["laptops"]}
            made = NoticeInterest(
                id=self.interest, organisation_id=cast.suppliers[0], wanted=wanted, created_at=clock.now()
            )
            session.add(made)
        self.pledge, self.asked_pledge = (
            self._made(Role.BUYER, "POST", f"/procurements/{one.id}/pledges", PLEDGE)["id"]
            for one in (self.procurements.gathering, self.procurements.asked)
        )
        with house.db.write() as session:
            self.procurements.lock(cast, session)

    def again(self, house: House, api: Api) -> "SceneTogether":
        """The same scene in a copy of the house in which it was made."""
        other = copy.copy(self)
        other.house, other.api = house, api
        return other


class Original:
    """A scene that was made once, on SQLite, to be copied for whoever changes something in it."""

    def __init__(self, template: Path, folder: Path) -> None:
        """Copy the empty database `template`, and make the scene in a folder of its own."""
        folder.mkdir()
        shutil.copy(template, folder / DATABASE)
        self.folder, self._house = folder, house_in(folder)
        with client_over(self._house) as client:
            self.scene = SceneTogether(self._house, Api(client, token_for(self._house.db, None)))
        self._house.close()

    def copy_to(self, folder: Path) -> House:
        """The house in which the scene was made, as it was then, in another folder."""
        shutil.copytree(self.folder, folder)
        return house_in(folder)


def house_in(folder: Path) -> House:
    """A house with all that it keeps in a folder; its relay is not running."""
    return build(Settings(data_dir=folder / DATA, database_url=f"sqlite:///{folder / DATABASE}"))


def _notice(notice_id: UUID) -> OcdsNotice:
    values: dict[str, Any] = dict.fromkeys(("publisher", "license", "title", "description", "buyer"), "Somebody else")
    return OcdsNotice(
        id=notice_id,
        ocid="ocds-test-1",
        release_id="1",
        version=1,
        digest="0" * 64,
        body="{}",
        imported_at=clock.now(),
        date=clock.now(),
        tags=["tender"],
        stage=Stage.TENDER,
        cpv=["30213100"],
        **values,
    )
