"""Which IP addresses belong to the public Internet, told from what IANA has set apart.

https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has given to the public Internet
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: IPv4 as IPv6-only networks see it
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215: the same, for one network's own use
COMPATIBLE = IPv6Network("::/96")  # RFC 4291 2.5.5.1, long deprecated
TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765, IPv4-translated
THIS_NETWORK = IPv4Network("0.0.0.0/8")
# No site of anybody's. Some are in IANA's registries, but not in every Python's list of private networks; the rest is
# 6to4's old relay and the machine metadata of two clouds.
NOT_SITES = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "fd00:ec2::254/128",
    )
)


def embedded_ipv4(address: Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 address leads to: mapped, compatible, translated, NAT64, 6to4, Teredo or ISATAP."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    low = int(address) & 0xFFFF_FFFF
    if any(address in network for network in (NAT64, NAT64_LOCAL, TRANSLATED)):
        return IPv4Address(low)
    if address in COMPATIBLE and low > 1:  # :: and ::1 are addresses of their own
        return IPv4Address(low)
    if (int(address) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE:  # ISATAP: ::0:5efe:a.b.c.d and ::200:5efe:a.b.c.d
        return IPv4Address(low)
    return None


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet could reach this address, so that our reaching it gives nothing away."""
    if any(address in network for network in NOT_SITES):
        return False
    if isinstance(address, IPv6Address):
        inner = embedded_ipv4(address)
        if address in NAT64 and inner is not None:
            return is_public(inner)
        # The other ways to wrap IPv4 are dead; a name that uses one today wants something else from us.
        return inner is None and address.scope_id is None and address in GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast and not address.is_reserved


def never_a_site(address: Address) -> bool:
    """Addresses no Jira can have, whatever an admin opened: cloud metadata sits on link-local ones."""
    inner = embedded_ipv4(address) or address
    return (
        inner.is_link_local
        or inner.is_multicast
        or inner.is_unspecified
        or any(inner in network for network in NOT_SITES)
        or (isinstance(inner, IPv4Address) and (inner.is_reserved or inner in THIS_NETWORK))
    )
