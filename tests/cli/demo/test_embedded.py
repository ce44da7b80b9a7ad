"""A server in a thread."""

import dataclasses
import threading

import pytest

from tidegate.cli.assembly import CannotServe
from tidegate.cli.demo.embedded import embedded_server
from tidegate.cli.settings import Address, Settings
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate_client import Client, Retry, Unavailable

SETTINGS = Settings(
    address=Address(host="127.0.0.1", port=0), data=None, policies=shipped_rules_path(), policies_shown_as="rules"
)


def server_threads() -> int:
    """How many servers run in this process."""
    return len([thread for thread in threading.enumerate() if thread.name == "tidegate-server"])


def test_it_serves_as_long_as_the_block_lasts() -> None:
    before = server_threads()
    with embedded_server(SETTINGS) as address, Client(str(address)) as client:
        assert client.list_policies().policies
        assert server_threads() == before + 1
    assert server_threads() == before
    with Client(str(address), retry=Retry(attempts=1)) as client, pytest.raises(Unavailable):
        client.list_policies()


def test_a_server_that_cannot_start_is_told_to_whoever_wanted_it() -> None:
    nowhere = dataclasses.replace(SETTINGS, policies=SETTINGS.policies / "nowhere")
    with pytest.raises(CannotServe, match="nowhere cannot be read"), embedded_server(nowhere):
        pytest.fail("there is no server")


def test_it_stops_where_the_block_fails() -> None:
    before = server_threads()
    with pytest.raises(RuntimeError, match="of the block"), embedded_server(SETTINGS):
        raise RuntimeError("of the block")
    assert server_threads() == before
