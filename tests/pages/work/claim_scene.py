"""A supplier with a listed product, its editor, a rival, and two people who check claims; and forms filled in."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from httpx import Response
from sqlalchemy import event
from tests.pages.work.conftest import Town, Visitor
from tests.support.api import Api
from tests.support.browser import Forms

from becta.kernel import clock
from becta.kernel.actor import Role
from becta.market.accounts.models import Organisation
from becta.market.accounts.organisations import open_organisation

PDF = b"%PDF-1.7\n%certificate\n"
PNG = b"\x89PNG\r\n\x1a\n0000"
TODAY = clock.london_date(clock.now())
ISSUED = TODAY - timedelta(days=60)
ENDS = clock.add_months(ISSUED, 12)


class Stage:
    """Everybody who has to do with a claim."""

    def __init__(self, town: Town, api: Api) -> None:
        self.town, self.api, self.house = town, api, town.house
        self.supplier, self.other = api.supplier(), api.supplier("rowan-learning")
        self.product = api.published(self.supplier)
        self.others_product = api.published(self.other, "rr-1", "software")
        self.sam = self._visitor("Sam Shaw", f"supplier:{self.supplier}", Role.SUPPLIER_EDITOR)
        self.rival = self._visitor("Rita Rival", f"supplier:{self.other}", Role.SUPPLIER_EDITOR)
        self.vera = self._visitor("Vera Vance", "operator", Role.VERIFIER)
        self.otto = self._visitor("Otto Odd", "operator", Role.VERIFIER)

    def _visitor(self, name: str, reference: str, role: Role) -> Visitor:
        with self.town.db.write() as session:
            organisation: Organisation = open_organisation(session, reference, now=clock.now())
        email = f"{name.split(maxsplit=1)[0].lower()}@people.example"
        return self.town.visitor(name, organisation, role, email=email)

    def claimed(self, *, holder: str = "supplier", standard: str = "cyber-essentials Danzell", **changes: str) -> str:
        """The path of a claim that Sam makes by the form."""
        answer = self.claims(holder=holder, standard=standard, **changes)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def claims(
        self, *, holder: str = "supplier", standard: str = "cyber-essentials Danzell", **changes: str
    ) -> Response:
        """What Sam is answered who fills in the form of a claim."""
        form = self.sam.get(f"/claims/new?holder={holder}&standard={standard.replace(' ', '+')}")
        return self.sam.submit(form, "/claims/new", **{**CERTIFIED, **changes})

    def of_product(self, standard: str = "lti 1.3", **changes: str) -> str:
        """The path of a claim for the product."""
        return self.claimed(holder=str(self.product), standard=standard, **{"role": "Tool", **changes})

    def checked(self, path: str, who: Visitor, decision: str, reasons: str = "") -> Response:
        """The page after somebody took a claim, unless another accepted it already, and decided it."""
        check = f"/checking/{path.rpartition('/')[2]}"
        page = who.get(check)
        if f"{check}/take" in Forms(page.text).found:
            page = who.follow(who.submit(page, f"{check}/take"))
        answer = who.submit(page, f"{check}/decide", decision=decision, reasons=reasons)
        return who.follow(answer) if answer.status_code == 303 else answer


def days(name: str, day: date | None) -> dict[str, str]:
    """The three fields of a day."""
    texts = ("", "", "") if day is None else (str(day.day), str(day.month), str(day.year))
    return dict(zip((f"{name}-day", f"{name}-month", f"{name}-year"), texts, strict=True))


CERTIFIED: dict[str, str] = {
    "level": "certified",
    "certificate_reference": "IASME-CE-004211",
    "scope": "Whole organisation",
    "evidence_url": "https://registry.example.org/ce",
    **days("issued_on", ISSUED),
    **days("expires_on", ENDS),
}


def send_file(who: Visitor, page: Response, action: str, file: tuple[str, bytes] | None, **fields: str) -> Response:
    """Send a form of a page as a browser sends one with files."""
    held: dict[str, Any] = {**Forms(page.text).found[action], **fields}
    held.pop("file", None)
    name, content = file or ("", b"")
    parts = {"file": (name, content, "application/octet-stream")}
    return who._ask("POST", action, headers={}, data=held, files=parts)


def id_of(path: str) -> UUID:
    """The claim that a page is about."""
    return UUID(path.rpartition("/")[2])


def statements(stage: Stage, who: Visitor, address: str) -> int:
    """How many statements a page takes."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    event.listen(stage.house.db.engine, "before_cursor_execute", note)
    try:
        assert who.get(address).status_code == 200
    finally:
        event.remove(stage.house.db.engine, "before_cursor_execute", note)
    return len(seen)
