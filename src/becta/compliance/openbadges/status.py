"""Bitstring Status Lists: build, encode, decode, and the unsigned credential that carries one.

From the W3C's Bitstring Status List 1.0: at least 131,072 entries (section 6.1), bit 0 leftmost, GZIP, multibase u.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterable
from datetime import datetime

from becta.compliance.openbadges.contexts import VCDM_2
from becta.compliance.openbadges.dates import write_date
from becta.compliance.openbadges.reading import JsonObject

FEWEST_ENTRIES = 131_072
"""So many entries at least, so that one badge's entry hides among them."""
MOST_BYTES = 4_000_000
"""Bytes of a decoded list that we read: 32 million entries."""
PURPOSES = ("revocation", "suspension")


class BadStatusList(ValueError):
    """A status list that cannot be read. Says why."""


def build_list(marked: Iterable[int], *, entries: int = FEWEST_ENTRIES) -> bytes:
    """The bits of a list in which these entries are set; raises ValueError for one outside it, or too few entries."""
    if entries < FEWEST_ENTRIES or entries % 8:
        raise ValueError(f"a status list has at least {FEWEST_ENTRIES} entries, a multiple of 8")
    bits = bytearray(entries // 8)
    for index in marked:
        if not 0 <= index < entries:
            raise ValueError(f"entry {index} is outside the list of {entries}")
        bits[index >> 3] |= 0x80 >> (index & 7)
    return bytes(bits)


def is_marked(bits: bytes, index: int) -> bool:
    """Whether an entry is set; raises BadStatusList for one outside the list."""
    if not 0 <= index < 8 * len(bits):
        raise BadStatusList(f"the entry {index} is outside the list")
    return bool(bits[index >> 3] & (0x80 >> (index & 7)))


def encode_list(bits: bytes) -> str:
    """The `encodedList` of the bits: the same text for the same bits."""
    return "u" + base64.urlsafe_b64encode(gzip.compress(bits, mtime=0)).rstrip(b"=").decode()


def decode_list(text: str) -> bytes:
    """The bits of an `encodedList`, with the multibase u or, as in StatusList2021, without. Raises BadStatusList."""
    # GZIP begins H4sI in base64, so that a leading u can only be the multibase
    encoded = text.removeprefix("u").rstrip("=").replace("+", "-").replace("/", "_")
    unzip = zlib.decompressobj(wbits=31)
    try:
        packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        bits = unzip.decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise BadStatusList("the status list is not compressed as the specification says") from None
    if len(bits) > MOST_BYTES:
        raise BadStatusList(f"the status list is larger than {MOST_BYTES} bytes")
    if not unzip.eof:
        raise BadStatusList("the status list ends too early")
    if len(bits) * 8 < FEWEST_ENTRIES:
        raise BadStatusList(f"the status list has fewer than {FEWEST_ENTRIES} entries")
    return bits


def status_list_credential(
    url: str, issuer: str, purpose: str, bits: bytes, *, valid_from: datetime, valid_until: datetime | None = None
) -> JsonObject:
    """The unsigned BitstringStatusListCredential served at `url`; raises ValueError for an unknown purpose."""
    if purpose not in PURPOSES:
        raise ValueError(f"the purpose is one of {', '.join(PURPOSES)}")
    credential: JsonObject = {
        "@context": [VCDM_2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": write_date(valid_from),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode_list(bits),
        },
    }
    if valid_until is not None:
        credential["validUntil"] = write_date(valid_until)
    return credential


def status_entry(url: str, purpose: str, index: int) -> JsonObject:
    """The `credentialStatus` entry that points to an entry of the list at `url`; raises ValueError as above."""
    if purpose not in PURPOSES or index < 0:
        raise ValueError(f"the purpose is one of {', '.join(PURPOSES)}, the index not negative")
    return {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": url,
    }
