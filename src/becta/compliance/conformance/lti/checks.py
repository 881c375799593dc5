"""What the LTI runner looks at, with the clause that asks for it.

An error is what a clause demands of a tool ("must", "required"); a warning is what it advises ("should", "may reject");
a note only tells. The certification guide's 6.1.1 lists "known bad payloads" that a tool is tried with.

Three are judged beyond a plain reading: the table of Security Framework 5.1.1.2 calls state recommended, while its text
and 5.1.1.4 need it, so it is required here; and no clause demands that unknown deployments and unknown issuers be
refused, so that is advice here.
"""

from becta.compliance.conformance.reports import Check, Severity

_WARNING = Severity.WARNING
_NOTE = Severity.NOTE


def _check(code: str, title: str, clause: str, severity: Severity = Severity.ERROR) -> Check:
    return Check(id=code, title=title, clause=clause, severity=severity)


CONFIGURATION_CHECKS = (
    _check("configuration-readable", "The tool configuration is a JSON object", "LTI Dynamic Registration 1.0"),
    _check("configuration-complete", "The tool configuration holds what it must", "LTI Dynamic Registration 1.0"),
    _check("configuration-https", "Addresses in the tool configuration use https", "LTI Core 1.3, 3.5"),
    _check(
        "configuration-agrees",
        "The tool configuration names the addresses that were given",
        "IMS Security Framework 1.0, 5.1.1",
        _WARNING,
    ),
    _check(
        "configuration-domain",
        "The domain of the tool configuration is that of its target link",
        "LTI Dynamic Registration 1.0",
        _WARNING,
    ),
)

KEY_CHECKS = (
    _check("keys-given", "The tool's public keys can be had", "IMS Security Framework 1.0, 6.3"),
    _check("keys-form", "The key set holds public RSA keys", "IMS Security Framework 1.0, 6.2; RFC 7517 5"),
    _check("keys-kid", "Each key has its own kid", "IMS Security Framework 1.0, 6.3"),
    _check("keys-size", "RSA keys have 2048 bits or more", "RFC 7518 3.3"),
    _check("keys-private", "The key set holds no private key", "IMS Security Framework 1.0, 7.2; RFC 7517 9.2"),
    _check(
        "keys-use",
        "Keys are meant for signing, with RS256 or stronger",
        "IMS Security Framework 1.0, 6.1; RFC 7517 4.2",
    ),
)

