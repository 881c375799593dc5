"""The platform that the simulator plays, and its keys; of all its addresses only the key set must be served."""

from joserfc.jwk import RSAKey
from msgspec import Struct

_USE = {"use": "sig", "alg": "RS256"}


class Platform(Struct, frozen=True, kw_only=True):
    """What a supplier registers in the tool before a run: issuer, endpoints and the key set's address.

    `authorize_url` and `return_url` are only read in what the tool answers; `jwks_url` must be served, because the tool
    fetches it. `key` signs the launches, and must outlive the tool's cache of the key set.
    """

    issuer: str
    authorize_url: str
    token_url: str
    jwks_url: str
    return_url: str
    key: RSAKey

    @property
    def kid(self) -> str:
        """The signing key's name in the key set: its RFC 7638 thumbprint."""
        return self.key.thumbprint()


def platform_at(origin: str, key: RSAKey) -> Platform:
    """The simulator's platform at a web origin such as https://market.example, without a slash at its end."""
    return Platform(
        issuer=origin,
        authorize_url=f"{origin}/lti/authorize",
        token_url=f"{origin}/lti/token",
        jwks_url=f"{origin}/lti/jwks.json",
        return_url=f"{origin}/lti/return",
        key=key,
    )


def new_key() -> RSAKey:
    """A fresh RSA signing key of 2048 bits."""
    return RSAKey.generate_key(2048, _USE)  # type: ignore[arg-type]  # joserfc types parameters as any of its own


def key_to_pem(key: RSAKey) -> bytes:
    """The private key as unencrypted PKCS 8, to be kept like a password."""
    return key.as_pem(private=True)


def key_from_pem(pem: bytes) -> RSAKey:
    """Read what `key_to_pem` wrote; raises ValueError for anything else."""
    return RSAKey.import_key(pem, _USE)  # type: ignore[arg-type]


def key_set(*keys: RSAKey) -> dict[str, list[dict[str, object]]]:
    """The JSON Web Key Set to publish (RFC 7517 5): public members only, each key named by its thumbprint."""
    return {"keys": [{**key.as_dict(private=False), **_USE, "kid": key.thumbprint()} for key in keys]}
