"""What the secret of a token looks like: random, and recognisable by scanners of code and logs."""

import re
import secrets
from string import ascii_letters, digits
from zlib import crc32

PREFIX = "becta_"
"""Starts every token, so that secret scanners can recognise a leaked one."""
OF_ORGANISATION, OF_PERSON = "o", "p"
SIGNS = digits + ascii_letters
SECRET_SIGNS, SUM_SIGNS = 43, 6
"""43 of 62 signs are 256 random bits; the checksum spares scanners false alarms."""
PATTERN = re.compile(r"becta_[op]_[0-9A-Za-z]{49}", re.ASCII)


def new_secret(whose: str) -> str:
    """A fresh secret of an organisation (`OF_ORGANISATION`) or a person (`OF_PERSON`)."""
    told = f"{PREFIX}{whose}_{''.join(secrets.choice(SIGNS) for _ in range(SECRET_SIGNS))}"
    return told + checksum(told)


def checksum(told: str) -> str:
    """The last signs of a token, by which one is told from any other text: the CRC-32 of the others in base 62."""
    number, signs = crc32(told.encode()), ""
    for _ in range(SUM_SIGNS):
        number, sign = divmod(number, len(SIGNS))
        signs = SIGNS[sign] + signs
    return signs


def looks_like_token(text: str) -> bool:
    """Whether a text has the form and the checksum of a token of ours, for scanners."""
    return PATTERN.fullmatch(text) is not None and checksum(text[:-SUM_SIGNS]) == text[-SUM_SIGNS:]
