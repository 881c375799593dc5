"""`market badge`: verify any Open Badge, and look after the keys that sign ours."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from becta.compliance.badges.models import BadgeKey
from becta.compliance.conformance.fetching import Unreachable, Web, WebLimits
from becta.compliance.conformance.reports import Refused
from becta.compliance.openbadges.did import address_of_did_web
from becta.compliance.openbadges.reading import Unreadable, parse_object
from becta.compliance.openbadges.resolving import DocumentResolver
from becta.compliance.openbadges.verdicts import Problem, Verdict
from becta.compliance.openbadges.verifying import verify as verify_credential
from becta.kernel import clock
from becta.kernel.actor import system
from becta.kernel.errors import Conflict, NotFound
from becta.market.api.ledger import judge
from becta.market.cli.opening import opened
from becta.market.db import Database
from becta.market.ledger.keys import KeyRing, give_up_key, rotate_key
from becta.market.ledger.signing import Ledger
from becta.market.settings import settings

LARGEST = 10_000_000
PORTS = {"https": 443, "http": 80}
FETCHED = WebLimits(wait_seconds=5, whole_seconds=15, largest_bytes=LARGEST, hops=3, requests=20, run_seconds=60)


@click.group()
def badge() -> None:
    """Badges: verify any Open Badges 3.0 credential, and look after our own keys."""


@badge.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--json", "as_json", is_flag=True, help="Tell {valid, warnings, problems} and what it says, as JSON.")
@click.option("--at", "at", metavar="DATE", help="Judge as of this day (its first second in England) or instant.")
@click.option("--online", is_flag=True, help="Fetch the issuer's did:web document and status lists too.")
def verify(source: str, as_json: bool, at: str | None, online: bool) -> None:
    """Verify an Open Badges 3.0 credential, ours or not: JSON, a compact JWT, or a baked SVG or PNG.

    This house's own keys and status lists are at hand. Nothing else is fetched but a URL you name, what the issuer at
    that place or on this machine says of its keys and status, and with --online what any issuer says. Exits 0 if it is
    valid, 1 if not.
    """
    instant = _instant(at)
    with Web(limits=FETCHED, allowed=settings().conformance_allowed | _named(source)) as web:
        try:
            document = _read(source, web)
        except Unread as unread:
            verdict = Verdict(valid=False, problems=(Problem("source", str(unread)),), warnings=())
        else:
            verdict = _verified_here(document, instant)
            places = _named(source) | _issuers_own(verdict)
            is_in_doubt = bool(verdict.problems or verdict.warnings)
            if is_in_doubt and (online or places & _named(_address(verdict))):
                with Web(limits=FETCHED, allowed=settings().conformance_allowed | places) as asking:
                    verdict = _verified_online(document, instant, verdict, asking, now=at is None)
    click.echo(msgspec.json.encode(verdict).decode() if as_json else told(verdict))
    if not verdict.valid:
        raise SystemExit(1)


@badge.command("keys")
def list_keys() -> None:
    """List the keys that sign badges, newest last."""
    with opened(create=False) as house, house.db.read() as session:
        for key in session.exec(select(BadgeKey).order_by(col(BadgeKey.made_at), col(BadgeKey.id))).all():
            state = "compromised" if key.compromised_at else "retired" if key.retired_at else "signs"
            click.echo(f"{key.id}  {state}  made {key.made_at:%Y-%m-%d %H:%M} UTC")


@badge.command("rotate-key")
def rotate() -> None:
    """Sign with a new key from now on; what older keys signed goes on holding."""
    with opened(create=False) as house:
        try:
            with house.db.write() as session:
                made = rotate_key(session, system("command line"), house.ledger.ring, now=clock.now())
        except Conflict as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{made.id} signs from now on")


@badge.command("give-up-key")
@click.argument("key_id")
@click.option("--reason", required=True, help="What happened; it is kept in the audit trail.")
def give_up(key_id: str, reason: str) -> None:
    """Call a key compromised: what it signed proves nothing any more, and is signed again with the newest key."""
    with opened(create=False) as house:
        try:
            with house.db.write() as session:
                count = give_up_key(session, system("command line"), house.ledger.ring, key_id, reason, now=clock.now())
        except (Conflict, NotFound) as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{count:,} badges are to be signed again")


def told(verdict: Verdict) -> str:
    """A verdict in plain words."""
    lines = ["VALID" if verdict.valid else "NOT VALID"]
    facts = {
        "badge": verdict.achievement,
        "held by": verdict.subject,
        "issued by": verdict.issuer_name or verdict.issuer_id,
        "valid from": verdict.valid_from,
        "valid until": verdict.valid_until,
        "proof": verdict.proof_type,
    }
    lines += [f"  {name}: {value}" for name, value in facts.items() if value is not None]
    lines += [f"  problem ({problem.check}): {problem.message}" for problem in verdict.problems]
    lines += [f"  warning ({warning.check}): {warning.message}" for warning in verdict.warnings]
    return "\n".join(lines)


def _instant(given: str | None) -> datetime:
    if given is None:
        return clock.now()
    try:
        if len(given) == len("2026-05-01"):
            return clock.start_of_day(datetime.fromisoformat(given).date())
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter("give a day such as 2026-05-01 or an instant such as 2026-05-01T09:30:00Z") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _address(verdict: Verdict) -> str:
    """Where a did:web issuer's document is; empty for any other issuer."""
    try:
        return address_of_did_web(verdict.issuer_id or "")
    except ValueError:
        return ""


