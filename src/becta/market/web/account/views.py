"""What the pages of signing in and of one's account show; see `becta.market.web.views`."""

from datetime import datetime

from msgspec import Struct

from becta.market.web.views import Link


class SignInPage(Struct, frozen=True, kw_only=True):
    """Ways to sign in, by a mailed link only if `mails_links`. `error` says what is wrong with the e-mail address."""

    csrf: str
    next_path: str
    issuers: tuple[Link, ...] = ()
    mails_links: bool = True
    email: str = ""
    error: str = ""


class CheckEmailPage(Struct, frozen=True, kw_only=True):
    """A link is on its way. `outbox_href` leads to the mails where there is no mail server."""

    minutes: int
    outbox_href: str = ""


class UseLinkPage(Struct, frozen=True, kw_only=True):
    """The button that uses a link, so that programs that fetch links do not."""

    csrf: str
    code: str


class NotePage(Struct, frozen=True, kw_only=True):
    """A few words, and where to go from here."""

    title: str
    text: str
    links: tuple[Link, ...]


class Choice(Struct, frozen=True, kw_only=True):
    """An organisation to pick."""

    id: str
    name: str
    hint: str = ""
    is_chosen: bool = False


class OrganisationPage(Struct, frozen=True, kw_only=True):
    """The organisations somebody can act for; `elsewhere_href` leads to the issuer's own list, where it has one."""

    csrf: str
    next_path: str
    choices: tuple[Choice, ...] = ()
    elsewhere_href: str = ""
    error: str = ""


class SessionRow(Struct, frozen=True, kw_only=True):
    """Where somebody is signed in."""

    via: str
    started_at: datetime
    seen_at: datetime
    is_this: bool = False


class AccountPage(Struct, frozen=True, kw_only=True):
    """Who somebody is here; `works_over_api` is whether some of their work has no pages."""

    csrf: str
    name: str = ""
    email: str = ""
    organisation: str = ""
    roles: tuple[str, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    tasks: tuple[Link, ...] = ()
    works_over_api: bool = False
    can_choose: bool = False


class MailRow(Struct, frozen=True, kw_only=True):
    """A mail as it was written; `links` are the addresses in it."""

    to: str
    subject: str
    sent: str
    text: str
    links: tuple[str, ...] = ()


class OutboxPage(Struct, frozen=True, kw_only=True):
    """The newest mails of a demonstration."""

    mails: tuple[MailRow, ...]
