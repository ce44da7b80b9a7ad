"""How a channel to a server is opened, the same for both clients."""

from __future__ import annotations

DEFAULT_TARGET = "127.0.0.1:50551"
DEFAULT_TIMEOUT_SECONDS = 10.0

OPTIONS: tuple[tuple[str, int], ...] = (
    # The snapshot of a watch names every instance of a scale set, and there may be 200,000.
    ("grpc.max_receive_message_length", 256 * 1024 * 1024),
    # A server that was started anew is found within two seconds; by default grpc lets up to two minutes pass.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A server that vanished without a word is noticed within a minute, also where only a stream waits for it.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Retries are this client's own: it knows which calls may be sent twice.
    ("grpc.enable_retries", 0),
)
