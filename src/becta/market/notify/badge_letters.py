"""The letters about badges: to suppliers what became of their claims and what ends, to buyers what they lost."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlmodel import Session, select

from becta.catalogue.products.models import Product
from becta.compliance.badges.checking import CLAIM_TOPIC, LOST_TOPIC
from becta.compliance.badges.credentials import badge_name
from becta.compliance.badges.holders import owner_of_claim
from becta.compliance.badges.models import BadgeClaimRow, BadgeHistory, BadgeNotice
from becta.compliance.badges.notices import Notice
from becta.compliance.badges.rules import ClaimState
from becta.kernel.actor import Scope
from becta.market.bids.offered import offered_in
from becta.market.ledger.notices import TOPIC as NOTICE_TOPIC
from becta.market.ledger.signing import product_name, subject_of
from becta.market.notify import texts
from becta.market.notify.recipients import those_who_may
from becta.market.shortlists.queries import holders_of

Letters = list[tuple[str, texts.Words]]
"""Words and to whom."""
_TOLD = frozenset(
    {ClaimState.ACCEPTED, ClaimState.RETURNED, ClaimState.REFUSED, ClaimState.SUSPENDED, ClaimState.REVOKED}
)
_LOST = {ClaimState.SUSPENDED: "is suspended", ClaimState.REVOKED: "was withdrawn"}


class BadgeLetters(Struct, frozen=True):
    """Writes letters with addresses that start with `origin`."""

    origin: str

    @property
    def writers(self) -> Mapping[str, Callable[[Session, UUID, datetime], Letters]]:
        """Who writes about what, by topic of the outbox."""
        return {CLAIM_TOPIC: self.claim, NOTICE_TOPIC: self.notice, LOST_TOPIC: self.lost}

    def claim(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To the supplier: what was decided of a claim."""
        row = session.get_one(BadgeClaimRow, key)
        if row.state not in _TOLD:
            return []
        href = f"{self.origin}/badges/{key}" if row.state is ClaimState.ACCEPTED else f"{self.origin}/claims/{key}"
        words = texts.claim_decided(
            href,
            badge=badge_name(row),
            holder=subject_of(session, row).name,
            outcome=row.state.value,
            reasons=row.reasons,
        )
        return [(to, words) for to in self._supplier(session, row)]

    def notice(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To the supplier before and after the end of a badge; to those with it on a shortlist when it lapses."""
        notice = session.get_one(BadgeNotice, key)
        row = session.get_one(BadgeClaimRow, notice.claim_id)
        if row.state is not ClaimState.ACCEPTED or row.expires_on is None:
            return []
        ends = f"{row.expires_on:%-d %B %Y}"
        if notice.kind is Notice.LAPSED:
            return self._to_buyers(session, row, f"ended on {ends}", ())
        words = texts.badge_ends(
            f"{self.origin}/claims",
            badge=badge_name(row),
            holder=subject_of(session, row).name,
            ends=ends,
            is_over=notice.kind is Notice.WEEK_AFTER,
        )
        return [(to, words) for to in self._supplier(session, row)]

    def lost(self, session: Session, key: UUID, _now: datetime) -> Letters:
        """To those with it on a shortlist: a badge was suspended or withdrawn, and still is."""
        turn = session.get_one(BadgeHistory, key)
        row = session.get_one(BadgeClaimRow, turn.claim_id)
        if row.state is not turn.state:
            return []
        return self._to_buyers(session, row, _LOST[turn.state], turn.reasons)

    def _to_buyers(self, session: Session, row: BadgeClaimRow, why: str, reasons: Sequence[str]) -> Letters:
        products = {row.product_id} if row.product_id else _products_of(session, row.supplier_id)
        held = holders_of(session, [product for product in products if product is not None])
        holder = subject_of(session, row).name
        letters = []
        for one in held:
            words = texts.badge_lost(
                f"{self.origin}/shortlists/{one.shortlist_id}",
                badge=badge_name(row),
                holder=holder,
                product=product_name(session, session.get_one(Product, one.product_id)),
                shortlist=one.name,
                why=why,
                reasons=reasons,
            )
            letters += [(to, words) for to in those_who_may(session, one.organisation_id, Scope.SHORTLISTS_WRITE)]
        return [*letters, *self._to_procurements(session, row, products, why, reasons)]

    def _to_procurements(
        self, session: Session, row: BadgeClaimRow, products: Collection[UUID | None], why: str, reasons: Sequence[str]
    ) -> Letters:
        """To those who run a procurement that is not over and in which an opened bid offers one of these products."""
        letters = []
        for one in offered_in(session, [product for product in products if product is not None]):
            words = texts.bid_badge_lost(
                f"{self.origin}/api/v1/procurements/{one.procurement_id}/bids",
                badge=badge_name(row),
                holder=subject_of(session, row).name,
                product=product_name(session, session.get_one(Product, one.product_id)),
                title=one.title,
                why=why,
                reasons=reasons,
            )
            letters += [(to, words) for to in those_who_may(session, one.organisation_id, Scope.PROCUREMENTS_RUN)]
        return letters

    @staticmethod
    def _supplier(session: Session, row: BadgeClaimRow) -> list[str]:
        return those_who_may(session, owner_of_claim(session, row), Scope.BADGES_CLAIM)


def _products_of(session: Session, supplier_id: UUID | None) -> set[UUID]:
    return set(session.exec(select(Product.id).where(Product.supplier_id == supplier_id)).all())
