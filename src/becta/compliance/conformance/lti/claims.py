"""What a good launch says."""

from datetime import datetime

from becta.compliance.conformance.lti.platform import Platform
from becta.compliance.conformance.lti.settings import Tool

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"

SECONDS_VALID = 300
ACCEPTED_TYPES = ("ltiResourceLink", "link")
OPAQUE = "becta:vF3xq=?&+/é"
"""The `data` of deep linking requests, with what careless code alters: signs, and a letter outside ASCII."""
VERSION = "1.3.0"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"


def resource_link_claims(platform: Platform, tool: Tool, *, nonce: str, now: datetime) -> dict[str, object]:
    """A teacher opens a link in a course (Core 5.3, 5.4), with the claims of AGS 2.0 and NRPS 2.0."""
    services = f"{platform.issuer}/lti/services"
    return _common(platform, tool, tool.launch_url, nonce=nonce, now=now) | {
        f"{LTI}message_type": RESOURCE_LINK_REQUEST,
        f"{LTI}resource_link": {"id": "becta-link-1", "title": "Fractions, week 3", "description": "Practice"},
        f"{AGS}claim/endpoint": {
            "scope": [f"{AGS}scope/lineitem", f"{AGS}scope/result.readonly", f"{AGS}scope/score"],
            "lineitems": f"{services}/line-items",
            "lineitem": f"{services}/line-items/1",
        },
        f"{NRPS}claim/namesroleservice": {
            "context_memberships_url": f"{services}/members",
            "service_versions": ["2.0"],
        },
    }


def deep_linking_claims(platform: Platform, tool: Tool, *, nonce: str, now: datetime) -> dict[str, object]:
    """A teacher asks the tool for one thing to put into a course (Deep Linking 4.4)."""
    return _common(platform, tool, tool.deep_linking_url, nonce=nonce, now=now) | {
        f"{LTI}message_type": DEEP_LINKING_REQUEST,
        f"{DEEP_LINKING}deep_linking_settings": {
            "deep_link_return_url": platform.return_url,
            "accept_types": list(ACCEPTED_TYPES),
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": False,
            "auto_create": False,
            "data": OPAQUE,
        },
    }


def _common(platform: Platform, tool: Tool, target: str, *, nonce: str, now: datetime) -> dict[str, object]:
    issued = int(now.timestamp())
    said: dict[str, object] = {
        "iss": platform.issuer,
        "aud": tool.client_id,
        "sub": "becta-user-1",
        "iat": issued,
        "exp": issued + SECONDS_VALID,
        "given_name": "Ada",
        "family_name": "Teacher",
        "name": "Ada Teacher",
        "email": "ada.teacher@school.example",
        "locale": "en-GB",
        f"{LTI}version": VERSION,
        f"{LTI}deployment_id": tool.deployment_id,
        f"{LTI}target_link_uri": target,
        f"{LTI}roles": [f"{MEMBERSHIP}Instructor"],
        f"{LTI}context": {
            "id": "becta-context-1",
            "label": "Y7 maths",
            "title": "Year 7 mathematics",
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
        },
        f"{LTI}tool_platform": {"guid": "becta-conformance", "name": "Conformance platform", "version": "1"},
        f"{LTI}launch_presentation": {
            "document_target": "iframe",
            "return_url": platform.return_url,
            "locale": "en-GB",
        },
        f"{LTI}custom": dict(tool.custom),
    }
    return said | {"nonce": nonce} if nonce else said
