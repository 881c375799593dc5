"""What our mails say: plain words, an address to go to, and nothing that needs a picture."""

from collections.abc import Sequence

from msgspec import Struct

SIGNATURE = "\n\nBECTA 2.0 marketplace\n"


class Words(Struct, frozen=True):
    """A subject and a text."""

    subject: str
    text: str


def sign_in_link(href: str, *, minutes: int) -> Words:
    """The link somebody asked for to sign in."""
    return _words(
        "Your link to sign in",
        f"Open this link in the browser in which you asked for it, within {minutes} minutes. It works once.",
        href,
        "If you did not ask for it, you need not do anything: without your browser the link opens nothing.",
    )


def invitation(href: str, *, organisation: str, roles: Sequence[str], until: str) -> Words:
    """Somebody is asked to join an organisation."""
    as_roles = f" as {_listed(roles)}" if roles else ""
    return _words(
        f"You are invited to join {organisation}",
        f"You are invited to join {organisation}{as_roles}. To accept, sign in with this e-mail address by {until}:",
        href,
    )


def join_request_asked(href: str, *, organisation: str, who: str, roles: Sequence[str]) -> Words:
    """Those who manage an organisation's people are told that somebody asks to join it."""
    as_roles = f" as {_listed(roles)}" if roles else ""
    return _words(
        f"Somebody asks to join {organisation}",
        f"{who} asks to join {organisation}{as_roles}. Confirm it only if you know them. You decide here:",
        href,
    )


def join_request_decided(href: str, *, organisation: str, is_confirmed: bool, reason: str | None) -> Words:
    """Somebody who asked to join is told what was decided."""
    if is_confirmed:
        told = f"You are now a member of {organisation}."
        return _words(f"You have joined {organisation}", told, href)
    why = f"The reason given: {reason}" if reason else ""
    return _words(
        f"Your request to join {organisation} was refused", f"{organisation} refused your request to join.", why, href
    )


def commitment_held(href: str, *, organisation: str, purpose: str, amount: str, role: str) -> Words:
    """Those who may let a commitment through are told that it waits."""
    return _words(
        f"{amount} waits for you: {purpose}",
        f"{organisation} wants to commit {amount} for: {purpose}. It waits for the {role}. You decide here:",
        href,
    )


def commitment_stuck(href: str, *, organisation: str, purpose: str, amount: str, role: str) -> Words:
    """Those who manage people are told that a commitment waits for nobody."""
    return _words(
        f"{amount} waits, and nobody may let it through: {purpose}",
        f"{organisation} wants to commit {amount} for: {purpose}. It waits for the {role}, and so far there is nobody "
        "who may let it through. Give somebody that role, who then decides here:",
        href,
    )


def commitment_decided(href: str, *, purpose: str, amount: str, outcome: str, reason: str | None) -> Words:
    """Whoever made a commitment is told what was decided."""
    why = f"The reason given: {reason}" if reason else ""
    return _words(
        f"{amount} {outcome}: {purpose}", f"Your commitment of {amount} for “{purpose}” was {outcome}.", why, href
    )


def claim_decided(href: str, *, badge: str, holder: str, outcome: str, reasons: Sequence[str]) -> Words:
    """A supplier is told what became of its claim."""
    told = {
        "accepted": f"{holder} holds the badge {badge}. Its signed credential, picture and page to show others:",
        "returned": f"We could not accept the claim of {holder} to {badge} yet. Mend it and send it again:",
        "refused": f"We refused the claim of {holder} to {badge}.",
        "suspended": f"The badge {badge} of {holder} is suspended: it shows nowhere until a check passes again.",
        "revoked": f"The badge {badge} of {holder} is withdrawn.",
    }
    return _words(f"{badge}: {outcome}", told[outcome], _because(reasons), href)


def badge_ends(href: str, *, badge: str, holder: str, ends: str, is_over: bool) -> Words:
    """A supplier is reminded that a badge ends, or has ended."""
    if is_over:
        said = f"The badge {badge} of {holder} ended on {ends} and shows nowhere any more. If it was renewed, claim it:"
        return _words(f"{badge} ended on {ends}", said, href)
    said = f"The badge {badge} of {holder} ends with {ends}: from that day it shows nowhere. Claim the renewed one:"
    return _words(f"{badge} ends on {ends}", said, href)


def badge_lost(
    href: str, *, badge: str, holder: str, product: str, shortlist: str, why: str, reasons: Sequence[str]
) -> Words:
    """Those who have a product on a shortlist are told that a badge of it holds no more."""
    return _words(
        f"{product} no longer holds {badge}",
        f"On your shortlist “{shortlist}” is {product}. The badge {badge} of {holder} {why}, so do not rely on it:",
        _because(reasons),
        href,
    )


