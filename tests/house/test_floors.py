"""Every room leans only on the rooms that the plan puts below it, and each floor has been seen to break.

The floors, with their reasons, are the table in ``floors.py``. A planted violation goes into a copy of the real house,
so that these tests would notice an inspection that no longer looks.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.floors import ROOMS
from tests.house.inspection import Violation, violations
from tests.house.planting import plant


class Planted(NamedTuple):
    """A text that somebody might write at a path of the house."""

    path: str
    text: str


PURE = ("domain", "policy", "upgrade")

UNLAWFUL = [
    # what is above
    ("rooms", "server/tidegate/domain/planted.py", "from tidegate.policy import judge"),
    ("rooms", "server/tidegate/policy/planted.py", "import tidegate.upgrade.decide"),
    ("rooms", "server/tidegate/upgrade/planted.py", "from tidegate.executor import clock"),
    ("rooms", "server/tidegate/upgrade/planted.py", "from tidegate.journal.promise import Journal"),
    ("rooms", "server/tidegate/journal/planted.py", "from tidegate.executor import driver"),
    ("rooms", "server/tidegate/executor/planted.py", "from tidegate.api import server"),
    ("rooms", "server/tidegate/api/planted.py", "from tidegate.cli import settings"),
    # what is closed although below
    ("rooms", "server/tidegate/journal/planted.py", "from tidegate.fleets.promise import Fleet"),
    ("rooms", "server/tidegate/fleets/planted.py", "from tidegate.policy import judge"),
    ("rooms", "server/tidegate/fleets/planted.py", "from tidegate.upgrade import reports"),
    ("rooms", "server/tidegate/fleets/planted.py", "from tidegate.journal.promise import Journal"),
    ("rooms", "server/tidegate/api/planted.py", "from tidegate.journal.promise import Journal"),
    ("rooms", "server/tidegate/api/arm/planted.py", "from tidegate.journal.promise import Journal"),
    ("rooms", "clients/python/tidegate_client/planted.py", "from tidegate.domain import version"),
    ("rooms", "clients/agent/tidegate_agent/planted.py", "from tidegate_client import connection"),
    # ways around
    ("rooms", "server/tidegate/domain/planted.py", "from ..policy import judge"),
    ("rooms", "server/tidegate/domain/planted.py", "from .. import policy, executor"),
    ("rooms", "server/tidegate/domain/planted.py", "def late():\n    import tidegate.cli.main"),
    ("rooms", "server/tidegate/domain/planted.py", "if TYPE_CHECKING:\n    from tidegate.policy import Policy"),
    ("rooms", "server/tidegate/planted/door.py", "x = 1"),
    # libraries
    ("libraries", "server/tidegate/domain/planted.py", "import msgspec"),
    ("libraries", "server/tidegate/policy/planted.py", "import rich.table"),
    ("libraries", "server/tidegate/upgrade/planted.py", "from yaml import safe_load"),
    ("libraries", "server/tidegate/journal/planted.py", "import structlog"),
    # concrete journals and fleets
    ("facades", "server/tidegate/executor/planted.py", "from tidegate.journal.sqlite import SqliteJournal"),
    ("facades", "server/tidegate/executor/planted.py", "from tidegate.journal import MemoryJournal"),
    ("facades", "server/tidegate/executor/planted.py", "import tidegate.fleets.simulated"),
    ("facades", "server/tidegate/cli/planted.py", "from tidegate.journal.memory import MemoryJournal"),
    ("facades", "server/tidegate/cli/planted.py", "from tidegate.fleets.simulated import SimulatedFleet"),
    # the wire
    ("reserved", "server/tidegate/executor/planted.py", "import grpc.aio"),
    ("reserved", "server/tidegate/cli/planted.py", "from tidegate.v1 import upgrades_pb2"),
    ("reserved", "server/tidegate/fleets/planted.py", "from google.protobuf import timestamp_pb2"),
    # what asks the world
    *[
        ("bans", f"server/tidegate/{room}/planted.py", line)
        for room in PURE
        for line in (
            "import asyncio",
            "from random import Random",
            "import os.path",
            "from pathlib import Path",
            "import logging",
            "def read():\n    return open('rules.yaml')",
        )
    ],
    # clocks
    ("clocks", "server/tidegate/domain/planted.py", "from datetime import datetime\nAT = datetime.now()"),
    ("clocks", "server/tidegate/journal/planted.py", "import datetime\nAT = datetime.datetime.utcnow"),
    ("clocks", "server/tidegate/fleets/planted.py", "from time import monotonic"),
    ("clocks", "server/tidegate/executor/planted.py", "import time as t"),
    ("clocks", "server/tidegate/executor/planted.py", "import asyncio\nAT = asyncio.get_running_loop().time()"),
    ("clocks", "server/tidegate/api/planted.py", "from datetime import date\nAT = date.today()"),
]

LAWFUL = [
    (
        "server/tidegate/domain/planted.py",
        "import re\nfrom dataclasses import dataclass\nfrom datetime import datetime",
    ),
    ("server/tidegate/domain/planted.py", "from tidegate.domain import version"),
    ("server/tidegate/policy/planted.py", "import yaml\nimport jsonschema\nfrom tidegate.domain import version"),
    ("server/tidegate/upgrade/planted.py", "import immutables\nfrom tidegate.policy import judge"),
    ("server/tidegate/journal/planted.py", "import sqlite3\nfrom tidegate.journal.memory import MemoryJournal"),
    ("server/tidegate/fleets/planted.py", "import random\nfrom tidegate.domain import version"),
    ("server/tidegate/executor/planted.py", "import asyncio\nfrom tidegate.journal.promise import Journal"),
    ("server/tidegate/executor/planted.py", "from tidegate.journal import promise, register"),
    ("server/tidegate/executor/planted.py", "from tidegate.fleets.promise import Fleet\nAT = clock.now()"),
    ("server/tidegate/executor/clock.py", "import time\nfrom datetime import datetime\nAT = datetime.now"),
    ("server/tidegate/api/planted.py", "import grpc\nfrom tidegate.v1 import upgrades_pb2"),
    ("server/tidegate/api/planted.py", "from tidegate.executor import conductor"),
    (
        "server/tidegate/cli/assembly.py",
        "from tidegate.journal.sqlite import S\nfrom tidegate.fleets.simulated import F",
    ),
    ("server/tidegate/cli/planted.py", "import time\nimport tidegate_client\nfrom tidegate.api import server"),
    ("clients/python/tidegate_client/planted.py", "import grpc\nfrom tidegate.v1 import upgrades_pb2"),
]


@pytest.fixture(scope="module")
def found_in(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Planted, tuple[Violation, ...]]:
    """What the inspection says of each plant, all of them planted into one copy of the house."""
    copy = tmp_path_factory.mktemp("house")
    left_out = shutil.ignore_patterns("__pycache__", "node_modules")
    for folder in ("server", "clients"):
        shutil.copytree(repository / folder, copy / folder, ignore=left_out)
    plants = [Planted(path, text) for _, path, text in UNLAWFUL] + [Planted(path, text) for path, text in LAWFUL]
    beds = {planted: _bed(planted.path, number) for number, planted in enumerate(plants)}
    for planted, bed in beds.items():
        plant(copy / bed, planted.text + "\n")
    found = violations(copy)
    return {planted: tuple(each for each in found if each.path == bed) for planted, bed in beds.items()}


def _bed(path: str, number: int) -> Path:
    """A file of its own for each plant: ``planted.py`` gets a number, a file that matters by its name keeps it."""
    return Path(path.replace("planted.py", f"planted_{number}.py"))


def test_the_house_stands_on_its_floors(repository: Path) -> None:
    broken = violations(repository)
    assert not broken, "\n" + "\n".join(map(str, broken))


@pytest.mark.parametrize(("rule", "path", "text"), UNLAWFUL)
def test_a_planted_violation_is_found_and_told_with_its_reason(
    found_in: dict[Planted, tuple[Violation, ...]], rule: str, path: str, text: str
) -> None:
    found = found_in[Planted(path, text)]
    assert rule in {violation.rule for violation in found}
    for violation in found:
        assert str(violation).startswith(f"{violation.path}:{violation.line}: ")
        assert str(violation).endswith(violation.because)
        assert len(violation.because.split()) > 5, "a reason is a sentence"


@pytest.mark.parametrize(("path", "text"), LAWFUL)
def test_what_the_plan_allows_passes(found_in: dict[Planted, tuple[Violation, ...]], path: str, text: str) -> None:
    assert found_in[Planted(path, text)] == ()


def test_every_floor_has_been_seen_to_break() -> None:
    seen = {rule for rule, _, _ in UNLAWFUL}
    assert seen == {"rooms", "libraries", "facades", "reserved", "bans", "clocks"}


def test_no_room_leans_on_itself_through_another() -> None:
    rows = {room.name: room.leans_on for room in ROOMS}

    def above(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        for lower in rows.get(name, frozenset()):
            above(lower, (*path, name))

    for room in rows:
        above(room, ())
