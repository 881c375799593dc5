"""Building the running parts from settings, once, for web, command line, worker and tests."""

from msgspec import Struct

from becta.kernel import clock
from becta.market.accounts.invitations import forget_expired
from becta.market.audit.sealing import Sealer
from becta.market.db import Database
from becta.market.indexing.projection import Projection
from becta.market.listings.words import facet_labels
from becta.market.notify.mailer import KEPT, FolderMailer, Mailer, SmtpMailer
from becta.market.notify.post import Post
from becta.market.outbox.relay import DONE_KEPT, Chore, Relay, forget_done
from becta.market.privacy.service import finish_erasures
from becta.market.settings import Settings
from becta.market.signin.returning import Front
from becta.market.signin.sessions import prune
from becta.market.signing import LinkSigner, kept_secret
from becta.search.engine import SearchEngine
from becta.search.tantivy_engine import TantivyEngine


class House(Struct, frozen=True):
    """The parts of a running marketplace."""

    settings: Settings
    db: Database
    engine: SearchEngine
    projection: Projection
    relay: Relay
    sealer: Sealer
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
    db = Database(settings.database, connections=settings.threads)
    engine = TantivyEngine(settings.index_dir, labels=facet_labels())
    projection = Projection(db, engine)
    sealer = Sealer(db, settings.audit_key, settings.audit_origin)
    signer = LinkSigner(kept_secret(settings.secret))
    folder = FolderMailer(settings.mail_dir, sender=settings.mail_from)
    mailer = folder if settings.smtp_url is None else SmtpMailer(settings.smtp_url, sender=settings.mail_from)
    post = Post(db, mailer, signer, origin=settings.origin, mails_links=settings.mail_links)
    chores = [
        Chore("seal the audit trail", every_seconds=10, run=sealer.seal),
        Chore("sweep sign-ins away", every_seconds=600, run=lambda: prune(db, now=clock.now())),
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
        relay=Relay(db, [projection, post], chores),
        sealer=sealer,
        signer=signer,
        mailer=mailer,
        front=Front(settings),
    )
