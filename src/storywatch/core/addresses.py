"""Which network addresses may be asked: the open internet, and what the operator allows by name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# `is_global` lets these through, and each can carry a private IPv4 address inside.
CARRIERS = (
    (IPv6Network("64:ff9b::/96"), "NAT64"),
    (IPv6Network("64:ff9b:1::/48"), "NAT64"),
    (IPv6Network("2002::/16"), "6to4"),
    (IPv6Network("2001::/32"), "Teredo"),
    (IPv6Network("::/96"), "IPv4-compatible"),
    (IPv6Network("::ffff:0:0:0/96"), "IPv4-translated"),
)
# A public address behind which each virtual machine of one provider finds its own secrets.
METADATA = frozenset({IPv4Address("168.63.129.16")})
CGNAT = IPv4Network("100.64.0.0/10")
# Set apart as a whole; older Pythons know a part of them only, and one provider's metadata lies in the rest.
SET_APART = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# `is_global` takes for public whatever it has no entry for: fec0::/10, once a site's own, among it.
GIVEN_OUT = IPv6Network("2000::/3")  # all that is routed on the internet
DOCUMENTATION = IPv6Network("3fff::/20")


def networks_of(texts: Iterable[str | Network]) -> tuple[Network, ...]:
    """The networks that such texts as "127.0.0.0/8" name. Raises ValueError for what names none."""
    return tuple(ip_network(str(text)) for text in texts)


def refusal(address: str | Address, allow_networks: Sequence[Network] = ()) -> str | None:
    """Why this address must not be asked, in words; None if it may be.

    An IPv4 address in IPv6 clothes is judged as the IPv4 address that it is.
    """
    try:
        plain = _plain(ip_address(address))
    except ValueError:
        return f"{address} is not a network address"
    if any(plain in network for network in allow_networks):
        return None
    kind = _kind(plain)
    return f"{address} is {kind} and not in allow_networks of [fetch]" if kind else None


def _plain(address: Address) -> Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        return IPv6Address(int(address))  # without its zone: fe80::1%eth0 is fe80::1
    return address


def _kind(address: Address) -> str | None:
    for network, name in CARRIERS:
        if address in network and not _is_bare(address):
            return f"an {name} address"
    checks = (
        (address.is_unspecified, "the unspecified address"),
        (address.is_loopback, "a loopback address"),
        (address.is_link_local, "a link-local address"),
        (address.is_multicast, "a multicast address"),
        (address in CGNAT, "a carrier's shared address"),
        (address in METADATA, "a cloud provider's own address"),
        (any(address in network for network in SET_APART), "a private or reserved address"),
        (not address.is_global or not _is_given_out(address), "a private or reserved address"),
    )
    return next((name for holds, name in checks if holds), None)


def _is_given_out(address: Address) -> bool:
    return isinstance(address, IPv4Address) or (address in GIVEN_OUT and address not in DOCUMENTATION)


def _is_bare(address: Address) -> bool:
    """:: and ::1 lie in the range of IPv4-compatible addresses, and have better names."""
    return address.is_unspecified or address.is_loopback
