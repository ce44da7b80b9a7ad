"""How a channel to the server is opened: with TLS where the host has certificates, else to this machine alone.

Law: a credential never travels in plaintext beyond loopback. Every attempt to connect has a channel of its own, so that
gRPC's waits between attempts never add to ours, and a renewed certificate is used from the next attempt on.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

import grpc

from tidegate_agent.identity import Identity
from tidegate_agent.join_token import JoinTls
from tidegate_agent.problems import AddressMalformed, PlaintextRefused

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s/:\[\]]+)):(?P<port>\d{1,5})")
MOST_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message that comes down: gRPC's usual bound, more than any goal state or piece needs."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    # One connection for each agent, also where many share a process: they would otherwise share its fate and its waits.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    # A server that vanished without a word is noticed within half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Retries are this agent's own: it knows what may be sent twice.
    ("grpc.enable_retries", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom the agent trusts, and what it shows, each PEM."""

    authority_certificate: str
    certificate: str
    key: str = field(repr=False)


def trust_of(shown: Identity | JoinTls | None) -> Trust | None:
    """What a host, or a join token, speaks TLS with; None where it speaks plaintext."""
    tls = shown.tls if isinstance(shown, Identity) else shown
    if tls is None:
        return None
    return Trust(authority_certificate=tls.authority_certificate, certificate=tls.certificate, key=tls.key)


def open_channel(server: str, trust: Trust | None) -> grpc.aio.Channel:
    """A channel to `server`, a `host:port`; nothing is connected before the first call.

    Raises:
        AddressMalformed: the server is no `host:port`.
        PlaintextRefused: the server is not on this machine, and there is no trust to speak TLS with.
    """
    host = host_of(server)
    if trust is not None:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=trust.authority_certificate.encode(),
            private_key=trust.key.encode(),
            certificate_chain=trust.certificate.encode(),
        )
        return grpc.aio.secure_channel(server, credentials, options=_OPTIONS)
    if not is_loopback(host):
        raise PlaintextRefused(server)
    return grpc.aio.insecure_channel(server, options=_OPTIONS)


def host_of(server: str) -> str:
    """The host in `host:port` or `[address]:port`.

    Raises:
        AddressMalformed: it is neither.
    """
    found = _ADDRESS.fullmatch(server)
    if found is None or not 0 < int(found["port"]) <= 65_535:
        raise AddressMalformed(server)
    return found["six"] or found["host"]


def is_loopback(host: str) -> bool:
    """Whether it is this machine, without asking anybody: `localhost`, or an address of loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bearer(credential: str) -> tuple[tuple[str, str], ...]:
    """The metadata with which a host shows who it is."""
    return (("authorization", f"Bearer {credential}"),)
