"""How secrets are kept: as what cannot be turned back into them."""

from hashlib import sha256


def hash_of(secret: str) -> str:
    """How a secret of 256 random bits is stored: it needs no slow hash."""
    return sha256(secret.encode()).hexdigest()
