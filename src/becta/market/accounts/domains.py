"""Whose an e-mail address is, by its domain and the websites that the register gives."""

import re
from collections.abc import Collection, Iterable
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

LONGEST_EMAIL = 254
MOST_OWNERS = 8
"""A domain that more trusts and schools of no trust have is a host's, an authority's or a grid's.

In the register of November 2026 those beyond it were the hosts of websites, the authorities' grids, and a few
companies with many schools, whose staff need an invitation.
"""
FREE_MAIL = frozenset(
    {
        "aol.co.uk", "aol.com", "blueyonder.co.uk", "btconnect.com", "btinternet.com", "btopenworld.com", "email.com",
        "fastmail.com", "fsmail.net", "gmail.com", "gmx.co.uk", "gmx.com", "gmx.net", "googlemail.com", "hey.com",
        "hotmail.co.uk", "hotmail.com", "hotmail.fr", "hushmail.com", "icloud.com", "live.co.uk", "live.com",
        "live.ie", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "ntlworld.com", "o2.co.uk", "outlook.co.uk",
        "outlook.com", "pm.me", "proton.me", "protonmail.com", "qq.com", "rocketmail.com", "sky.com", "supanet.com",
        "talk21.com", "talktalk.co.uk", "talktalk.net", "tiscali.co.uk", "tutanota.com", "virgin.net",
        "virginmedia.com", "yahoo.co.in", "yahoo.co.uk", "yahoo.com", "yahoo.fr", "yahoo.ie", "yandex.com",
        "yandex.ru", "ymail.com", "zoho.com", "zohomail.eu",
    }
)  # fmt: skip
"""Where anybody gets an address."""
HOSTS = frozenset(
    {
        "blogspot.co.uk", "blogspot.com", "dbprimary.com", "eschools.co.uk", "facebook.com", "frogos.net",
        "github.io", "google.com", "ik.org", "instagram.com", "lgfl.net", "lgfl.org.uk", "lancsngfl.ac.uk",
        "microsoft.com", "onmicrosoft.com", "sch.life", "schooljotter.com", "schooljotter2.com",
        "secure-dbprimary.com", "sharepoint.com", "squarespace.com", "twitter.com", "typepad.com", "webplus.net",
        "weebly.com", "wix.com", "wixsite.com", "wordpress.com", "x.com", "yolasite.com", "youtube.com",
    }
)  # fmt: skip
"""Hosts of many schools' websites: whoever has an address there works for the host, or for any of the schools."""

_NAME = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def proper_email(text: str) -> str | None:
    """An e-mail address in the form in which it is kept and compared, None if it is none: plain ASCII, lower case."""
    found = text.strip().lower()
    name, _, host = found.rpartition("@")
    if len(found) > LONGEST_EMAIL or _NAME.fullmatch(name) is None or _HOST.fullmatch(host) is None:
        return None
    return found


def website_domain(website: str | None) -> str | None:
    """The domain that somebody registered for a website, None where it tells of nobody in particular."""
    text = (website or "").strip().lower()
    if not text:
        return None
    if "://" not in text:
        text = f"//{text}"
    elif text.startswith(("http://http:", "https://http:", "http://https:", "https://https:")):
        text = f"//{text.rpartition(':')[2].lstrip('/')}"  # as the register has a few
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return None
    return _own(host)


def address_domain(email: str) -> str | None:
    """The domain that somebody registered for an e-mail address, None where anybody gets one."""
    return _own(email.rpartition("@")[2])


def address_belongs(
    email: str, websites: Iterable[str | None], trust_websites: Iterable[str | None] = (), *, owners: int = 1
) -> bool:
    """Whether an e-mail address is of an organisation that has these websites.

    Of the websites of the other schools of its trust a domain counts that at least two of them have: it is the trust's.
    `owners` is how many trusts and single schools the register gives the address's domain for.
    """
    domain = address_domain(email)
    if domain is None or owners > MOST_OWNERS:
        return False
    of_trust = [website_domain(website) for website in trust_websites]
    return domain in {website_domain(website) for website in websites} or of_trust.count(domain) >= 2


def owners_of(domain: str, listed: Collection[tuple[str | None, object]]) -> int:
    """How many owners a domain has, of pairs of a website and its owner."""
    return len({owner for website, owner in listed if website_domain(website) == domain})


def _own(host: str) -> str | None:
    host = host.rstrip(".")
    if _HOST.fullmatch(host) is None:
        return None
    domain: str | None = _suffixes().privatesuffix(host)
    if domain is None or domain in FREE_MAIL or domain in HOSTS or domain.endswith(".gov.uk"):
        return None
    return domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
