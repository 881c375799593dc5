"""The tool's own configuration: as LTI Dynamic Registration 1.0 has it, or as Canvas takes it.

What is required is what Moodle's registration, written by the specification's editor, refuses to do without; the
specification's own table could not be had here.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from becta.compliance.conformance.fetching import Unreachable, Web
from becta.compliance.conformance.lti.settings import Tool
from becta.compliance.conformance.reports import Recorder

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_FILE = "configuration"


def look_at_configuration(tool: Tool, web: Web, recorder: Recorder) -> Tool:
    """Judge the configuration, where there is one; the tool comes back with the redirect URIs that it registers."""
    if not tool.configuration_url:
        return tool
    try:
        answer = web.get(tool.configuration_url, headers={"accept": "application/json"})
        stated = answer.json() if answer.status == 200 else None
        problem = "" if answer.status == 200 else f"the configuration answers {answer.status}"
    except Unreachable as unreachable:
        stated, problem = None, str(unreachable)
    except ValueError:
        stated, problem = None, "the configuration is not JSON"
    if not isinstance(stated, dict):
        told = problem or "the configuration is not a JSON object"
        recorder.find("configuration-readable", told, file=_FILE, value=tool.configuration_url)
        return tool
    if TOOL_CONFIGURATION in stated or "initiate_login_uri" in stated:
        registered = _dynamic_registration(stated, tool, recorder)
    else:
        registered = _canvas(stated, tool, recorder)
    return msgspec.structs.replace(tool, redirect_uris=tool.redirect_uris | registered)


def _dynamic_registration(stated: dict[str, object], tool: Tool, recorder: Recorder) -> frozenset[str]:
    for name in ("client_name", "initiate_login_uri", "jwks_uri", "redirect_uris", TOOL_CONFIGURATION):
        if not stated.get(name):
            recorder.find("configuration-complete", f"{name} is missing", file=_FILE, field=name)
    for name, wanted in (("response_types", "id_token"), ("token_endpoint_auth_method", "private_key_jwt")):
        given = stated.get(name)
        if given != wanted and not (isinstance(given, list) and wanted in given):
            told = f"{name} does not hold {wanted}"
            recorder.find("configuration-complete", told, file=_FILE, field=name, value=given)
    if stated.get("application_type", "web") != "web":
        given = stated.get("application_type")
        recorder.find("configuration-complete", "this is not web", file=_FILE, field="application_type", value=given)
    lti = stated.get(TOOL_CONFIGURATION)
    lti = lti if isinstance(lti, dict) else {}
    domain = lti.get("domain")
    if not domain and TOOL_CONFIGURATION in stated:
        recorder.find("configuration-complete", "domain is missing", file=_FILE, field=f"{TOOL_CONFIGURATION}.domain")
    uris = _texts(stated.get("redirect_uris"))
    target = lti.get("target_link_uri")
    _judge_https([*uris, *_texts([stated.get("initiate_login_uri"), stated.get("jwks_uri"), target])], tool, recorder)
    _agree("initiate_login_uri", tool.login_url, _texts([stated.get("initiate_login_uri")]), recorder)
    _agree("redirect_uris", tool.launch_url, uris, recorder)
    _agree("jwks_uri", tool.jwks_url, _texts([stated.get("jwks_uri")]), recorder)
    aim = target if isinstance(target, str) and target else tool.launch_url
    if isinstance(domain, str) and domain and not _covers(domain, aim):
        told = "the domain does not cover the target link"
        recorder.find(
            "configuration-domain", told, file=_FILE, field=f"{TOOL_CONFIGURATION}.domain", value=f"{domain}, {aim}"
        )
    return frozenset(uris)


def _canvas(stated: dict[str, object], tool: Tool, recorder: Recorder) -> frozenset[str]:
    for name in ("title", "oidc_initiation_url", "target_link_uri"):
        if not stated.get(name):
            recorder.find("configuration-complete", f"{name} is missing", file=_FILE, field=name)
    if not stated.get("public_jwk_url") and not stated.get("public_jwk"):
        told = "neither public_jwk_url nor public_jwk is there"
        recorder.find("configuration-complete", told, file=_FILE, field="public_jwk_url")
    uris = _texts(stated.get("redirect_uris")) or _texts([stated.get("target_link_uri")])
    login, keys = _texts([stated.get("oidc_initiation_url")]), _texts([stated.get("public_jwk_url")])
    _judge_https([*uris, *login, *keys], tool, recorder)
    _agree("oidc_initiation_url", tool.login_url, login, recorder)
    _agree("redirect_uris", tool.launch_url, uris, recorder)
    _agree("public_jwk_url", tool.jwks_url, keys, recorder)
    return frozenset(uris)


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str) and value] if isinstance(values, list) else []


def _judge_https(urls: Iterable[str], tool: Tool, recorder: Recorder) -> None:
    """What is not https is wrong, unless it lies where the login does, which the guarded client lets pass or not."""
    login = tool.login_url.partition("//")[2].partition("/")[0]
    for url in urls:
        if not url.startswith("https://") and url.partition("//")[2].partition("/")[0] != login:
            recorder.find("configuration-https", "this address is not https", file=_FILE, value=url)


def _agree(name: str, given: str, stated: list[str], recorder: Recorder) -> None:
    if given and stated and given not in stated:
        told = "another address was given for this run than the configuration has"
        recorder.find("configuration-agrees", told, file=_FILE, field=name, value=", ".join([given, *stated]))


def _covers(domain: str, url: str) -> bool:
    parts = urlsplit(url if "//" in url else f"//{url}")
    wanted = domain.removeprefix("www.").lower()
    return wanted in {parts.netloc.lower().removeprefix("www."), (parts.hostname or "").removeprefix("www.")} or (
        parts.hostname or ""
    ).endswith(f".{wanted}")
