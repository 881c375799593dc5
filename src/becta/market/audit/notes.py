"""Checkpoints as signed notes (C2SP tlog-checkpoint): origin, size, root, and who signed."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

from msgspec import Struct

from becta.market.audit.keys import CheckpointSigner, VerifierKey


class BadNote(Exception):
    """A note that is not a checkpoint signed by a key we know."""


class Stated(Struct, frozen=True, kw_only=True):
    """What a checkpoint says, and which key says so."""

    origin: str
    size: int
    root: bytes
    key_id: str


def signed_note(signer: CheckpointSigner, *, size: int, root: bytes) -> str:
    """The checkpoint of a tree, signed."""
    name = signer.verifier.name
    text = f"{name}\n{size}\n{b64encode(root).decode()}\n"
    blob = bytes.fromhex(signer.verifier.key_id) + signer.sign(text.encode())
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def read_note(note: str, keys: Sequence[VerifierKey]) -> Stated:
    """What a checkpoint says, once a known key's signature fits; raises BadNote."""
    text, gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not lines[1].isascii() or not lines[1].isdigit():
        raise BadNote("is not a checkpoint")
    root = _decoded(lines[2])
    if len(root) != 32:
        raise BadNote("states no root")
    known = {(key.name, key.key_id): key for key in keys}
    unknown = []
    for line in signatures.splitlines():
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        blob = _decoded(encoded)
        if dash != "—" or len(blob) != 68:
            continue
        key = known.get((name, blob[:4].hex()))
        if key is None:
            unknown.append(f"{name} {blob[:4].hex()}")
        elif key.name == lines[0] and key.accepts(blob[4:], f"{text}\n".encode()):
            return Stated(origin=lines[0], size=int(lines[1]), root=root, key_id=key.key_id)
        else:
            raise BadNote("has a signature that is not of this text")
    raise BadNote(f"is signed by no key we know ({', '.join(unknown) or 'nobody'})")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (ValueError, Base64Error):
        return b""
