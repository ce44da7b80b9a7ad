"""The store on disk: opening it, losing it, and what a killed process or a full disk leaves behind."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import STARTED, events_of, everything, scale_set, started, upgraded
from tidegate.domain.refusal import JournalNewer, JournalUnavailable
from tidegate.journal.schema import SCHEMA_VERSION
from tidegate.journal.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path)
    yield store
    await store.close()


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear aunt, " * 500)
    return letter


def move(path: Path, name: str) -> None:
    """Give the file another name in its folder."""
    path.rename(path.with_name(name))


async def test_one_file_holds_journal_and_register(path: Path) -> None:
    store = await SqliteStore.open(str(path))
    await store.journal.start(STARTED)
    await store.register.put_scale_set(scale_set(), None)
    await store.close()
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]


async def test_closing_the_journal_closes_the_store(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        await store.register.scale_set(scale_set().scale_set_id)


async def test_a_file_of_a_later_server_is_refused_at_the_door(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(JournalNewer):
        await SqliteStore.open(path)


@pytest.mark.parametrize("name", ["missing/journal.db", "."])
async def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(JournalUnavailable, match="unable to open database file"):
        await SqliteStore.open(tmp_path / name)


async def test_a_file_that_is_no_database_is_refused(letter: Path) -> None:
    with pytest.raises(JournalUnavailable, match="not a database"):
        await SqliteStore.open(letter)


async def test_a_removed_file_refuses_every_write_until_it_is_back(store: SqliteStore, path: Path) -> None:
    await store.journal.start(STARTED)
    move(path, "aside.db")
    for write in (
        store.journal.append("u1", 1, upgraded(1)),
        store.journal.start(started("u2", "api")),
        store.register.put_scale_set(scale_set(), None),
    ):
        with pytest.raises(JournalUnavailable, match=r"journal\.db: No such file"):
            await write
    move(path.with_name("aside.db"), path.name)
    assert await store.journal.append("u1", 1, upgraded(1)) == 2
    assert events_of(await store.journal.read("u1")) == [STARTED, *upgraded(1)]


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(path: Path, repository: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.journal.cramped_child", str(path)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.stderr == ""
    assert child.stdout == "full: disk I/O error\nreadable: True\ncomplete: True\n"


async def test_what_was_acknowledged_survives_a_kill_at_any_moment(path: Path, repository: Path) -> None:
    acknowledged: dict[str, int] = {}
    for count in random.Random(7).sample(range(20, 400), k=4):
        for upgrade_id, sequence in acknowledgements_before_a_kill(path, repository, count):
            assert sequence > acknowledged.get(upgrade_id, 0)
            acknowledged[upgrade_id] = sequence
        store = await SqliteStore.open(path)
        for upgrade_id, sequence in acknowledged.items():
            events = events_of(await everything(store.journal, upgrade_id))
            row = await store.journal.row(upgrade_id)
            assert row is not None
            assert row.last_sequence == len(events) >= sequence
            # All events of an append are there, or none: the n-th upgrade appends n + 1 at a time.
            assert (len(events) - 1) % (1 + int(upgrade_id[1:])) == 0
        await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def acknowledgements_before_a_kill(path: Path, repository: Path, count: int) -> list[tuple[str, int]]:
    """What a process said was written before it was killed, after at least `count` acknowledgements."""
    command = [sys.executable, "-m", "tests.journal.appending_child", str(path)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(count)]
        child.kill()
        lines.extend(child.stdout)
    # The last line may have been cut off in the middle.
    said = [line.split() for line in lines if line.endswith("\n")]
    assert len(said) >= count - 1
    return [(upgrade_id, int(sequence)) for upgrade_id, sequence in said]
