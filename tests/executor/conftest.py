"""Stories are told in asserts, not in the log; but what the log calls broken breaks the story."""

from collections.abc import Iterator, MutableMapping
from typing import Any, NoReturn

import pytest
import structlog


@pytest.fixture(autouse=True)
def _listen() -> Iterator[None]:
    broken: list[MutableMapping[str, Any]] = []

    def listen(_logger: object, _method: str, line: MutableMapping[str, Any]) -> NoReturn:
        if line["event"] in ("driver_broke", "errand_broke"):
            broken.append(line)
        raise structlog.DropEvent

    structlog.configure(processors=[listen])
    yield
    structlog.reset_defaults()
    assert not broken