LOGIN_CHECKS = (
    _check(
        "login-get", "Login initiation by GET leads to an authentication request", "IMS Security Framework 1.0, 5.1.1.1"
    ),
    _check(
        "login-post",
        "Login initiation by POST leads to an authentication request",
        "IMS Security Framework 1.0, 5.1.1.1",
    ),
    _check(
        "login-issuer",
        "Login initiation by an unknown issuer leads to no request",
        "IMS Security Framework 1.0, 5.1.1.2",
        _WARNING,
    ),
    _check("request-scope", "scope is openid", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-response-type", "response_type is id_token", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-response-mode", "response_mode is form_post", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-prompt", "prompt is none", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-client-id", "client_id is the tool's", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-redirect-uri", "redirect_uri is a registered one", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-login-hint", "login_hint comes back unaltered", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-message-hint", "lti_message_hint comes back unaltered", "LTI Core 1.3, 4.1.1"),
    _check("request-state", "state is there", "IMS Security Framework 1.0, 5.1.1.2, 7.3.1"),
    _check("request-state-fresh", "state is a new one each time", "RFC 6749 10.12", _WARNING),
    _check("request-nonce", "nonce is there", "IMS Security Framework 1.0, 5.1.1.2"),
    _check("request-nonce-fresh", "nonce is a new one each time", "OpenID Connect Core 3.2.2.1, 15.5.2"),
)

LAUNCH_CHECKS = (
    _check("launch-accepted", "A good launch is accepted", "LTI Core 1.3, 5"),
    _check("launch-unknown-claims", "Claims that the tool cannot know are ignored", "LTI Core 1.3, 4.3"),
    _check("launch-afterwards", "A good launch is accepted after bad ones", "LTI Core 1.3, 5"),
)

REFUSAL_CHECKS = (
    _check(
        "refuse-no-token",
        "A launch whose id_token is not a JWT is refused",
        "IMS Security Framework 1.0, 5.1.3; LTI Certification Guide 6.1.1",
    ),
    _check("refuse-signature", "A launch signed with another key is refused", "IMS Security Framework 1.0, 5.1.3 (1)"),
    _check(
        "refuse-unknown-kid",
        "A launch with an unknown kid is refused",
        "IMS Security Framework 1.0, 6.3; LTI Certification Guide 6.1.1",
    ),
    _check(
        "refuse-no-kid",
        "A launch without kid is refused",
        "IMS Security Framework 1.0, 6.3; LTI Certification Guide 6.1.1",
    ),
    _check("refuse-alg-none", "An unsigned launch (alg none) is refused", "IMS Security Framework 1.0, 5.1.3 (1), 5.4"),
    _check(
        "refuse-hs256",
        "A launch signed by HS256 with the public key is refused",
        "IMS Security Framework 1.0, 5.1.3 (1), 6.1",
    ),
    _check("refuse-issuer", "A launch from another issuer is refused", "IMS Security Framework 1.0, 5.1.3 (2)"),
    _check("refuse-audience", "A launch for another client is refused", "IMS Security Framework 1.0, 5.1.3 (3)"),
    _check(  # a must, but which other audiences it trusts is the tool's own to say: a run cannot tell
        "refuse-more-audiences",
        "A launch for an audience unknown to the tool too is refused",
        "IMS Security Framework 1.0, 5.1.3 (3)",
        _WARNING,
    ),
    _check(
        "refuse-azp",
        "A launch authorised for another client (azp) is refused",
        "IMS Security Framework 1.0, 5.1.3 (5)",
        _WARNING,
    ),
    _check("refuse-expired", "A launch that expired an hour ago is refused", "IMS Security Framework 1.0, 5.1.3 (7)"),
    _check(
        "refuse-future",
        "A launch issued tomorrow is refused",
        "IMS Security Framework 1.0, 5.1.3 (8); LTI Certification Guide 6.1.1",
        _WARNING,
    ),
    _check("refuse-no-nonce", "A launch without nonce is refused", "IMS Security Framework 1.0, 5.1.3 (9)"),
    _check("refuse-other-nonce", "A launch with a nonce not asked for is refused", "OpenID Connect Core 3.1.3.7 (11)"),
    _check(
        "refuse-replay", "The same launch is refused the second time", "IMS Security Framework 1.0, 5.1.3 (9)", _WARNING
    ),
    _check(
        "refuse-state", "A launch with a state not asked for is refused", "IMS Security Framework 1.0, 5.1.1.4, 7.3.1"
    ),
    _check(
        "refuse-other-browser",
        "A launch begun in another browser is refused",
        "IMS Security Framework 1.0, 5.1.1.4, 7.3.1",
    ),
    _check("refuse-deployment", "A launch for an unknown deployment is refused", "LTI Core 1.3, 3.1.3", _WARNING),
    _check(
        "refuse-no-deployment",
        "A launch without deployment_id is refused",
        "LTI Core 1.3, 5.3.3; LTI Certification Guide 6.1.1",
    ),
    _check(
        "refuse-no-version", "A launch without version is refused", "LTI Core 1.3, 5.3.2; LTI Certification Guide 6.1.1"
    ),
    _check(
        "refuse-version", "A launch of another version is refused", "LTI Core 1.3, 5.3.2; LTI Certification Guide 6.1.1"
    ),
    _check(
        "refuse-no-message-type",
        "A launch without message_type is refused",
        "LTI Core 1.3, 5.3.1; LTI Certification Guide 6.1.1",
    ),
    _check(
        "refuse-no-resource-link",
        "A launch without resource_link is refused",
        "LTI Core 1.3, 5.3.5; LTI Certification Guide 6.1.1",
    ),
    _check(
        "refuse-no-roles", "A launch without roles is refused", "LTI Core 1.3, 5.3.7; LTI Certification Guide 6.1.1"
    ),
    _check(
        "refuse-unsigned-target",
        "The unsigned target_link_uri of the login is not gone to",
        "LTI Core 1.3, 5.3.4",
        _WARNING,
    ),
    _check(
        "launch-anonymous",
        "A launch without user is taken as anonymous",
        "LTI Core 1.3, 5.3.6.1; LTI Certification Guide 6.1.1",
        _NOTE,
    ),
)

DEEP_LINKING_CHECKS = (
    _check("deep-linking-accepted", "A deep linking launch is accepted", "LTI Deep Linking 2.0, 4.4"),
    _check("deep-linking-by-hand", "The response comes without a person's choice", "LTI Deep Linking 2.0, 2.3", _NOTE),
    _check(
        "deep-linking-form",
        "The response is a form POST of JWT",
        "LTI Deep Linking 2.0, 2.3; IMS Security Framework 1.0, 5.2.1",
    ),
    _check(
        "deep-linking-signature",
        "The response is signed with the tool's key",
        "IMS Security Framework 1.0, 5.2.3 (1), 5.4",
    ),
    _check("deep-linking-kid", "The response names its key by kid", "IMS Security Framework 1.0, 6.3"),
    _check("deep-linking-issuer", "iss is the tool's client_id", "IMS Security Framework 1.0, 5.2.2, 5.2.3 (2)"),
    _check(
        "deep-linking-audience",
        "aud is the platform's issuer",
        "LTI Deep Linking 2.0, 4.5.1; IMS Security Framework 1.0, 5.2.3 (3)",
    ),
    _check(
        "deep-linking-times",
        "exp and iat are there, and now lies between them",
        "IMS Security Framework 1.0, 5.2.2, 5.2.3 (7)",
    ),
    _check("deep-linking-nonce", "nonce is there", "IMS Security Framework 1.0, 5.2.3 (9)"),
    _check("deep-linking-message-type", "message_type is LtiDeepLinkingResponse", "LTI Deep Linking 2.0, 4.5.2"),
    _check("deep-linking-version", "version is 1.3.0", "LTI Deep Linking 2.0, 4.5.3"),
    _check("deep-linking-deployment", "deployment_id is that of the request", "LTI Deep Linking 2.0, 4.5.4"),
    _check("deep-linking-data", "data comes back unaltered", "LTI Deep Linking 2.0, 4.5.5"),
    _check("deep-linking-items", "Content items hold what their type asks for", "LTI Deep Linking 2.0, 3, 4.5.6"),
    _check("deep-linking-types", "Content items are of the accepted types", "LTI Deep Linking 2.0, 4.4.1"),
    _check("deep-linking-multiple", "One content item where one was asked for", "LTI Deep Linking 2.0, 4.4.1"),
)

CHECKS = CONFIGURATION_CHECKS + KEY_CHECKS + LOGIN_CHECKS + LAUNCH_CHECKS + REFUSAL_CHECKS + DEEP_LINKING_CHECKS
