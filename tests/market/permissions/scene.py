"""A small world in which every route has something to act on, and one caller for every role, here and elsewhere."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import select
from tests.support.api import ROOT, Api, token_for
from tests.support.badges import CYBER, send_file
from tests.support.people import member, person, school, token_of, trust

from becta.kernel import clock
from becta.kernel.actor import Role, Scope
from becta.market.accounts.hashing import hash_of
from becta.market.accounts.models import ApiToken, Organisation, Person
from becta.market.accounts.organisations import open_organisation
from becta.market.accounts.roles import OrganisationKind
from becta.market.wiring import House

HOME: dict[Role, OrganisationKind] = {
    Role.BUYER: OrganisationKind.SCHOOL,
    Role.APPROVER: OrganisationKind.SCHOOL,
    Role.FINANCE: OrganisationKind.SCHOOL,
    Role.TRUST_LEAD: OrganisationKind.TRUST,
    Role.SUPPLIER_EDITOR: OrganisationKind.SUPPLIER,
    Role.SUPPLIER_BIDDER: OrganisationKind.SUPPLIER,
    Role.EVALUATOR: OrganisationKind.SCHOOL,
    Role.VERIFIER: OrganisationKind.OPERATOR,
    Role.OPERATOR: OrganisationKind.OPERATOR,
    Role.AUDITOR: OrganisationKind.SCHOOL,
}
"""Where each role is tried. An auditor may also be the operator's, which test_the_auditor... tries."""
NOBODY, NO_ROLE, SUPPLIERS_TOKEN, OPERATORS_TOKEN = "nobody", "no role", "supplier's token", "operator's token"
CALLERS: tuple[str, ...] = (NOBODY, NO_ROLE, *Role, SUPPLIERS_TOKEN, OPERATORS_TOKEN)
ELSEWHERE = "elsewhere"


OF_A_SCHOOL: list[dict[str, Any]] = [{"role": "approver", "limit_pence": 1_000_000}]


class Upload(NamedTuple):
    """A body that is a file with fields."""

    name: str
    content: bytes
    fields: dict[str, str] | None = None


