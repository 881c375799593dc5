"""What verifiers have before them, and one claim with all that shows it."""

from datetime import datetime
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from sqlmodel import Session

from becta.compliance.badges.models import BadgeClaimRow
from becta.compliance.badges.rules import ClaimState
from becta.compliance.standards.registry import standards
from becta.kernel import clock
from becta.kernel.actor import Actor, Scope
from becta.market.api.access import needs
from becta.market.ledger.queries import ISSUED
from becta.market.listings.queries import one_claim
from becta.market.web.account.answers import Running, shown
from becta.market.web.formats import london_date
from becta.market.web.rendering import Rendering
from becta.market.web.views import Fact, Option
from becta.market.web.visitor import Visiting
from becta.market.web.work.claims.doubts import doubts_of
from becta.market.web.work.claims.queries import (
    ClaimLine,
    ending_badges,
    evidence_rows,
    names_of,
    one_line,
    waiting_claims,
)
from becta.market.web.work.claims.views import CheckingPage, CheckPage, Queue, QueueRow
from becta.market.web.work.claims.words import CHECKING, TOLD, days_of, facts_of, guide_of, piece_row, tag_of, title_of
from becta.market.web.work.happenings import happenings
from becta.market.web.work.views import FormView, Tag
from becta.market.web.work.words import NOBODY

ONE = f"{CHECKING}/{{claim_id:uuid}}"
MOST_WAITING = 200
HEADLINES = {
    ClaimState.CLAIMED: "Nobody has taken this yet. Take it to check it, so that nobody else does the same work.",
    ClaimState.RETURNED: "This was returned; its supplier must mend it.",
    ClaimState.ACCEPTED: "This is a badge. A later check can suspend it at once, or withdraw it for good.",
    ClaimState.SUSPENDED: "The badge is suspended: a later check failed. One that passes lets it hold again.",
    ClaimState.REFUSED: "This was refused. It is closed.",
    ClaimState.REVOKED: "The badge was withdrawn. It is closed.",
}
ACCEPT = Option(value=ClaimState.ACCEPTED, text="Accept it")
DECISIONS = (
    Option(value=ClaimState.RETURNED, text="Return it to be mended"),
    Option(value=ClaimState.REFUSED, text="Refuse it for good"),
)
HOLDS, FAILS = "holds", "fails"
WITHDRAWN = ClaimState.REVOKED.value
SECOND_NEEDED = "You accepted this claim. A second person must accept it too; you can still return or refuse it."