def bid_badge_lost(
    href: str, *, badge: str, holder: str, product: str, title: str, why: str, reasons: Sequence[str]
) -> Words:
    """Those who run a procurement are told that a badge of a product that is offered in it holds no more."""
    return _words(
        f"{product} no longer holds {badge}",
        f"In “{title}” a bid offers {product}. The badge {badge} of {holder} {why}, so look at that bid again:",
        _because(reasons),
        href,
    )


def may_pledge(href: str, *, title: str, until: str) -> Words:
    """A school is asked whether it buys together with others."""
    said = f"Your school is asked to buy together with others: “{title}”. You can pledge until {until}:"
    return _words(f"Buy together: {title}", said, href)


def tender(href: str, *, title: str, until: str, what: str) -> Words:
    """A supplier is asked to bid, or something about a tender changed."""
    said = {
        "advertised": f"You are asked to bid for “{title}”. Send a sealed bid to {href}/bids until {until}. About it:",
        "clarified": f"A question about “{title}” was answered. Sealed bids are taken until {until}:",
        "amended": f"The tender “{title}” was amended. Sealed bids are taken until {until}:",
    }[what]
    return _words(f"{title}: tender {what}", said, href)


def whether_you_stay(href: str, *, title: str, unit: str, price: str, ceiling: str, until: str) -> Words:
    """A school is asked whether it stays, now that others left."""
    said = (
        f"Others left “{title}”, so one {unit} would cost {price}, above your school's ceiling of {ceiling}."
        f" Say before {until} whether your school stays at that price. Without an answer it leaves and owes nothing:"
    )
    return _words(f"{title}: do you stay at {price}?", said, href)


def award_held_up(href: str, *, title: str, what: str) -> Words:
    """Bidders and schools are told that an award waits, goes on, or is judged anew."""
    said = {
        "suspended": "A claim was notified within the standstill, so no contract is entered into until it is settled:",
        "resumed": "The claim that held up the contracts no longer does; the standstill runs on:",
        "reconsidered": "The award decision was taken back, and the bids are judged again. You hear what comes of it:",
    }[what]
    return _words(f"{title}: award {what}", f"About “{title}”. {said}", href)


def contract_won(href: str, *, title: str) -> Words:
    """A supplier is told that it has a contract."""
    said = f"You have a contract for “{title}”. Read its value, dates and what each school called off:"
    return _words(f"{title}: your contract", said, href)


def bought(href: str, *, title: str) -> Words:
    """A school is told what it gets."""
    return _words(f"{title}: bought", f"The contracts for “{title}” are made. Read what you get and owe:", href)


def not_bought(href: str, *, title: str) -> Words:
    """A school that pledged is told that it gets nothing."""
    said = f"The contracts for “{title}” are made, without your pledge. You owe nothing and may take it back."
    return _words(f"{title}: nothing for you", f"{said} The award says what was bought and for whom:", href)


def tender_ended(href: str, *, title: str, reason: str) -> Words:
    """A supplier is told that nothing is awarded."""
    return _words(f"{title}: ended", f"“{title}” ended without an award. The reason given: {reason}", href)


def bid_assessed(href: str, *, title: str) -> Words:
    """A bidder is told that its assessment summary is there."""
    return _words(f"{title}: your assessment summary", f"Your bid for “{title}” was assessed. Read how and why:", href)


def award_public(href: str, *, title: str, standstill_until: str) -> Words:
    """A bidder is told that the award notice is out, and the last day of the standstill ("": there is none)."""
    stands = (
        f"The standstill lasts to the end of {standstill_until}." if standstill_until else "There is no standstill."
    )
    return _words(f"{title}: award published", f"The award notice of “{title}” is published. {stands}", href)


def explain_bid(href: str, *, title: str, until: str) -> Words:
    """A bidder must explain its bid before it may be left out."""
    said = f"You are asked to explain your bid for “{title}”. If you do not by {until}, it may be left out:"
    return _words(f"{title}: please explain your bid", said, href)


def _because(reasons: Sequence[str]) -> str:
    return f"The reasons given: {' '.join(reasons)}" if reasons else ""


def _words(subject: str, *paragraphs: str) -> Words:
    return Words(" ".join(subject.split()), "\n\n".join(part for part in paragraphs if part) + SIGNATURE)


def _listed(roles: Sequence[str]) -> str:
    words = [role.replace("_", " ") for role in roles]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
