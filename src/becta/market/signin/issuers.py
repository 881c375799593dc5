"""The OpenID Connect issuers that people may sign in with, as they are configured."""

from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TENANT = "{tenantid}"
"""Stands in the issuer of Entra ID where the tenant's id comes: people of any tenant may sign in."""
ANY_TENANT = "organizations"


class Profile(StrEnum):
    """What is particular about an issuer."""

    GENERIC = "generic"
    DFE = "dfe"
    ENTRA = "entra"


class Issuer(BaseModel):
    """One issuer. Its e-mail addresses link to people we know only with `trust_email`: some let anybody claim any."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slug: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    name: str = Field(min_length=1, max_length=80)
    issuer: str = Field(max_length=250)
    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    profile: Profile = Profile.GENERIC
    trust_email: bool = False
    dfe_api_url: str | None = None
    dfe_api_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for address in (self.issuer, self.dfe_api_url):
            if address is not None and not is_safe(address):
                raise ValueError(f"{address} is not https")
        if TENANT in self.issuer and self.profile is not Profile.ENTRA:
            raise ValueError(f"only the profile entra takes {TENANT}")
        if (self.dfe_api_url is None) is not (self.dfe_api_secret is None):
            raise ValueError("dfe_api_url and dfe_api_secret go together")
        if "openid" not in self.scopes:
            raise ValueError("the scopes must hold openid")
        return self

    @property
    def discovery_url(self) -> str:
        """Where its discovery document is."""
        return f"{self.issuer.replace(TENANT, ANY_TENANT).rstrip('/')}/.well-known/openid-configuration"

    @property
    def lets_choose(self) -> bool:
        """Whether it has the page on which people choose one of their organisations."""
        return self.profile is Profile.DFE and self.dfe_api_url is not None


def is_safe(address: str, *, named_by: str | None = None) -> bool:
    """Whether what is said to an address cannot be overheard: https, or this machine.

    An issuer elsewhere (`named_by`) may not send us to this machine.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if host in LOOPBACK and named_by is not None and urlsplit(named_by).hostname not in LOOPBACK:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
