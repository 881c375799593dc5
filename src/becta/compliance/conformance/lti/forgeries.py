"""Launches that a tool must or should refuse, each wrong in one way: how the token of a good launch is spoilt."""

from collections.abc import Callable, Mapping

from becta.compliance.conformance.lti.claims import LTI
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.tokens import (
    Claims,
    signed,
    signed_by_a_stranger,
    signed_under_another_kid,
    signed_with_the_public_key,
    signed_without_kid,
    unsigned,
)

HOUR = 3600
DAY = 24 * HOUR
OTHER = "https://other-party.example"
"""An issuer, audience or client that the tool cannot know."""
NO_TOKEN = "this-is-no-token"  # noqa: S105 - no password
"""What is sent as id_token in the check refuse-no-token."""

Forge = Callable[[Claims, Platform], str]


def _but(**changes: object) -> Forge:
    """A well-signed token in which these claims are other ones; LTI's claims by their short name."""
    changed = {_full(name): value for name, value in changes.items()}
    return lambda claims, platform: signed({**claims, **changed}, platform)


def _without(name: str) -> Forge:
    full = _full(name)
    return lambda claims, platform: signed({key: value for key, value in claims.items() if key != full}, platform)


def _moved(seconds: int) -> Forge:
    """A well-signed token made and expiring so much later; earlier, if negative."""

    def forge(claims: Claims, platform: Platform) -> str:
        moved = {name: value + seconds for name in ("iat", "exp") if isinstance(value := claims[name], int)}
        return signed({**claims, **moved}, platform)

    return forge


def _with_more_audiences(claims: Claims, platform: Platform) -> str:
    """azp is left out too, which is advised against (Security Framework 5.1.3 (4))."""
    return signed({**claims, "aud": [claims["aud"], OTHER]}, platform)


def _full(name: str) -> str:
    return name if name in {"iss", "aud", "azp", "sub", "nonce"} else f"{LTI}{name}"


FORGERIES: Mapping[str, Forge] = {
    "refuse-signature": signed_by_a_stranger,
    "refuse-unknown-kid": signed_under_another_kid,
    "refuse-no-kid": signed_without_kid,
    "refuse-alg-none": unsigned,
    "refuse-hs256": signed_with_the_public_key,
    "refuse-issuer": _but(iss=OTHER),
    "refuse-audience": _but(aud=OTHER),
    "refuse-more-audiences": _with_more_audiences,
    "refuse-azp": _but(azp=OTHER),
    "refuse-expired": _moved(-HOUR),
    "refuse-future": _moved(DAY),
    "refuse-no-nonce": _without("nonce"),
    "refuse-other-nonce": _but(nonce="a-nonce-that-nobody-asked-for"),
    "refuse-deployment": _but(deployment_id="unknown-deployment"),
    "refuse-no-deployment": _without("deployment_id"),
    "refuse-no-version": _without("version"),
    "refuse-version": _but(version="1.1.0"),
    "refuse-no-message-type": _without("message_type"),
    "refuse-no-resource-link": _without("resource_link"),
    "refuse-no-roles": _without("roles"),
}
"""By the check that finds them accepted."""

UNTELLING_WITHOUT_NONCE = frozenset({"refuse-no-nonce", "refuse-other-nonce", "refuse-replay"})
"""Where the tool asked for no nonce, which is found already, these would only say so again."""