def _issuers_own(verdict: Verdict) -> frozenset[str]:
    """The place of an issuer on this machine, such as a demonstration: asking it leaves nobody's network."""
    address = _address(verdict)
    return _named(address) if urlsplit(address).hostname in {"127.0.0.1", "localhost"} else frozenset()


class Unread(Exception):
    """What was named cannot be read. Says why."""


def _named(source: str) -> frozenset[str]:
    """The place of a URL that somebody typed: it may be reached wherever it is, other than what it leads on to."""
    try:
        parts = urlsplit(source)
        if parts.scheme.lower() not in PORTS or not parts.hostname:
            return frozenset()
        return frozenset({f"{parts.hostname}:{parts.port or PORTS[parts.scheme.lower()]}"})
    except ValueError:
        return frozenset()  # no URL after all; reading it tells so


def _read(source: str, web: Web) -> bytes:
    if source.lower().startswith(("https://", "http://")):
        try:
            answer = web.get(source)
        except (Refused, Unreachable) as error:
            raise Unread(f"{source} cannot be read: {error}") from error
        if answer.status != 200:
            raise Unread(f"{source} answers with status {answer.status}")
        return answer.body
    try:
        path = Path(source)
        if path.stat().st_size > LARGEST:
            raise Unread(f"{source} is larger than {LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise Unread(f"{source} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _fetched(web: Web, url: str) -> bytes | None:
    """What an address holds; None if it cannot be had."""
    try:
        answer = web.get(url)
    except (Refused, Unreachable):
        return None
    return answer.body if answer.status == 200 else None


def _verified_here(document: bytes, instant: datetime) -> Verdict:
    """Verify with this house's own keys and status lists at hand, if it has a ledger; nothing is fetched."""
    if not settings().has_database:
        return verify_credential(document, at=instant)
    db = Database(settings().database)
    try:
        return judge(Ledger(db, KeyRing(settings().badge_keys), origin=settings().origin), document, instant)
    except SQLAlchemyError:  # no ledger in it yet, or it does not answer
        return verify_credential(document, at=instant)
    finally:
        db.close()


def _verified_online(document: bytes, instant: datetime, here: Verdict, web: Web, *, now: bool) -> Verdict:
    """Verify with the issuer's DID document fetched, and its status lists: those tell of now, not of another day.

    Where the issuer cannot be asked, what was found `here` stands.
    """

    def fetch(url: str) -> bytes | None:
        return _fetched(web, url)

    resolver = None
    if address := _address(here):
        try:
            found = fetch(address)
            if found is None:
                return here
            resolver = DocumentResolver({here.issuer_id or "": parse_object(found)})
        except (ValueError, Unreadable) as error:
            note = Problem("proof", f"the issuer's DID document cannot be used: {error}")
            return msgspec.structs.replace(here, warnings=(*here.warnings, note))
    return verify_credential(document, at=instant, resolver=resolver, statuses=fetch if now else None)
