"""A real mail server on loopback."""

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Inbox:
    """What a mail server took, and what it is told to answer instead."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusals: dict[str, str] = {}
        self.was_tls: list[bool] = []
        self.address = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(envelope.rcpt_tos)
        self.was_tls.append(session.ssl is not None)
        return "250 Taken"


def serve(inbox: Inbox, **options: Any) -> Controller:
    """Start a server for an inbox on a free port."""
    controller = Controller(inbox, hostname="127.0.0.1", port=0, **options)
    controller.port = _free_port()
    controller.start()
    inbox.address = f"smtp://127.0.0.1:{controller.port}"
    return controller


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A mail server that takes everything."""
    made = Inbox()
    controller = serve(made)
    yield made
    controller.stop()