class Scene:
    """Two of every kind of organisation, their people, and things in a state in which each step could be taken."""

    def __init__(self, house: House, api: Api) -> None:
        self.house, self.api = house, api
        self.supplier = api.supplier()
        self.other_supplier = api.supplier("rowan-learning")
        self.draft = api.draft(self.supplier, "draft")
        self.submitted = api.draft(self.supplier, "submitted")
        api.post(f"/products/{self.submitted}/submit")
        self.offer = UUID(api.offer(self.draft, self.supplier)["id"])
        self.claim = UUID(api.made(f"/suppliers/{self.supplier}/badge-claims", CYBER)["id"])
        self.published = api.published(self.supplier, "published")
        self.shown_offer = UUID(api.offer(self.published, self.supplier, "offer-2")["id"])
        self._people()
        self._things()
        self._badges()

    def headers(self, who: str, *, elsewhere: bool = False) -> dict[str, str]:
        """The Authorization header of a caller, or of one with the same role in another organisation."""
        if who == NOBODY:
            return {}
        return {"Authorization": f"Bearer {self.secrets[f'{ELSEWHERE} {who}' if elsewhere else who]}"}

    def _people(self) -> None:
        """One person a role, each with a personal token of their organisation, here and elsewhere."""
        self.secrets = {
            SUPPLIERS_TOKEN: token_for(self.house.db, self.supplier),
            OPERATORS_TOKEN: token_for(self.house.db, None),
            f"{ELSEWHERE} {SUPPLIERS_TOKEN}": token_for(self.house.db, self.other_supplier),
        }
        self.people: dict[str, Person] = {}
        now = clock.now()
        with self.house.db.write() as session:
            trust(session, 2044, "Larch Learning Trust")
            trust(session, 2055, "Far Away Trust")
            here: dict[OrganisationKind, Organisation] = {
                OrganisationKind.SCHOOL: school(session, 100_001, trust_uid=2044, website="www.larchlane.leeds.sch.uk"),
                OrganisationKind.TRUST: open_organisation(session, "trust:2044", now=now),
                OrganisationKind.SUPPLIER: open_organisation(session, f"supplier:{self.supplier}", now=now),
                OrganisationKind.OPERATOR: open_organisation(session, "operator", now=now),
            }
            there = {
                OrganisationKind.SCHOOL: school(session, 100_002, "Far Away School", trust_uid=2055),
                OrganisationKind.TRUST: open_organisation(session, "trust:2055", now=now),
                OrganisationKind.SUPPLIER: open_organisation(session, f"supplier:{self.other_supplier}", now=now),
                OrganisationKind.OPERATOR: here[OrganisationKind.OPERATOR],
            }
            self.here = here
            for prefix, places in (("", here), (f"{ELSEWHERE} ", there)):
                self._join(session, f"{prefix}{NO_ROLE}", places[OrganisationKind.SCHOOL])
                for role, kind in HOME.items():
                    self._join(session, f"{prefix}{role}", places[kind], role)

            school(session, 100_003, "Larch Hill School", website="https://larchlane.leeds.sch.uk/hill")
            self._join(session, "leaver", here[OrganisationKind.SCHOOL])
            newcomer = self.people["newcomer"] = person(session, "Newcomer", "newcomer@larchlane.leeds.sch.uk")
            member(session, newcomer, there[OrganisationKind.SCHOOL])
            self.secrets["newcomer"] = token_of(session, newcomer, there[OrganisationKind.SCHOOL])

    def _join(self, session: Any, who: str, organisation: Organisation, *roles: Role) -> None:
        place = "faraway" if who.startswith(ELSEWHERE) else "larchlane"
        email = f"{who.replace(' ', '-')}@{place}.leeds.sch.uk"
        self.people[who] = person(session, who.title(), email)
        member(session, self.people[who], organisation, *roles)
        self.secrets[who] = token_of(session, self.people[who], organisation)

    def home(self, who: str) -> UUID:
        """The organisation that somebody acts for."""
        return self.here[HOME[Role(who)] if who in set(Role) else OrganisationKind.SCHOOL].id

    def id_of(self, who: str) -> UUID:
        """A person's id."""
        return self.people[who].id

    def _things(self) -> None:
        """Money and requests of the school, made through the API by those who may."""
        rules: list[dict[str, Any]] = [
            {"role": "buyer", "limit_pence": 50_000, "above": "approver"},
            {"role": "approver", "limit_pence": 1_000_000, "above": "trust_lead"},
            {"role": "trust_lead", "limit_pence": None},
        ]
        for reference in ("trust:2044", "trust:2055"):
            self._made(Role.OPERATOR, "PUT", f"/organisations/{reference}/scheme", {"rules": rules})
        self._made(Role.OPERATOR, "PUT", "/organisations/urn:100001/scheme", {"rules": rules[:1] + OF_A_SCHOOL})
        books = {"organisation": "urn:100001", "purpose": "Books", "category": "library", "budget_code": "LIB"}
        self.approved = self._made(Role.BUYER, "POST", "/commitments", {**books, "amount_pence": 1_000})["id"]
        self.held = self._made(Role.BUYER, "POST", "/commitments", {**books, "amount_pence": 60_000})["id"]
        invited = {"email": "invited@larchlane.leeds.sch.uk", "roles": ["buyer"]}
        self.invitation = self._made(Role.APPROVER, "POST", "/organisations/urn:100001/invitations", invited)["id"]
        asked = {"organisation": "urn:100001", "roles": ["buyer"]}
        self.request = self._made("newcomer", "POST", "/join-requests", asked)["id"]
        wanted = {"organisation": "urn:100001", "name": "Devices", "need": "30 Chromebooks"}
        self.shortlist = self._made(Role.BUYER, "POST", "/shortlists", wanted)["id"]
        entries = f"/shortlists/{self.shortlist}/entries"
        listed = self._made(Role.BUYER, "POST", entries, {"product_id": str(self.published)})
        self.entry = listed["entries"][0]["id"]
        self.other_published = self.api.published(self.supplier, "published too")
        spare = hash_of(token_for(self.house.db, self.supplier, [Scope.LISTINGS_WRITE]))  # what its editor may give
        with self.house.db.read() as session:
            self.spare_token = session.exec(select(ApiToken.id).where(ApiToken.secret_hash == spare)).one()
        history = self._made(OPERATORS_TOKEN, "GET", f"/audit/objects/commitment/{self.held}")["items"]
        self.event = history[0]["position"]

    def _badges(self) -> None:
        """Claims in every state in which somebody may do something, evidence, a badge and a conformance run."""

        def claim(*decisions: str) -> str:
            made = self.api.made(f"/suppliers/{self.supplier}/badge-claims", CYBER)["id"]
            for decision in decisions:
                body = {"decision": decision, "reasons": ["As we found"]}
                self._made(Role.VERIFIER, "POST", f"/badge-claims/{made}/decision", body)
            return str(made)

        self.returned, self.badge = claim("returned"), claim("accepted")
        self.taken = claim()
        self._made(Role.VERIFIER, "POST", f"/badge-claims/{self.taken}/take")
        self.file = send_file(self.api, str(self.claim)).json()["id"]
        asked = self.send(Role.SUPPLIER_EDITOR, "POST", f"/products/{self.published}/conformance-runs", self.package)
        assert asked.status_code == 202, asked.text
        self.run = asked.json()["id"]

    @property
    def package(self) -> Upload:
        """A file to be tested."""
        return Upload("p.zip", b"PK", {"runner": "oneroster-csv-1.1", "product_version": "1", "synthetic": "true"})

    def _made(self, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(who, method, path, body)
        assert answer.is_success, f"{who} {method} {path}: {answer.text}"
        return answer.json()

    def send(self, who: str, method: str, path: str, body: Any = None, *, elsewhere: bool = False) -> Any:
        """A request of a caller."""
        headers = {**self.headers(who, elsewhere=elsewhere), "If-Match": "*"}
        if isinstance(body, Upload):
            sent: dict[str, Any] = {"files": {"file": (body.name, body.content)}, "data": body.fields or {}}
        else:
            sent = {"json": body}
        return self.api.client.request(method, f"{ROOT}{path}", headers=headers, **sent)
