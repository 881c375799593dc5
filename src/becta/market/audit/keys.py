"""The key that signs checkpoints: a file of its own, never in the database, which it is there to distrust."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from msgspec import Struct

from becta.market.key_files import kept

ED25519 = b"\x01"
"""The kind of key in a signed note."""


class UnusableKey(Exception):
    """A file that should hold a key holds none that we can use."""


class VerifierKey(Struct, frozen=True, kw_only=True):
    """The public half: who signs, and the 32 bytes of the key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> str:
        """The short name of the key in a signed note, as hex."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4].hex()

    @property
    def text(self) -> str:
        """The key as one line: name, short name and key, as signed notes write it."""
        return f"{self.name}+{self.key_id}+{b64encode(ED25519 + self.public).decode()}"

    @property
    def jwk(self) -> dict[str, str]:
        """The key as a JSON Web Key (RFC 8037)."""
        x = urlsafe_b64encode(self.public).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.key_id, "alg": "EdDSA", "use": "sig"}

    def accepts(self, signature: bytes, text: bytes) -> bool:
        """Whether the signature is this key's, of this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class CheckpointSigner:
    """The private half."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """Sign under a name."""
        self._key = key
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = VerifierKey(name=name, public=public)

    def sign(self, text: bytes) -> bytes:
        """The signature of a text."""
        return self._key.sign(text)


def signer_of(path: Path, name: str) -> CheckpointSigner:
    """The key in a file, which is made when there is none; whoever else makes it in the same moment wins or loses."""
    return CheckpointSigner(name, _private(kept(path, _fresh), path))


def verifier_of(path: Path, name: str) -> VerifierKey:
    """The public key in a file: a PEM of either half, or one line `name+id+key`."""
    data = path.read_bytes()
    if b"PRIVATE KEY" in data:
        return CheckpointSigner(name, _private(data, path)).verifier
    if b"PUBLIC KEY" in data:
        key: Any = load_pem_public_key(data)
        if not isinstance(key, Ed25519PublicKey):
            raise UnusableKey(f"{path} holds no Ed25519 key")
        return VerifierKey(name=name, public=key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return verifier_from_text(data.decode("utf-8", "replace"))


def verifier_from_text(text: str) -> VerifierKey:
    """The public key of a line `name+id+key`; raises UnusableKey."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = b64decode(encoded, validate=True)
    except (ValueError, Base64Error):
        raw = b""
    key = VerifierKey(name=name, public=raw[1:])
    if len(raw) != 33 or raw[:1] != ED25519 or key.key_id != key_id:
        raise UnusableKey("a verifier key is one line: name+id+key")
    return key


def _private(data: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise UnusableKey(f"{path} holds no key that can be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{path} holds no Ed25519 key")
    return key


def _fresh() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
