"""A scripted server for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.client.scripted_server import ScriptedServer


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A server that answers as it is told."""
    with ScriptedServer() as server:
        yield server
