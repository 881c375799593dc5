"""Check an event of a BECTA audit trail without trusting the server that holds it.

    python check_audit.py bundle.json --key VERIFIER_KEY
    python check_audit.py bundle.json --key VERIFIER_KEY --since older.txt --consistency proof.json

bundle.json is the answer of /api/v1/audit/events/N/proof. VERIFIER_KEY is the line `name+id+key` that you were given
when you began to watch, or a file with it. older.txt is a checkpoint you kept (its `note`), proof.json the answer of
/api/v1/audit/consistency from the older size to the bundle's. Needs Python 3.9 and the package `cryptography` alone.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, bytes]
"""Name, short name and bytes of a public key."""


class Refused(Exception):
    """Something does not fit; the text says what."""


def sha256(data: bytes) -> bytes:
    """The digest of some bytes."""
    return hashlib.sha256(data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes side by side (RFC 6962)."""
    return sha256(b"\x01" + left + right)


def decoded(text: str, what: str) -> bytes:
    """Bytes from base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(f"{what} is not base64") from None


def hashes(listed: Sequence[str], what: str) -> list[bytes]:
    """Hashes from a list of hexadecimal text."""
    try:
        found = [bytes.fromhex(one) for one in listed]
    except (TypeError, ValueError):
        raise Refused(f"{what} holds something that is not a hash") from None
    if any(len(one) != 32 for one in found):
        raise Refused(f"{what} holds a hash of the wrong length")
    return found


def read_key(given: str) -> Key:
    """Name, id and bytes of a verifier key, given as its line or as a file that holds it."""
    text = given if "+" in given else Path(given).read_text("utf-8")
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = decoded(encoded, "the verifier key")
    if len(raw) != 33 or raw[0] != 1 or sha256(name.encode() + b"\n" + raw)[:4].hex() != key_id:
        raise Refused("the verifier key is not a line name+id+key of an Ed25519 key")
    return name, bytes.fromhex(key_id), raw[1:]


def read_note(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root of a signed checkpoint, after its signature was checked."""
    name, key_id, public = key
    text, gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not lines[1].isdigit():
        raise Refused("the checkpoint is not one")
    if lines[0] != name:
        raise Refused(f"the checkpoint is of {lines[0]}, the key of {name}")
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        blob = decoded(encoded, "the checkpoint's signature")
        if dash == "—" and signer == name and blob[:4] == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], (text + "\n").encode())
            except InvalidSignature:
                raise Refused("the checkpoint's signature does not fit its text") from None
            return int(lines[1]), decoded(lines[2], "the checkpoint's root")
    raise Refused("the checkpoint is not signed with this key")


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its path lead to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused(f"the event's number {index} is not in a trail of {size}")
    at, last, root = index, size - 1, leaf
    for one in path:
        if last == 0:
            raise Refused("the path of hashes is too long")
        if at % 2 or at == last:
            root = node(one, root)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            root = node(root, one)
        at, last = at // 2, last // 2
    if last != 0:
        raise Refused("the path of hashes is too short")
    return root


def roots_by_consistency(first: int, second: int, first_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a proof of consistency leads to (RFC 9162, 2.1.4.2)."""
    if not 0 < first < second:
        raise Refused(f"a trail of {first} cannot have grown into one of {second}")
    path = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not path:
        raise Refused("the proof of consistency is empty")
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at // 2, last // 2
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            raise Refused("the proof of consistency is too long")
        if at % 2 or at == last:
            old, new = node(one, old), node(one, new)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            new = node(new, one)
        at, last = at // 2, last // 2
    if last != 0:
        raise Refused("the proof of consistency is too short")
    return old, new


def check_entry(bundle: dict[str, Any]) -> dict[str, Any]:
    """That the entry is the event it is said to be; gives the entry."""
    try:
        entry: dict[str, Any] = json.loads(bundle["entry"])
    except ValueError:
        raise Refused("the entry is not JSON") from None
    if entry.get("v") != 1:
        raise Refused("the entry is of a version this script does not know")
    if entry["position"] != bundle["index"]:
        raise Refused(f"the entry says it is event {entry['position']}, the bundle says {bundle['index']}")
    return entry


def check_personal(entry: dict[str, Any], personal: dict[str, Any]) -> tuple[int, int]:
    """That what is told about persons is what the entry commits to; gives how many were told and not told."""
    commitments = entry["commitments"] or {}
    for person, opening in personal.items():
        fields = json.dumps(opening["fields"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        made = hashlib.sha256(bytes.fromhex(opening["salt"]) + fields.encode()).hexdigest()
        if commitments.get(person) != made:
            raise Refused(f"what is told about person {person} is not what the entry commits to")
    return len(personal), len(commitments) - len(personal)


def check_bundle(bundle: dict[str, Any], key: Key, say: Callable[[str], None]) -> tuple[int, bytes]:
    """Check one event; gives size and root of its checkpoint."""
    size, root = read_note(bundle["checkpoint"], key)
    say(f"the checkpoint of {size} events is signed by {key[0]}")
    entry = check_entry(bundle)
    if bundle["size"] != size:
        raise Refused(f"the bundle is of a trail of {bundle['size']} events, its checkpoint of {size}")
    leaf = sha256(b"\x00" + bundle["entry"].encode())
    if root_by_inclusion(leaf, bundle["index"], size, hashes(bundle["path"], "the path")) != root:
        raise Refused("the entry is not in the signed trail: it or its path was altered")
    say(
        f"event {bundle['index']} is in it as told: {entry['action']} of {entry['object_type']} {entry['object_id']} "
        f"at {entry['at']}"
    )
    told, untold = check_personal(entry, bundle["personal"])
    if told or untold:
        say(f"what is told about {told} persons is what was recorded; about {untold} it was erased or is not shown")
    return size, root


def check_growth(
    older: str, proof: dict[str, Any], size: int, root: bytes, key: Key, say: Callable[[str], None]
) -> None:
    """Check that the trail of the bundle only added to that of a checkpoint kept earlier."""
    first, first_root = read_note(older, key)
    say(f"the older checkpoint of {first} events is signed by {key[0]}")
    if first == size:
        if first_root != root:
            raise Refused("two different trails of the same size were signed")
    else:
        path = hashes(proof["path"], "the proof of consistency")
        old, new = roots_by_consistency(first, size, first_root, path)
        if old != first_root or new != root:
            raise Refused("the trail was changed between the two checkpoints, or the proof is of other sizes")
    say(f"the trail of {size} events only added to the one of {first}")


def main(arguments: Sequence[str]) -> int:
    """Check what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(description="Check an event of an audit trail without trusting its server.")
    parser.add_argument("bundle", help="the answer of /audit/events/N/proof")
    parser.add_argument("--key", required=True, help="verifier key name+id+key, or a file with it")
    parser.add_argument("--since", help="a checkpoint kept earlier")
    parser.add_argument("--consistency", help="the answer of /audit/consistency from then to the bundle's size")
    given = parser.parse_args(arguments)

    def say(sentence: str) -> None:
        print(f"ok: {sentence}")

    try:
        key = read_key(given.key)
        bundle = json.loads(Path(given.bundle).read_text("utf-8"))
        size, root = check_bundle(bundle, key, say)
        if given.since:
            older = Path(given.since).read_text("utf-8")
            proof = json.loads(Path(given.consistency).read_text("utf-8")) if given.consistency else {"path": []}
            check_growth(older, proof, size, root, key, say)
    except Refused as refusal:
        print(f"FAILED: {refusal}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"FAILED: what was given cannot be read: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
