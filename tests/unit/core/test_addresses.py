from __future__ import annotations

import pytest

from storywatch.core.addresses import networks_of, refusal

REFUSED = [
    ("127.0.0.1", "loopback"), ("127.8.9.1", "loopback"), ("0.0.0.0", "unspecified"), ("10.1.2.3", "private"),
    ("172.16.0.1", "private"), ("192.168.1.1", "private"), ("169.254.169.254", "link-local"),
    ("100.64.0.1", "carrier"), ("224.0.0.1", "multicast"), ("255.255.255.255", "private"), ("192.0.2.1", "private"),
    ("198.18.0.1", "private"), ("240.0.0.1", "private"), ("::1", "loopback"), ("::", "unspecified"),
    ("fe80::1", "link-local"), ("fe80::1%eth0", "link-local"), ("fd00::1", "private"), ("ff02::1", "multicast"),
    ("::ffff:127.0.0.1", "loopback"), ("::ffff:10.0.0.1", "private"), ("64:ff9b::7f00:1", "NAT64"),
    ("64:ff9b:1::1", "NAT64"), ("2002:7f00:1::", "6to4"), ("2001:0:1::1", "Teredo"), ("::127.0.0.1", "IPv4-compatible"),
    ("::ffff:0:127.0.0.1", "IPv4-translated"), ("2001:db8::1", "private"),
    ("fec0::1", "reserved"), ("5f00::1", "reserved"), ("3fff::1", "reserved"), ("4000::1", "reserved"),
    ("168.63.129.16", "cloud provider"), ("192.0.0.192", "private"), ("100.100.100.200", "carrier"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_what_is_not_the_open_internet_is_refused(address: str, kind: str) -> None:
    """The refusal names the address and what is wrong with it."""
    reason = refusal(address)
    assert reason is not None
    assert address in reason
    assert kind in reason


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_the_open_internet_may_be_asked(address: str) -> None:
    """Public addresses pass, in IPv6 clothes too."""
    assert refusal(address) is None


def test_the_operator_can_open_a_network() -> None:
    """What `allow_networks` names may be asked, and nothing beside it."""
    allowed = networks_of(["127.0.0.0/8", "fd00::/8"])
    assert refusal("127.0.0.1", allowed) is None
    assert refusal("::ffff:127.0.0.1", allowed) is None
    assert refusal("fd00::7", allowed) is None
    assert refusal("10.0.0.1", allowed) is not None


def test_what_is_no_address_is_refused() -> None:
    """A name that was not resolved never passes for an address."""
    assert refusal("localhost") == "localhost is not a network address"
    with pytest.raises(ValueError, match="not-a-network"):
        networks_of(["not-a-network"])
