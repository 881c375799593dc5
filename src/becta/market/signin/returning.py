"""Coming back from an issuer, whole: what was remembered, what the issuer proves, and the session that follows."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, col, select

from becta.kernel.errors import NotFound
from becta.market.accounts.models import Identity, Person
from becta.market.db import Database
from becta.market.settings import Settings
from becta.market.signin import dfe
from becta.market.signin.fetching import Fetcher
from becta.market.signin.flows import begin_flow, finish_flow
from becta.market.signin.issuers import Issuer, Profile
from becta.market.signin.models import BrowserSession
from becta.market.signin.oidc import Provider, proved_by
from becta.market.signin.people import SignInRefused, person_proved
from becta.market.signin.sessions import (
    choose_organisation,
    find_session,
    lock_session,
    only_organisation,
    organisations_of,
    sign_out,
    start_session,
)

CALLBACK = "/sign-in/with/{slug}/callback"
"""One for each issuer, so that no issuer can pass off its answer as another's."""
SELECTION_CALLBACK = "/sign-in/organisation"


class Arrival(Struct, frozen=True, kw_only=True):
    """Somebody signed in: the secret of their session, where they wanted to go, and whether they must pick first."""

    secret: str
    next_path: str
    must_pick: bool


class Front:
    """The issuers people may sign in with."""

    def __init__(self, settings: Settings) -> None:
        """Over the configured issuers; nothing is fetched yet."""
        self._settings = settings
        self.fetcher = Fetcher()
        self._providers: Mapping[str, Provider] = {
            issuer.slug: Provider(issuer, self.fetcher) for issuer in settings.issuers
        }

    def provider(self, slug: str) -> Provider:
        """The issuer with a slug; raises NotFound."""
        if slug not in self._providers:
            raise NotFound("way to sign in", slug)
        return self._providers[slug]

    def chooser(self, via: str) -> Issuer | None:
        """The issuer a session was started by, if it lets people choose their organisation."""
        found = self._providers.get(via)
        return found.issuer if found is not None and found.issuer.lets_choose else None

    def close(self) -> None:
        """Let go of connections."""
        self.fetcher.close()

    def send_away(self, db: Database, slug: str, *, browser: str, next_path: str, now: datetime) -> str:
        """Where somebody is sent to sign in with an issuer; raises NotFound or Unanswered."""
        provider = self.provider(slug)
        with db.write() as session:
            flow = begin_flow(session, slug, browser=browser, next_path=next_path, now=now)
        return provider.authorization_url(flow, redirect_uri=self._callback(slug), now=now)

    def receive(
        self,
        db: Database,
        slug: str,
        answer: Mapping[str, str],
        *,
        browser: str | None,
        former: str | None,
        now: datetime,
    ) -> Arrival:
        """Sign in whoever comes back from an issuer with `answer`; raises SignInRefused, NotFound or Unanswered."""
        provider = self.provider(slug)
        with db.write() as session:
            flow = finish_flow(session, slug, state=answer.get("state", ""), browser=browser, now=now)
        if "error" in answer:
            raise SignInRefused("the issuer says no")
        claims = provider.proved(
            flow, code=answer.get("code", ""), named=answer.get("iss"), redirect_uri=self._callback(slug), now=now
        )
        is_dfe = provider.issuer.profile is Profile.DFE
        reference = dfe.organisation_reference(claims.get("organisation")) if is_dfe else None
        proved = proved_by(claims, provider.issuer, organisation=reference)
        with db.write() as session:
            person = person_proved(session, proved, now=now)
            organisation_id = None
            if proved.organisation is not None:
                organisation_id = dfe.vouched_organisation(
                    session, person, proved.organisation, self._settings.dfe_roles, now=now
                )
            return arrive(
                session,
                person,
                via=slug,
                organisation_id=organisation_id,
                next_path=flow.next_path,
                former=former,
                settings=self._settings,
                now=now,
            )

    def choose_elsewhere(self, db: Database, session_id: UUID, *, now: datetime) -> str:
        """Where a person is sent to choose their organisation; raises NotFound or Unanswered."""
        with db.read() as session:
            held = session.get_one(BrowserSession, session_id)
            issuer, user = self._chooser_and_user(session, held)
        callback = f"{self._settings.origin}{SELECTION_CALLBACK}"
        selection = dfe.begin_selection(self.fetcher, issuer, user=user, callback=callback)
        with db.write() as session:
            held, _ = lock_session(session, session_id, idle=self._settings.session_idle, now=now)
            held.selection_request = selection.request_id
        return selection.url

    def chosen(self, db: Database, session_id: UUID, answer: Mapping[str, str], *, now: datetime) -> str | None:
        """The session's new secret after a choice at DfE Sign-in; None if the person cancelled or signed out there.

        Raises SignInRefused for an answer that was not asked for or is not confirmed, or Unanswered.
        """
        idle = self._settings.session_idle
        with db.write() as session:
            held, person = lock_session(session, session_id, idle=idle, now=now)
            if held.selection_request is None or answer.get("rid") != held.selection_request:
                raise SignInRefused("the choice was not asked for")
            held.selection_request = None
            issuer, user = self._chooser_and_user(session, held)
            if answer.get("type") == "signOut":
                sign_out(session, held, person, now=now)
        if answer.get("type") in {"signOut", "cancel"}:
            return None
        if answer.get("type") != "selection":
            raise SignInRefused("DfE Sign-in could not offer a choice")
        reference = dfe.confirmed_reference(self.fetcher, issuer, user=user, organisation_id=answer.get("id", ""))
        with db.write() as session:
            held, person = lock_session(session, session_id, idle=idle, now=now)
            organisation_id = dfe.vouched_organisation(session, person, reference, self._settings.dfe_roles, now=now)
            if organisation_id is None:
                raise SignInRefused("the chosen organisation does not act here")
            return choose_organisation(session, held, person, organisation_id, now=now)

    def _callback(self, slug: str) -> str:
        return f"{self._settings.origin}{CALLBACK.format(slug=slug)}"

    def _chooser_and_user(self, session: Session, held: BrowserSession) -> tuple[Issuer, str]:
        issuer = self.chooser(held.via)
        if issuer is None:
            raise NotFound("choice of organisation", held.via)
        user = session.exec(
            select(Identity.subject).where(
                col(Identity.person_id) == held.person_id, col(Identity.issuer) == issuer.issuer
            )
        ).first()
        if user is None:
            raise NotFound("choice of organisation", held.via)
        return issuer, user


def arrive(
    session: Session,
    person: Person,
    *,
    via: str,
    organisation_id: UUID | None,
    next_path: str,
    former: str | None,
    settings: Settings,
    now: datetime,
) -> Arrival:
    """Start a session for a person who proved who they are, acting for their organisation if there is just one.

    The session that the browser held until now (`former`) ends.
    """
    replaced = None if former is None else find_session(session, former, idle=settings.session_idle, now=now)
    if replaced is not None:
        sign_out(session, *replaced, now=now)
    chosen = organisation_id or only_organisation(session, person.id)
    _, secret = start_session(session, person, via=via, organisation_id=chosen, lasts=settings.session_length, now=now)
    must_pick = chosen is None and bool(organisations_of(session, person.id))
    return Arrival(secret=secret, next_path=next_path, must_pick=must_pick)
