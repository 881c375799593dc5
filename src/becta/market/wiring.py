"""Building the running parts from settings, once, for web, command line, worker and tests."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlmodel import select

from becta.compliance.conformance.service import is_awaited
from becta.compliance.evidence.models import Evidence
from becta.kernel import clock
from becta.market.accounts.invitations import forget_expired
from becta.market.audit.sealing import Sealer
from becta.market.bids.receipts import Notary
from becta.market.conformance.desk import Desk
from becta.market.conformance.secrets import Sealed
from becta.market.db import Database
from becta.market.files.store import FileStore
from becta.market.frameworks.steps import on_step as on_framework_step
from becta.market.indexing.projection import Projection
from becta.market.ledger.keys import KeyRing
from becta.market.ledger.notices import give_notices
from becta.market.ledger.signing import Ledger
from becta.market.listings.words import facet_labels
from becta.market.notify.mailer import KEPT, FolderMailer, Mailer, SmtpMailer
from becta.market.notify.post import Post
from becta.market.ocds.alerts import tell_of_notices
from becta.market.ocds.publishing import publish_release
from becta.market.ocds.publishing_frameworks import publish_framework_release, publish_what_is_due
from becta.market.outbox.relay import DONE_KEPT, Chore, Relay, forget_done
from becta.market.pledges.lapsing import let_lapsed_go
from becta.market.privacy.service import finish_erasures
from becta.market.procurements.telling import on_step
from becta.market.settings import Settings
from becta.market.signin.returning import Front
from becta.market.signin.sessions import prune
from becta.market.signing import LinkSigner, kept_secret
from becta.search.engine import SearchEngine
from becta.search.tantivy_engine import TantivyEngine

BROKEN_AFTER = timedelta(hours=24)
"""How old an upload is that will not be finished any more."""


class House(Struct, frozen=True):
    """The parts of a running marketplace."""

    settings: Settings
    db: Database
    engine: SearchEngine
    projection: Projection
    relay: Relay
    sealer: Sealer
    ledger: Ledger
    notary: Notary
    desk: Desk
    evidence_files: FileStore
    artefacts: FileStore
    signer: LinkSigner
    mailer: Mailer
    front: Front

    def close(self) -> None:
        """Stop the relay and let go of index and database."""
        self.relay.stop()
        self.front.close()
        self.engine.close()
        self.db.close()


def build(settings: Settings) -> House:
    """Build the parts; nothing is opened or started yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    on_step(publish_release)
    on_framework_step(publish_framework_release)
    db = Database(settings.database, connections=settings.threads)
    engine = TantivyEngine(settings.index_dir, labels=facet_labels())
    projection = Projection(db, engine)
    sealer = Sealer(db, settings.audit_key, settings.audit_origin)
    secret = kept_secret(settings.secret)
    signer = LinkSigner(secret)
    ledger = Ledger(db, KeyRing(settings.badge_keys), origin=settings.origin)
    evidence_files, artefacts = FileStore(settings.files_dir / "evidence"), FileStore(settings.files_dir / "artefacts")
    desk = Desk(
        db,
        artefacts,
        Sealed(secret),
        origin=settings.origin,
        lti_key=settings.lti_key,
        allowed=settings.conformance_allowed,
    )
    folder = FolderMailer(settings.mail_dir, sender=settings.mail_from)
    mailer = folder if settings.smtp_url is None else SmtpMailer(settings.smtp_url, sender=settings.mail_from)
    post = Post(db, mailer, signer, origin=settings.origin, mails_links=settings.mail_links)
    chores = [
        Chore("seal the audit trail", every_seconds=10, run=sealer.seal),
        Chore("sign what the ledger lacks", every_seconds=10, run=ledger.catch_up),
        Chore("tell of notices", every_seconds=300, run=lambda: tell_of_notices(db, now=clock.now())),
        Chore(
            "publish that frameworks begin and end",
            every_seconds=300,
            run=lambda: publish_what_is_due(db, now=clock.now()),
        ),
        Chore("tell of badges that end", every_seconds=300, run=lambda: give_notices(db, now=clock.now())),
        Chore(
            "sweep uploads away that nobody needs",
            every_seconds=3600,
            run=lambda: _sweep(db, evidence_files, artefacts),
        ),
        Chore("sweep sign-ins away", every_seconds=600, run=lambda: prune(db, now=clock.now())),
        Chore("let lapsed pledges go", every_seconds=60, run=lambda: let_lapsed_go(db, now=clock.now())),
        Chore("forget whom we invited in vain", every_seconds=3600, run=lambda: forget_expired(db)),
        Chore("throw old mails away", every_seconds=3600, run=lambda: folder.forget(clock.now() - KEPT)),
        Chore("make sure of erasures", every_seconds=3600, run=lambda: finish_erasures(db, now=clock.now())),
        Chore(
            "forget handled messages", every_seconds=3600, run=lambda: forget_done(db, before=clock.now() - DONE_KEPT)
        ),
    ]
    return House(
        settings=settings,
        db=db,
        engine=engine,
        projection=projection,
        relay=Relay(db, [projection, post, ledger, desk], chores),
        sealer=sealer,
        ledger=ledger,
        notary=Notary(settings.audit_key, settings.audit_origin),
        desk=desk,
        evidence_files=evidence_files,
        artefacts=artefacts,
        signer=signer,
        mailer=mailer,
        front=Front(settings),
    )


def _sweep(db: Database, evidence_files: FileStore, artefacts: FileStore) -> None:
    """Throw away uploads that broke off, or were refused after they had been kept."""

    def is_evidence(digest: str) -> bool:
        with db.read() as session:
            return session.exec(select(Evidence.id).where(Evidence.file_sha256 == digest)).first() is not None

    def is_artefact(run_id: str) -> bool:
        with db.read() as session:
            return is_awaited(session, UUID(run_id))

    before = clock.now() - BROKEN_AFTER
    evidence_files.sweep(before, is_evidence)
    artefacts.sweep(before, is_artefact)
