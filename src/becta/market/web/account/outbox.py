"""The mails of a demonstration without a mail server, so that it can be tried."""

import re

from litestar import Response, get

from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.notify.mailer import FolderMailer
from becta.market.web.account.answers import Running, has_outbox, shown
from becta.market.web.account.views import MailRow, OutboxPage
from becta.market.web.rendering import Rendering


@get("/outbox", opt={"access": PUBLIC}, sync_to_thread=True)
def outbox(pages: Rendering, house: Running) -> Response[str]:
    """The newest mails; not found anywhere but in a demonstration without a mail server."""
    if not (has_outbox(house) and isinstance(house.mailer, FolderMailer)):
        raise NotFound("page", "outbox")
    own = re.compile(re.escape(house.settings.origin) + r"(/[!-~]*)")
    rows = []
    for message in house.mailer.newest():
        text = message.get_content()
        rows.append(
            MailRow(
                to=message["To"],
                subject=message["Subject"],
                sent=message["Date"],
                text=text,
                links=tuple(own.findall(text)),
            )
        )
    return shown(pages, OutboxPage(mails=tuple(rows)))
