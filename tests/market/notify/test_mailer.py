"""Mails go out through a real server, or into a folder; what cannot be sent says so without telling to whom."""

import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.market.notify.conftest import Inbox, serve

from becta.market.notify.mailer import SHOWN, FolderMailer, Mail, SmtpMailer, Unsent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = "BECTA 2.0 marketplace <no-reply@market.example>"
MAIL = Mail(
    id="7.0.abc", to="ada@larch.sch.uk", subject="£5 waits for you: café", text="Café “costs” £5.\n\nRead it.\n"
)


def test_a_mail_arrives_as_it_was_written(inbox: Inbox) -> None:
    SmtpMailer(inbox.address, sender=SENDER).send(MAIL, now=NOW)

    [mail] = inbox.mails
    assert inbox.recipients == [["ada@larch.sch.uk"]]
    assert (mail["To"], mail["Subject"]) == (MAIL.to, MAIL.subject)
    assert parseaddr(mail["From"]) == ("BECTA 2.0 marketplace", "no-reply@market.example")
    assert mail["Message-ID"] == "<7.0.abc@market.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text


@pytest.mark.parametrize("answer", ["550 No such person", "450 Come back later"])
def test_a_refused_recipient_is_told_without_the_address(inbox: Inbox, answer: str) -> None:
    inbox.refusals["ada@larch.sch.uk"] = answer

    with pytest.raises(Unsent) as raised:
        SmtpMailer(inbox.address, sender=SENDER).send(MAIL, now=NOW)

    assert str(raised.value) == f"the mail server refused the recipient: [{answer[:3]}]"
    assert "ada" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert inbox.mails == []


def test_a_server_that_is_away_is_an_error_of_the_network() -> None:
    inbox = Inbox()
    serve(inbox).stop()

    with pytest.raises(OSError, match="refused"):
        SmtpMailer(inbox.address, sender=SENDER).send(MAIL, now=NOW)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate of this machine that is believed for the length of a test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


def guarded(inbox: Inbox, certificate: ssl.SSLContext) -> Any:
    """A server that wants TLS and a password."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        is_right = (given.login, given.password) == (b"market", b"p@ss word")
        return AuthResult(success=is_right, handled=is_right)

    return serve(inbox, tls_context=certificate, require_starttls=True, auth_required=True, authenticator=check)


def test_a_password_goes_only_through_tls(certificate: ssl.SSLContext) -> None:
    inbox = Inbox()
    controller = guarded(inbox, certificate)
    try:
        host = inbox.address.removeprefix("smtp://")
        SmtpMailer(f"smtp://market:p%40ss%20word@{host}?tls=starttls", sender=SENDER).send(MAIL, now=NOW)
        assert inbox.was_tls == [True]
        with pytest.raises(ValueError, match="in clear"):
            SmtpMailer(f"smtp://market:p%40ss%20word@{host}", sender=SENDER)
        with pytest.raises(ConnectionError, match="does not let us in: 535"):
            SmtpMailer(f"smtp://market:wrong@{host}?tls=starttls", sender=SENDER).send(MAIL, now=NOW)
        with pytest.raises(Unsent, match="530"):
            SmtpMailer(f"smtp://{host}", sender=SENDER).send(MAIL, now=NOW)
    finally:
        controller.stop()
    assert len(inbox.mails) == 1


def test_a_server_whose_certificate_is_not_believed_gets_nothing(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    inbox = Inbox()
    controller = guarded(inbox, certificate)
    try:
        host = inbox.address.removeprefix("smtp://")
        with pytest.raises(ssl.SSLCertVerificationError):
            SmtpMailer(f"smtp://market:p%40ss%20word@{host}?tls=starttls", sender=SENDER).send(MAIL, now=NOW)
    finally:
        controller.stop()
    assert inbox.mails == []


def test_a_folder_keeps_each_mail_once_for_our_eyes_only(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", sender=SENDER)
    assert mailer.newest() == []

    mailer.send(MAIL, now=NOW)
    mailer.send(MAIL, now=NOW)

    [mail] = mailer.newest()
    assert (mail["To"], mail["Subject"]) == (MAIL.to, MAIL.subject)
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text
    [path] = (tmp_path / "mail").iterdir()
    assert path.name == "7.0.abc.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_old_is_thrown_out_of_a_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    mailer = FolderMailer(folder, sender=SENDER)
    assert mailer.forget(NOW) == 0

    for name in ("old", "new"):
        mailer.send(Mail(id=name, to="a@b.uk", subject=name, text="x"), now=NOW)
    (folder / "interrupted.part").write_text("half a mail")
    before = (NOW - timedelta(microseconds=1)).timestamp()
    for name, at in (("old.eml", before), ("interrupted.part", before), ("new.eml", NOW.timestamp())):
        os.utime(folder / name, (at, at))

    assert mailer.forget(NOW) == 2
    assert [path.name for path in folder.iterdir()] == ["new.eml"]


def test_the_newest_mails_of_a_folder_come_first_and_no_more_than_can_be_looked_at(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, sender=SENDER)
    for number in range(SHOWN + 5):
        mailer.send(Mail(id=f"m{number}", to="a@b.uk", subject=str(number), text="x"), now=NOW)

    assert [mail["Subject"] for mail in mailer.newest()] == [str(n) for n in range(SHOWN + 4, 4, -1)]


def test_a_subject_cannot_start_another_header(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, sender=SENDER)

    with pytest.raises(ValueError, match="may not contain linefeed"):
        mailer.send(Mail(id="x", to="a@b.uk", subject="x\r\nBcc: c@d.uk", text="x"), now=NOW)
    with pytest.raises(ValueError, match="may not contain linefeed"):
        mailer.send(Mail(id="x", to="a@b.uk\r\nBcc: c@d.uk", subject="x", text="x"), now=NOW)
