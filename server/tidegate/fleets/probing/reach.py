"""Which addresses this server asks for a probe: hosts say where theirs is, and not every place is theirs to say.

Law: what is judged is the address that is connected to, never the name that led to it.

The default lets everything through but link-local, multicast and unspecified addresses and a few that clouds keep for
themselves: there answer the machine's own metadata and control services, never the service of a host. Loopback and
private networks are let through, since hosts live there; a probe asks a path that the scale set's owner chose, follows
no redirect, and tells nobody what was answered, so that little can be had by naming a place that is not one's own.
Whoever wants it narrower gives the networks that hosts live in. "The address that a host connects from" would be no
good rule: behind a gateway that is the gateway's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

RESERVED: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8",
        "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128",
    )
)  # fmt: skip
"""Never asked, unless a network that is given lies within. The last three are the wire server of Azure and the
metadata services of Alibaba Cloud and, by IPv6, of AWS."""


_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Where a translator reaches IPv4 from IPv6. Source: RFC 6052."""


class NetworkMalformed(ValueError):
    """A network that is no network; says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The addresses that may be asked; without `networks` all but the reserved ones."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether this address may be connected to. An IPv4 address in IPv6's clothes is judged as what it is."""
        judged = _undressed(address)
        if self.networks:
            return any(judged in network for network in self.networks)
        return not any(judged in network for network in RESERVED)


def read_reach(networks: Sequence[str]) -> Reach:
    """The reach of networks such as `10.0.0.0/8`; none: the default.

    Raises:
        NetworkMalformed: one of them is no network.
    """
    return Reach(networks=tuple(map(_network, networks)))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as wrong:
        raise NetworkMalformed(f"{text!r} is no network: {wrong}; write one such as 10.0.0.0/8") from wrong


def _undressed(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and address in _TRANSLATED:
        return IPv4Address(address.packed[-4:])
    return getattr(address, "ipv4_mapped", None) or address
