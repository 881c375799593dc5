"""Sending mails: through a mail server, or into a folder where there is none."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

WAIT_SECONDS = 10.0
KEPT = timedelta(days=7)
"""How long mails stay in a folder."""
SHOWN = 50
"""How many of the newest mails of a folder can be looked at."""


class Mail(Struct, frozen=True, kw_only=True):
    """A mail. `id` is the same when it is sent a second time, so that a repeat can be recognised."""

    id: str
    to: str
    subject: str
    text: str


class Unsent(Exception):
    """The mail server will not take this mail, for now or ever. The text does not tell to whom it was."""


class Mailer(Protocol):
    """Sends mails; the same one again does no harm."""

    def send(self, mail: Mail, *, now: datetime) -> None:
        """Send it; raises OSError when nothing can be sent at all, and Unsent when this one cannot."""


class SmtpMailer:
    """Sends through a mail server."""

    def __init__(self, address: str, *, sender: str) -> None:
        """The server as `smtp://user:password@host:587?tls=starttls`, or `smtps://host`."""
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "localhost", parts.port
        self._is_tls = parts.scheme == "smtps"
        self._starts_tls = parse_qs(parts.query).get("tls") == ["starttls"]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        if self._user and not (self._is_tls or self._starts_tls):
            raise ValueError("the mail server's password would be sent in clear: use smtps or tls=starttls")
        self._sender = sender

    def send(self, mail: Mail, *, now: datetime) -> None:
        """Send it now; raises OSError if the server cannot be reached, and Unsent if it will not take the mail."""
        try:
            with self._connected() as server:
                server.send_message(as_message(mail, sender=self._sender, now=now))
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError) as error:
            raise ConnectionError(f"the mail server does not let us in: {error.smtp_code}") from None
        except smtplib.SMTPResponseException as error:
            raise Unsent(f"the mail server answered {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise Unsent(f"the mail server refused the recipient: {codes}") from None
        except smtplib.SMTPException as error:
            raise ConnectionError(f"the mail server cannot be used: {type(error).__name__}") from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port or 465, timeout=WAIT_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port or 25, timeout=WAIT_SECONDS)
        with server:
            if self._starts_tls:
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
            yield server


class FolderMailer:
    """Writes mails into a folder, one file each; the same mail again replaces itself."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        """The folder is made when the first mail comes."""
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail, *, now: datetime) -> None:
        """Write it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{mail.id}.eml"
        unfinished = path.with_suffix(".part")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(as_message(mail, sender=self._sender, now=now).as_bytes())
        unfinished.replace(path)

    def newest(self) -> list[EmailMessage]:
        """The newest mails, the newest first."""
        paths = sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths[:SHOWN]]

    def forget(self, before: datetime) -> int:
        """Throw away what was written before an instant; returns how many files. Safe to do at any time."""
        old = [path for path in self._folder.glob("*.*") if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def as_message(mail: Mail, *, sender: str, now: datetime) -> EmailMessage:
    """A mail as it goes over the wire."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = now
    message["Message-ID"] = f"<{mail.id}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message
