"""The consumer of the outbox that writes and sends mails. Each is made from the newest state, when it is sent."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from becta.kernel import clock
from becta.kernel.events import OutboxMessage
from becta.kernel.money import pounds
from becta.market.accounts import invitations, joining
from becta.market.accounts.models import Invitation, JoinRequest, Person
from becta.market.accounts.organisations import organisation_out
from becta.market.accounts.rules import JoinState
from becta.market.db import Database
from becta.market.delegation import service as delegation
from becta.market.delegation.models import Commitment, CommitmentHold
from becta.market.delegation.rules import CommitmentState
from becta.market.notify import texts
from becta.market.notify.badge_letters import BadgeLetters, Letters
from becta.market.notify.evaluation_letters import EvaluationLetters
from becta.market.notify.mailer import Mail, Mailer, Unsent
from becta.market.notify.notice_letters import NoticeLetters
from becta.market.notify.pledge_letters import PledgeLetters
from becta.market.notify.procurement_letters import ProcurementLetters
from becta.market.notify.recipients import address_of, managers_of, releasers_of
from becta.market.signin import links
from becta.market.signin.models import SignInLink
from becta.market.signin.rules import LINK_LASTS, SIGN_IN
from becta.market.signing import LinkSigner

REMEMBERED = 10_000
"""How many sent mails are remembered, so that a batch tried again does not send its first half twice."""


class Post:
    """Sends the mails that messages call for."""

    def __init__(self, db: Database, mailer: Mailer, signer: LinkSigner, *, origin: str, mails_links: bool) -> None:
        """Write addresses that start with `origin`; links that sign in only if `mails_links`."""
        self._db = db
        self._mailer = mailer
        self._signer = signer
        self._origin = origin
        self._mails_links = mails_links
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._writers: Mapping[str, Callable[[Session, UUID, datetime], Letters]] = {
            links.TOPIC: self._sign_in_link,
            invitations.TOPIC: self._invitation,
            joining.TOPIC: self._join_request,
            delegation.TOPIC: self._commitment,
            **BadgeLetters(origin).writers,
            **NoticeLetters(origin).writers,
            **ProcurementLetters(origin).writers,
            **PledgeLetters(origin).writers,
            **EvaluationLetters(origin).writers,
        }

    @property
    def topics(self) -> frozenset[str]:
        """What it sends mails about."""
        return frozenset(self._writers)

    def handle(self, messages: Sequence[OutboxMessage]) -> None:
        """Send what they call for; a mail that was sent in this process is not sent again.

        Raises Unsent if one could not be sent, once all the others were.
        """
        refused: Unsent | None = None
        for message in messages:
            now = clock.now()
            with self._db.read() as session:
                letters = self._writers[message.topic](session, message.key, now)
            for number, (to, words) in enumerate(letters):
                mail = Mail(id=f"{message.id}.{number}.{message.key}", to=to, subject=words.subject, text=words.text)
                try:
                    self._send(mail, now=now)
                except Unsent as error:
                    refused = error
        if refused is not None:
            raise refused

    def _send(self, mail: Mail, *, now: datetime) -> None:
        if mail.id in self._sent:
            return
        self._mailer.send(mail, now=now)
        self._sent[mail.id] = None
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def _sign_in_link(self, session: Session, key: UUID, now: datetime) -> Letters:
        link = session.get(SignInLink, key)
        if not self._mails_links or link is None or link.used_at is not None or link.expires_at <= now:
            return []
        href = f"{self._origin}/sign-in/link?code={self._signer.sign(SIGN_IN, key)}"
        return [(link.email, texts.sign_in_link(href, minutes=LINK_LASTS.seconds // 60))]

    def _invitation(self, session: Session, key: UUID, now: datetime) -> Letters:
        found = session.get(Invitation, key)
        if found is None or found.email is None or found.expires_at <= now:
            return []
        if found.accepted_at is not None or found.withdrawn_at is not None:
            return []
        words = texts.invitation(
            f"{self._origin}/invitations/accept?code={self._signer.sign(invitations.PURPOSE, key)}",
            organisation=organisation_out(session, found.organisation_id).name,
            roles=found.roles,
            until=f"{clock.london_date(found.expires_at):%-d %B %Y}",
        )
        return [(found.email, words)]

    def _join_request(self, session: Session, key: UUID, _now: datetime) -> Letters:
        found = session.get_one(JoinRequest, key)
        name = organisation_out(session, found.organisation_id).name
        if found.state is JoinState.ASKED:
            asker = session.get_one(Person, found.person_id)
            who = " ".join(part for part in (asker.name, f"({asker.email})" if asker.email else None) if part)
            words = texts.join_request_asked(
                f"{self._origin}/people/requests/{key}",
                organisation=name,
                who=who or "Somebody",
                roles=found.wanted_roles,
            )
            return [(to, words) for to in managers_of(session, found.organisation_id)]
        if found.state is JoinState.WITHDRAWN:
            return []
        words = texts.join_request_decided(
            f"{self._origin}/account",
            organisation=name,
            is_confirmed=found.state is JoinState.CONFIRMED,
            reason=found.reason,
        )
        return [(to, words) for to in address_of(session, found.person_id)]

    def _commitment(self, session: Session, key: UUID, now: datetime) -> Letters:
        found = session.get_one(Commitment, key)
        href, amount = f"{self._origin}/commitments/{key}", pounds(found.amount_pence)
        if found.state is CommitmentState.HELD:
            return self._held(session, found, href, amount=amount, now=now)
        if found.decided_by is None or found.decided_by == found.made_by:
            return []  # decided by rule while they looked on, or by themselves
        words = texts.commitment_decided(
            href, purpose=found.purpose, amount=amount, outcome=found.state.value, reason=found.reason
        )
        return [(to, words) for to in address_of(session, found.made_by)]

    def _held(self, session: Session, commitment: Commitment, href: str, *, amount: str, now: datetime) -> Letters:
        name = organisation_out(session, commitment.organisation_id).name
        holds = session.exec(
            select(CommitmentHold).where(
                col(CommitmentHold.commitment_id) == commitment.id, col(CommitmentHold.released_at).is_(None)
            )
        ).all()
        letters: dict[str, texts.Words] = {}
        for hold in holds:
            releasers = releasers_of(session, commitment, hold, now=now)
            words = (texts.commitment_held if releasers else texts.commitment_stuck)(
                href, organisation=name, purpose=commitment.purpose, amount=amount, role=hold.role.replace("_", " ")
            )
            for to in releasers or managers_of(session, hold.organisation_id, but=commitment.made_by):
                letters.setdefault(to, words)
        return list(letters.items())
