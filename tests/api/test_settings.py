"""The door's settings: loopback by default, one process to a port, and bounds that fit the contract."""

import pytest

from tidegate.api.fields import MAX_RESOURCE_BYTES
from tidegate.api.settings import ApiSettings


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1:50051"), ("::1", "[::1]:50051"), ("localhost", "localhost:50051")]
)
def test_an_address_is_written_as_grpc_reads_it(host: str, address: str) -> None:
    assert ApiSettings(host=host, port=50_051).address == address


def test_nobody_but_this_machine_is_served_unless_somebody_asks_for_it() -> None:
    assert ApiSettings().host == "127.0.0.1"


def test_the_largest_resource_of_the_contract_fits_into_a_request() -> None:
    options = dict(ApiSettings().channel_options)
    assert options["grpc.max_receive_message_length"] > MAX_RESOURCE_BYTES


def test_a_port_belongs_to_one_process_and_silent_connections_are_asked_whether_anybody_is_there() -> None:
    options = dict(ApiSettings(ping_after_seconds=7, ping_timeout_seconds=3).channel_options)
    assert options["grpc.so_reuseport"] == 0
    assert (options["grpc.keepalive_time_ms"], options["grpc.keepalive_timeout_ms"]) == (7_000, 3_000)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example.org", False),
    ],
)
def test_what_other_machines_can_reach_is_told_apart(host: str, is_loopback: bool) -> None:
    assert ApiSettings(host=host).is_loopback is is_loopback
