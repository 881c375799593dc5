"""What a supplier tells of the tool to be launched."""

from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct
from publicsuffixlist import PublicSuffixList

DEFAULT_CLIENT_ID = "becta-conformance"
DEFAULT_DEPLOYMENT_ID = "becta-conformance-1"

SETTINGS: Mapping[str, str] = {
    "login_url": "OIDC login initiation address, asked by GET and by POST",
    "launch_url": "where launches go: the target link and redirect URI",
    "jwks_url": "the tool's JSON Web Key Set; leave out where public_key is given",
    "public_key": "the tool's RSA public key as PEM or as JSON Web Key; leave out where jwks_url is given",
    "deep_linking_url": "the target link of deep linking; leave out where the tool has none",
    "configuration_url": "the tool's configuration as JSON (LTI Dynamic Registration, or as Canvas takes it)",
    "redirect_uris": "further redirect URIs that the tool registers, one a line",
    "client_id": f"the client_id registered in the tool; {DEFAULT_CLIENT_ID} unless given",
    "deployment_id": f"the deployment_id registered in the tool; {DEFAULT_DEPLOYMENT_ID} unless given",
    "custom": "custom parameters sent in every launch, name=value, one a line",
}
OPTIONAL = frozenset(SETTINGS) - {"login_url", "launch_url"}


class Tool(Struct, frozen=True, kw_only=True):
    """The tool under test as its supplier describes it; empty strings for what was left out."""

    login_url: str
    launch_url: str
    jwks_url: str = ""
    public_key: str = ""
    deep_linking_url: str = ""
    configuration_url: str = ""
    client_id: str = DEFAULT_CLIENT_ID
    deployment_id: str = DEFAULT_DEPLOYMENT_ID
    custom: Mapping[str, str] = {}
    redirect_uris: frozenset[str] = frozenset()

    def holds(self, url: str) -> bool:
        """Whether an address belongs to the tool: its host, or one of the same registrable domain."""
        host = _host(url)
        return bool(host) and any(
            _site(host) == _site(_host(own)) for own in (self.login_url, self.launch_url, *self.redirect_uris) if own
        )


def tool_from(given: Mapping[str, str]) -> Tool:
    """Read the settings of a run. The registered redirect URIs begin with the two target links."""
    stated = {name: given.get(name, "").strip() for name in SETTINGS}
    targets = {stated["launch_url"], stated["deep_linking_url"], *stated["redirect_uris"].split()} - {""}
    return Tool(
        login_url=stated["login_url"],
        launch_url=stated["launch_url"],
        jwks_url=stated["jwks_url"],
        public_key=stated["public_key"],
        deep_linking_url=stated["deep_linking_url"],
        configuration_url=stated["configuration_url"],
        client_id=stated["client_id"] or DEFAULT_CLIENT_ID,
        deployment_id=stated["deployment_id"] or DEFAULT_DEPLOYMENT_ID,
        custom=_custom(stated["custom"]),
        redirect_uris=frozenset(targets),
    )


def _custom(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _site(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
