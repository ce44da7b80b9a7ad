"""Which addresses may be asked."""

from ipaddress import ip_address

import pytest

from tidegate.fleets.probing.reach import NetworkMalformed, Reach, read_reach


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "203.0.113.9", "::1", "fd00::1", "2001:db8::1"]
)
def test_hosts_may_live_anywhere(address: str) -> None:
    assert Reach().allows(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "169.254.169.254", "168.63.129.16", "100.100.100.200", "224.0.0.1", "255.255.255.255",
        "::", "fe80::1", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_no_host_lives_where_a_machine_keeps_its_own_services(address: str) -> None:
    assert not Reach().allows(ip_address(address))


def test_networks_that_are_given_are_all_that_is_reached() -> None:
    reach = read_reach(["10.0.0.0/8", "fd00::/8"])
    assert reach.allows(ip_address("10.9.9.9"))
    assert reach.allows(ip_address("fd12::1"))
    assert reach.allows(ip_address("::ffff:10.9.9.9"))
    assert not reach.allows(ip_address("127.0.0.1"))
    assert not reach.allows(ip_address("::ffff:127.0.0.1"))
    assert not reach.allows(ip_address("::1"))


def test_a_reserved_address_may_be_given_on_purpose() -> None:
    assert read_reach(["169.254.1.0/24"]).allows(ip_address("169.254.1.7"))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "web", ""])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(NetworkMalformed, match=r"10\.0\.0\.0/8"):
        read_reach([text])