@get(CHECKING, opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True)
def show_queue(pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """Claims that wait, oldest first, and badges that end soon or are suspended."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        waiting = waiting_claims(session, limit=MOST_WAITING + 1)
        ending = ending_badges(session, clock.london_date(now), limit=MOST_WAITING + 1)
        names = names_of(session, [key for line in waiting for key in (line.claim.taken_by, line.claim.checked_by)])
    is_cut = len(waiting) > MOST_WAITING
    groups: dict[str, list[ClaimLine]] = {"waiting": [], "mine": [], "theirs": [], "second": []}
    for line in waiting[:MOST_WAITING]:
        groups[_group(line.claim, key_of(actor))].append(line)

    def queue(group: str, title: str, empty: str) -> Queue:
        rows = tuple(_row(line, names, key_of(actor)) for line in groups[group])
        return Queue(title=title, empty=empty, rows=rows, is_cut=is_cut and group == "waiting")

    page = CheckingPage(
        queues=(
            queue("waiting", "Waiting", "Nothing waits."),
            queue("mine", "Taken by you", "You have taken nothing."),
            queue("second", "Waiting for a second person", "Nothing waits for a second person."),
            queue("theirs", "Taken by somebody else", "Nobody else has taken anything."),
            Queue(
                title="Badges that end within 30 days or are suspended",
                empty="No badge ends soon, and none is suspended.",
                rows=tuple(_row(line, names, key_of(actor)) for line in ending[:MOST_WAITING]),
                is_cut=len(ending) > MOST_WAITING,
            ),
        )
    )
    return shown(pages, page)


@get(ONE, opt={"access": needs(Scope.BADGES_DECIDE)}, sync_to_thread=True)
def show_check(claim_id: FromPath[UUID], pages: Rendering, visitor: Visiting, house: Running) -> Response[str]:
    """A claim with its evidence, what the standard asks for, what is odd about it, and what may be decided."""
    now = clock.now()
    actor = visitor.actor(house.db, now=now)
    with house.db.read() as session:
        page = check_page(session, actor, claim_id, FormView(csrf=visitor.csrf), now=now)
    return shown(pages, page)


def check_page(session: Session, actor: Actor, claim_id: UUID, form: FormView, *, now: datetime) -> CheckPage:
    """The page of a claim for a verifier; raises NotFound."""
    claim = one_claim(session, actor, claim_id)
    line, pieces = one_line(session, claim_id), evidence_rows(session, claim_id)
    names = names_of(session, (claim.taken_by, claim.checked_by, claim.accepted_by))
    mine = key_of(actor)
    decisions, why_not = _decisions(claim, mine, names)
    is_badge = claim.state in {ClaimState.ACCEPTED, ClaimState.SUSPENDED}
    is_open = claim.state in {ClaimState.CLAIMED, ClaimState.CHECKING, ClaimState.CHECKED} or is_badge
    today = clock.london_date(now)
    return CheckPage(
        form=form,
        href=f"{CHECKING}/{claim_id}",
        revision=claim.revision,
        title=title_of(claim),
        holder=line.holder,
        supplier=line.supplier,
        state=_tag(claim, now=now),
        headline=_headline(claim, mine, names),
        doubts=doubts_of(claim, pieces, standards()[claim.standard], today=today) if is_open else (),
        reasons=tuple(claim.reasons),
        facts=(*facts_of(line), *_checked(claim, names)),
        evidence=tuple(piece_row(piece, run) for piece, run in pieces),
        guide=guide_of(claim.standard),
        history=happenings(session, actor, "badge_claim", claim_id, TOLD),
        badge_href=f"/badges/{claim_id}" if claim.state in ISSUED else "",
        may_take=claim.state is ClaimState.CLAIMED,
        may_let_go=claim.state is ClaimState.CHECKING,
        decisions=decisions,
        rechecks=_rechecks(claim) if is_badge else (),
        why_not=why_not,
    )


def key_of(actor: Actor) -> str:
    """How claims name who checks: the person, where there is one."""
    return str(actor.person_id or actor.id)


def _group(claim: BadgeClaimRow, mine: str) -> str:
    if claim.state is ClaimState.CLAIMED:
        return "waiting"
    if claim.state is ClaimState.CHECKED:
        return "second"
    return "mine" if claim.taken_by == mine else "theirs"


def _row(line: ClaimLine, names: dict[str, str], mine: str) -> QueueRow:
    claim = line.claim
    note, since = "", claim.decided_at or claim.created_at
    if claim.state is ClaimState.CHECKING and claim.taken_at is not None:
        note, since = f"Taken by {names.get(claim.taken_by or '', NOBODY)}", claim.taken_at
    elif claim.state is ClaimState.CHECKED and claim.checked_at is not None:
        who = "you" if claim.checked_by == mine else names.get(claim.checked_by or "", NOBODY)
        note, since = f"Accepted by {who}", claim.checked_at
    elif claim.state is ClaimState.SUSPENDED:
        note = "Suspended"
    elif claim.state is ClaimState.ACCEPTED and claim.expires_on is not None:
        note = f"Ends on {london_date(claim.expires_on)}"
    return QueueRow(
        href=f"{CHECKING}/{claim.id}",
        badge=title_of(claim),
        holder=line.holder if line.holder == line.supplier else f"{line.holder} of {line.supplier}",
        level=claim.level,
        since=since,
        days=days_of(claim),
        note=note,
    )


def _tag(claim: BadgeClaimRow, *, now: datetime) -> Tag:
    """As the supplier sees it, but that nothing was returned to the verifier."""
    if claim.state is ClaimState.RETURNED:
        return Tag(text="Returned", colour=tag_of(claim, now=now).colour)
    return tag_of(claim, now=now)


def _headline(claim: BadgeClaimRow, mine: str, names: dict[str, str]) -> str:
    if claim.state is ClaimState.CHECKING:
        if claim.taken_by == mine:
            return "You have taken this. Check it and decide, or let it go."
        return f"{names.get(claim.taken_by or '', NOBODY)} has taken this to check it."
    if claim.state is ClaimState.CHECKED:
        if claim.checked_by == mine:
            return "You have accepted this; a second person must too."
        return f"{names.get(claim.checked_by or '', NOBODY)} has accepted this; it needs you as the second person."
    return HEADLINES[claim.state]


def _decisions(claim: BadgeClaimRow, mine: str, names: dict[str, str]) -> tuple[tuple[Option, ...], str]:
    """What the visitor may decide of a claim, and why not more; the use case has the last word."""
    if claim.state is ClaimState.CHECKING:
        if claim.taken_by == mine:
            return (ACCEPT, *DECISIONS), ""
        return (), f"{names.get(claim.taken_by or '', NOBODY)} decides this, or lets it go."
    if claim.state is ClaimState.CHECKED:
        return (DECISIONS, SECOND_NEEDED) if claim.checked_by == mine else ((ACCEPT, *DECISIONS), "")
    return (), ""


def _rechecks(claim: BadgeClaimRow) -> tuple[Option, ...]:
    fails = "It does not hold any more: suspend it" if claim.state is ClaimState.ACCEPTED else "It still does not hold"
    holds = "It holds" if claim.state is ClaimState.ACCEPTED else "It holds again"
    return (
        Option(value=HOLDS, text=holds),
        Option(value=FAILS, text=fails),
        Option(value=WITHDRAWN, text="Withdraw it for good"),
    )


def _checked(claim: BadgeClaimRow, names: dict[str, str]) -> tuple[Fact, ...]:
    facts = []
    if claim.checked_by and claim.checked_at:
        who = names.get(claim.checked_by, NOBODY)
        facts.append(Fact(term="First accepted by", text=who, note=london_date(claim.checked_at)))
    if claim.accepted_by and claim.decided_at:
        facts.append(Fact(term="Accepted by", text=names.get(claim.accepted_by, NOBODY)))
    return tuple(facts)
