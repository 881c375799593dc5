"""Deep linking: the tool is asked for one thing, and its signed response is read from the form it would submit.

A tool that lets a person choose first shows a page instead of the form. Nobody chooses here, so such a response is not
judged, and a note says so.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from becta.compliance.conformance.fetching import Unreachable
from becta.compliance.conformance.lti.browser import Browser
from becta.compliance.conformance.lti.claims import (
    ACCEPTED_TYPES,
    DEEP_LINKING,
    DEEP_LINKING_RESPONSE,
    LTI,
    OPAQUE,
    VERSION,
    deep_linking_claims,
)
from becta.compliance.conformance.lti.content_items import item_faults
from becta.compliance.conformance.lti.keys import ToolKey
from becta.compliance.conformance.lti.pages import Step, endpoint, steps
from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import Tool
from becta.compliance.conformance.lti.tokens import signed
from becta.compliance.conformance.reports import Recorder

LEEWAY_SECONDS = 180
"""Security Framework 5.1.2 allows "usually no more than a few minutes" for clocks that differ."""
_ALGORITHMS = ("RS256", "RS384", "RS512")

Said = Mapping[str, object]


def look_at_deep_linking(
    platform: Platform,
    tool: Tool,
    browser: Browser,
    keys: Sequence[ToolKey],
    recorder: Recorder,
    *,
    method: str,
    clock: Callable[[], datetime],
) -> None:
    """Launch deep linking and judge the response. Raises LoginFailed, and Refused as the client does."""
    form = _asked(platform, tool, browser, recorder, method=method, clock=clock)
    if form is None:
        return
    token = form.parameters.get("JWT")
    if form.method != "POST" or not token:
        told = "the form is sent otherwise than by POST with a field named JWT"
        sent = f"{form.method}: {', '.join(sorted(form.parameters))}"
        recorder.find("deep-linking-form", told, mend="post one field named JWT", value=sent)
        return
    said = _read(token, keys, recorder)
    if said is not None:
        _judge_envelope(said, platform, tool, recorder, now=clock())
        _judge_items(said, recorder)


def _asked(
    platform: Platform,
    tool: Tool,
    browser: Browser,
    recorder: Recorder,
    *,
    method: str,
    clock: Callable[[], datetime],
) -> Step | None:
    request = browser.log_in(method, target=tool.deep_linking_url)
    if request.redirect_uri not in tool.redirect_uris:
        recorder.find("request-redirect-uri", "deep linking asks for an unregistered one", value=request.redirect_uri)
        return None
    token = signed(deep_linking_claims(platform, tool, nonce=request.nonce, now=clock()), platform)
    try:
        landing = browser.launch(request, token)
    except Unreachable as problem:
        recorder.find("deep-linking-accepted", str(problem))
        return None
    if landing.sent_away or not 200 <= landing.answer.status < 300:
        told = f"the tool answers {landing.answer.status}"
        recorder.find("deep-linking-accepted", told, value=landing.sent_away.partition("?")[0] or None)
        return None
    back = [step for step in steps(landing.answer) if step.is_form and step.url == endpoint(platform.return_url)]
    if not back:
        told = "the tool shows a page without a form to deep_link_return_url, so its response was not judged"
        recorder.find("deep-linking-by-hand", told)
        return None
    return back[0]


def _read(token: str, keys: Sequence[ToolKey], recorder: Recorder) -> Said | None:
    """The claims, whether or not the signature holds; None where there are none."""
    try:
        unverified = jws.extract_compact(token.encode())
        header, said = unverified.headers(), msgspec.json.decode(unverified.payload)
    except (JoseError, ValueError, UnicodeError, msgspec.MsgspecError, RecursionError):
        recorder.find("deep-linking-signature", "JWT is not a signed JSON Web Token")
        return None
    if not isinstance(said, dict):
        recorder.find("deep-linking-signature", "the JWT holds no claims")
        return None
    kid = header.get("kid")
    named = [key.kid for key in keys if key.kid is not None]
    if named and kid is None:
        recorder.find("deep-linking-kid", "the JWT names no key", mend="put the key's kid into the header")
    elif named and kid not in named:
        recorder.find("deep-linking-kid", "the JWT names a key that the key set does not hold", value=kid)
    if keys and not any(_holds(token, key) for key in keys):  # why there are none is found already
        told = "no key of the tool verifies the signature"
        recorder.find("deep-linking-signature", told, value=f"alg {header.get('alg')}")
    return said


def _holds(token: str, key: ToolKey) -> bool:
    try:
        jws.deserialize_compact(token, key.key, algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        return False
    return True


def _judge_envelope(said: Said, platform: Platform, tool: Tool, recorder: Recorder, *, now: datetime) -> None:
    audience = said.get("aud")
    if audience not in (platform.issuer, [platform.issuer]):
        recorder.find("deep-linking-audience", "aud is not our issuer alone", field="aud", value=audience)
    for check, name, wanted in (
        ("deep-linking-issuer", "iss", tool.client_id),
        ("deep-linking-message-type", f"{LTI}message_type", DEEP_LINKING_RESPONSE),
        ("deep-linking-version", f"{LTI}version", VERSION),
        ("deep-linking-deployment", f"{LTI}deployment_id", tool.deployment_id),
        ("deep-linking-data", f"{DEEP_LINKING}data", OPAQUE),
    ):
        if said.get(name) != wanted:
            recorder.find(check, f"{name} is not {wanted}", field=name, value=said.get(name))
    nonce = said.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        recorder.find("deep-linking-nonce", "nonce is missing", field="nonce")
    _judge_times(said, recorder, seconds=now.timestamp())


def _judge_times(said: Said, recorder: Recorder, *, seconds: float) -> None:
    for name in ("exp", "iat"):
        value = said.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            recorder.find("deep-linking-times", f"{name} is not a number of seconds", field=name, value=value)
        elif name == "exp" and value + LEEWAY_SECONDS <= seconds:
            recorder.find("deep-linking-times", "the response has expired", field=name, value=value)
        elif name == "iat" and value - LEEWAY_SECONDS > seconds:
            recorder.find("deep-linking-times", "the response comes from the future", field=name, value=value)


def _judge_items(said: Said, recorder: Recorder) -> None:
    """A response without content items adds nothing to the course, which is allowed (Deep Linking 4.5.6)."""
    name = f"{DEEP_LINKING}content_items"
    items = said.get(name, [])
    if not isinstance(items, list):
        recorder.find("deep-linking-items", "content_items is not a list", field=name)
        return
    recorder.facts["content_items"] = len(items)
    if len(items) > 1:
        told = f"{len(items)} content items, though accept_multiple is false"
        recorder.find("deep-linking-multiple", told, field=name)
    for place, item in enumerate(items):
        for field, problem in item_faults(item):
            told = f"{field} {problem}".strip()
            recorder.find("deep-linking-items", told, field=f"{name}[{place}].{field}".rstrip("."))
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(kind, str) and kind and kind not in ACCEPTED_TYPES:
            told = f"only {' and '.join(ACCEPTED_TYPES)} are accepted"
            recorder.find("deep-linking-types", told, field=f"{name}[{place}].type", value=kind)
