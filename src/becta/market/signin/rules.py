"""What signing in goes by: times, addresses of mails, and where somebody may be sent afterwards."""

import re
from datetime import timedelta

from becta.kernel.errors import Fault

LINK_LASTS = timedelta(minutes=15)
LINKS_AT_ONCE = 5
"""How many unused links one browser may have for an e-mail address; beyond it none is sent."""
LINKS_OF_ALL = 20
"""The same for all browsers together: somebody else's asking must neither fill a mailbox nor lock its owner out."""
FLOW_LASTS = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
"""How often at most a session's last use is written."""
ENDED_KEPT = timedelta(days=30)
"""How long an ended session can still be looked at."""
HOME = "/account"
LONGEST_PATH = 500
LINK = "link"
"""How a session was started, when by an e-mailed link; otherwise it is the issuer's slug."""
SIGN_IN = "sign-in"
"""What codes in mails that sign in are for."""

_PRINTABLE = re.compile(r"/[!-~]*")


def local_path(text: str) -> str:
    """The text if it is a path of our own, else the account page: nobody can send people elsewhere through us."""
    path = text.partition("?")[0].partition("#")[0]
    if len(text) > LONGEST_PATH or not _PRINTABLE.fullmatch(text) or "\\" in text or "//" in path:
        return HOME
    return text


def email_fault(text: str) -> Fault:
    """What to say of a text that is no e-mail address."""
    if not text.strip():
        return Fault(field="email", problem="is empty", mend="Enter your e-mail address")
    mend = "Enter an e-mail address in the correct format, like name@example.sch.uk"
    return Fault(field="email", problem="is not an e-mail address", mend=mend, value=text[:80])


def plain_name(text: object) -> str | None:
    """A name as an issuer gives it, on one line and not too long; None if there is none."""
    if not isinstance(text, str):
        return None
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:200] or None
