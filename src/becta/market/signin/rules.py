"""What signing in goes by: times, addresses of mails, and where somebody may be sent afterwards."""

import re
from datetime import timedelta

from becta.kernel.errors import Fault

LINK_LASTS = timedelta(minutes=15)
LINKS_AT_ONCE = 5
"""How many links may be alive for one e-mail address; beyond it none is sent."""
FLOW_LASTS = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
"""How often at most a session's last use is written."""
ENDED_KEPT = timedelta(days=30)
"""How long an ended session can still be looked at."""
HOME = "/account"
LONGEST_PATH = 500
LONGEST_EMAIL = 254
LINK = "link"
"""How a session was started, when by an e-mailed link; otherwise it is the issuer's slug."""
SIGN_IN = "sign-in"
"""What codes in mails that sign in are for."""

_PRINTABLE = re.compile(r"/[!-~]*")
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


def local_path(text: str) -> str:
    """The text if it is a path of our own, else the account page: nobody can send people elsewhere through us."""
    path = text.partition("?")[0].partition("#")[0]
    if len(text) > LONGEST_PATH or not _PRINTABLE.fullmatch(text) or "\\" in text or "//" in path:
        return HOME
    return text


def plain_email(text: str) -> str:
    """An e-mail address as it is kept and compared: without spaces around it, in lower case."""
    return text.strip().lower()


def email_faults(email: str, *, field: str = "email") -> list[Fault]:
    """What is wrong with an address of `plain_email`."""
    if not email:
        return [Fault(field=field, problem="is empty", mend="Enter your e-mail address")]
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        mend = "Enter an e-mail address in the correct format, like name@example.sch.uk"
        return [Fault(field=field, problem="is not an e-mail address", mend=mend, value=email[:80])]
    return []


def plain_name(text: object) -> str | None:
    """A name as an issuer gives it, on one line and not too long; None if there is none."""
    if not isinstance(text, str):
        return None
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:200] or None
