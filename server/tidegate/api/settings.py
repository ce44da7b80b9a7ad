"""How the gRPC door is set up: where it listens and every bound it keeps."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from tidegate.api.fields import MAX_RESOURCE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """The defaults listen on loopback only and fit one machine."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose; `ApiServer.start` tells which."""
    max_concurrent_calls: int = 5_000
    """Calls under way at once, watches among them; more are refused with RESOURCE_EXHAUSTED."""
    max_request_bytes: int = MAX_RESOURCE_BYTES + 262_144
    """The largest request: a resource of 4 MiB and what stands around it."""
    max_answer_bytes: int = 67_108_864
    """The largest answer. Peers take 4 MiB unless told otherwise; a snapshot of 100,000 instances is near that."""
    unary_seconds: float = 30.0
    """How long an answer may take where the caller gave no deadline."""
    watch_keepalive_seconds: float = 15.0
    """How long a watch is silent before it gives a sign of life."""
    ping_after_seconds: float = 60.0
    """How long a connection is silent before the server asks whether anybody is there."""
    ping_timeout_seconds: float = 20.0
    """How long it waits for the answer before it lets the connection go."""
    grace_seconds: float = 5.0
    """How long calls under way may take to end when the server stops."""

    @property
    def address(self) -> str:
        """Host and port as gRPC writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach the host."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def channel_options(self) -> tuple[tuple[str, int], ...]:
        """The bounds as grpc core knows them. One port is one process's: without SO_REUSEPORT a taken port is seen."""
        return (
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", self.max_request_bytes),
            ("grpc.max_send_message_length", self.max_answer_bytes),
            ("grpc.keepalive_time_ms", int(self.ping_after_seconds * 1_000)),
            ("grpc.keepalive_timeout_ms", int(self.ping_timeout_seconds * 1_000)),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
        )
