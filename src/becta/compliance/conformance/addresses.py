"""Which internet addresses a runner may connect to: global unicast ones, and nothing else. No I/O."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

FORBIDDEN_4: dict[str, str] = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "shared by carriers (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "168.63.129.16/32": "the host of Azure's machines",
    "169.254.0.0/16": "link-local (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "for protocols (RFC 6890)",
    "192.0.2.0/24": "for documentation (RFC 5737)",
    "192.88.99.0/24": "6to4 relays (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "198.18.0.0/15": "for benchmarks (RFC 2544)",
    "198.51.100.0/24": "for documentation (RFC 5737)",
    "203.0.113.0/24": "for documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved or broadcast (RFC 1112, RFC 919)",
}
"""IANA's special-purpose IPv4 networks that are not globally reachable, multicast, and one cloud's own host."""

FORBIDDEN_6: dict[str, str] = {
    "2001::/23": "for protocols, Teredo among them (RFC 2928, RFC 4380)",
    "2001:db8::/32": "for documentation (RFC 3849)",
    "2002::/16": "6to4 (RFC 3056)",
    "3fff::/20": "for documentation (RFC 9637)",
}
"""Parts of 2000::/3 that are not ordinary addresses; what lies outside 2000::/3 is not global unicast (RFC 4291)."""

_NETWORKS_4 = {IPv4Network(network): why for network, why in FORBIDDEN_4.items()}
_NETWORKS_6 = {IPv6Network(network): why for network, why in FORBIDDEN_6.items()}
_GLOBAL_6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def why_forbidden(address: str) -> str | None:
    """What is wrong with connecting to an IPv4 or IPv6 address; None if it is global unicast.

    IPv4 inside IPv6 (mapped, RFC 4291, and NAT64, RFC 6052) is judged by the address inside.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an internet address"
    return _why_forbidden_4(parsed) if isinstance(parsed, IPv4Address) else _why_forbidden_6(parsed)


def _why_forbidden_4(address: IPv4Address) -> str | None:
    for network, why in _NETWORKS_4.items():
        if address in network:
            return why
    return None if address.is_global else "not globally reachable"


def _why_forbidden_6(address: IPv6Address) -> str | None:
    if address.ipv4_mapped is not None:
        return _why_forbidden_4(address.ipv4_mapped)
    if address in _NAT64:
        return _why_forbidden_4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _GLOBAL_6:
        return "loopback" if address.is_loopback else "not global unicast (RFC 4291)"
    for network, why in _NETWORKS_6.items():
        if address in network:
            return why
    return None if address.is_global else "not globally reachable"
