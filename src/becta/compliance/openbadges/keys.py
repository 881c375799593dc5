"""Keys: Ed25519 to sign with; Ed25519, P-256, P-384 and RSA to verify with; as Multikey and as JWK."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TypeAlias

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Struct

Material: TypeAlias = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

ED25519_CODE = b"\xed\x01"
CURVES: dict[bytes, ec.EllipticCurve] = {b"\x80\x24": ec.SECP256R1(), b"\x81\x24": ec.SECP384R1()}
"""Multicodec prefixes of Multikey, from the W3C's Controlled Identifiers 1.0, section 2.2.2."""
CURVE_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384"}
SMALLEST_RSA = 2048
LARGEST_RSA = 8192
"""Bits; a huge modulus would make verifying slow."""
LONGEST_MULTIBASE = 1_000
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

_BASE58 = re.compile(r"z[1-9A-HJ-NP-Za-km-z]*")


class BadKey(ValueError):
    """A key that cannot be read or may not be used. Says why."""


class PublicKey(Struct, frozen=True):
    """A public key to verify with."""

    material: Material

    @property
    def kind(self) -> str:
        """Ed25519, P-256, P-384 or RSA."""
        if isinstance(self.material, Ed25519PublicKey):
            return "Ed25519"
        if isinstance(self.material, rsa.RSAPublicKey):
            return "RSA"
        return CURVE_NAMES[self.material.curve.name]

    @property
    def multibase(self) -> str:
        """The key as Multikey, z6Mk… for Ed25519; raises BadKey for RSA, which has none."""
        if isinstance(self.material, Ed25519PublicKey):
            return encode_multibase(ED25519_CODE + self.material.public_bytes_raw())
        if isinstance(self.material, rsa.RSAPublicKey):
            raise BadKey("an RSA key has no Multikey form")
        code = next(code for code, curve in CURVES.items() if curve.name == self.material.curve.name)
        point = self.material.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
        return encode_multibase(code + point)

    @property
    def jwk(self) -> dict[str, str]:
        """The key as JWK (RFC 7517, RFC 8037), without `kid`."""
        if isinstance(self.material, Ed25519PublicKey):
            return {"crv": "Ed25519", "kty": "OKP", "x": _b64(self.material.public_bytes_raw())}
        if isinstance(self.material, rsa.RSAPublicKey):
            numbers = self.material.public_numbers()
            return {"e": _b64_number(numbers.e), "kty": "RSA", "n": _b64_number(numbers.n)}
        point = self.material.public_numbers()
        size = (self.material.key_size + 7) // 8
        x, y = (_b64(number.to_bytes(size, "big")) for number in (point.x, point.y))
        return {"crv": self.kind, "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        """The JWK's SHA-256 thumbprint (RFC 7638): a name for the key, the same whatever its form."""
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return _b64(hashlib.sha256(text.encode()).digest())

    @classmethod
    def from_multibase(cls, text: str) -> PublicKey:
        """Read a Multikey (base58btc); raises BadKey."""
        raw = decode_multibase(text)
        try:
            if raw.startswith(ED25519_CODE):
                return cls(Ed25519PublicKey.from_public_bytes(raw[2:]))
            if raw[:2] in CURVES:
                return cls(ec.EllipticCurvePublicKey.from_encoded_point(CURVES[raw[:2]], raw[2:]))
        except ValueError:
            raise BadKey("the key is not a valid point or has the wrong length") from None
        raise BadKey("the key is of a kind that is not supported")

    @classmethod
    def from_jwk(cls, jwk: object) -> PublicKey:
        """Read a public JWK; raises BadKey, also if it holds anything private."""
        if not isinstance(jwk, dict):
            raise BadKey("the JWK is not an object")
        if PRIVATE_MEMBERS & set(jwk):
            raise BadKey("the JWK holds a private or secret key")
        try:
            if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
                return cls(Ed25519PublicKey.from_public_bytes(_unb64(jwk["x"])))
            if jwk.get("kty") == "EC" and jwk.get("crv") in CURVE_NAMES.values():
                curve = next(curve for curve in CURVES.values() if CURVE_NAMES[curve.name] == jwk["crv"])
                x, y = (int.from_bytes(_unb64(jwk[name]), "big") for name in ("x", "y"))
                return cls(ec.EllipticCurvePublicNumbers(x, y, curve).public_key())
            if jwk.get("kty") == "RSA":
                return cls(_rsa_key(_unb64(jwk["n"]), _unb64(jwk["e"])))
        except (KeyError, TypeError):
            raise BadKey("the JWK lacks a member") from None
        except BadKey:
            raise
        except ValueError:
            raise BadKey("the JWK is not a valid key") from None
        raise BadKey("the JWK is of a kind that is not supported")

    def has_signed(self, signature: bytes, data: bytes) -> bool:
        """Whether this is the key's signature over the data.

        EdDSA, ECDSA as two raw numbers with the curve's own hash, or RSA PKCS #1 v1.5 with SHA-256 (RS256).
        """
        try:
            if isinstance(self.material, Ed25519PublicKey):
                self.material.verify(signature, data)
            elif isinstance(self.material, rsa.RSAPublicKey):
                self.material.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                size = (self.material.key_size + 7) // 8
                if len(signature) != 2 * size:
                    return False
                pair = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
                self.material.verify(encode_dss_signature(*pair), data, ec.ECDSA(self.hash))
        except InvalidSignature:
            return False
        return True

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """The hash that goes with the key: SHA-384 for P-384, else SHA-256."""
        return hashes.SHA384() if self.kind == "P-384" else hashes.SHA256()


class SigningKey(Struct, frozen=True):
    """A private Ed25519 key."""

    material: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.public.multibase})"

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        return PublicKey(self.material.public_key())

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""
        return self.material.sign(data)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a seed of 32 bytes; raises BadKey if it is of another length."""
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError:
            raise BadKey("a seed is 32 bytes") from None

    @property
    def seed(self) -> bytes:
        """The seed of 32 bytes, which is secret."""
        return self.material.private_bytes_raw()


def encode_multibase(data: bytes) -> str:
    """Bytes as multibase base58btc: z…"""
    return "z" + base58.b58encode(data).decode()


def decode_multibase(text: str) -> bytes:
    """Bytes of a multibase base58btc text; raises BadKey."""
    if len(text) > LONGEST_MULTIBASE or not _BASE58.fullmatch(text):  # base58 itself drops blanks at the end
        raise BadKey("not a multibase text in base58btc (z…)")
    return base58.b58decode(text[1:])


def _rsa_key(modulus: bytes, exponent: bytes) -> rsa.RSAPublicKey:
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if not SMALLEST_RSA <= n.bit_length() <= LARGEST_RSA:
        raise BadKey(f"an RSA key needs {SMALLEST_RSA} to {LARGEST_RSA} bits")
    return rsa.RSAPublicNumbers(e, n).public_key()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _b64_number(number: int) -> str:
    return _b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _unb64(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > 4 * LARGEST_RSA // 8:
        raise BadKey("a member of the JWK is not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
