"""The safe gives back what was kept, to whom it was kept for, and its files tell nothing of it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tidegate.domain.refusal import JournalUnavailable
from tidegate.trust.safe import KEY, SAFE, Safe
from tidegate.trust.unusable import KeyFileUnsafe, SafeUnusable

WEB, SHOP = "/subscriptions/s/web", "/subscriptions/s/shop"
SECRET = b'{"password":"Tr0ub4dor&3"}'


@pytest.fixture(params=["file", "memory"])
def safe(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Safe]:
    opened = Safe.open(tmp_path) if request.param == "file" else Safe.in_memory()
    yield opened
    opened.close()


def test_what_is_kept_is_given_back_until_it_is_forgotten(safe: Safe) -> None:
    assert safe.text(WEB, "agent") is None
    assert safe.digest(WEB, "agent") == ""
    safe.keep(WEB, "Agent", SECRET)
    safe.keep(WEB, "shield", b"")
    assert safe.text(WEB, "AGENT") == SECRET
    assert safe.text(WEB, "shield") == b""
    assert safe.text(SHOP, "agent") is None
    safe.keep(WEB, "agent", b"other")
    assert safe.text(WEB, "agent") == b"other"
    safe.forget(WEB, "AGENT")
    safe.forget(WEB, "agent")
    assert safe.text(WEB, "agent") is None
    assert safe.text(WEB, "shield") == b""


def test_a_digest_changes_with_the_text_and_tells_nothing_without_the_key(safe: Safe) -> None:
    safe.keep(WEB, "agent", SECRET)
    safe.keep(SHOP, "agent", SECRET)
    first = safe.digest(WEB, "Agent")
    assert len(first) == 64
    assert safe.digest(WEB, "agent") == first
    assert safe.digest(SHOP, "agent") != first
    safe.keep(WEB, "agent", SECRET + b" ")
    assert safe.digest(WEB, "agent") != first
    safe.keep(WEB, "agent", SECRET)
    assert safe.digest(WEB, "agent") == first
    other = Safe.in_memory()
    other.keep(WEB, "agent", SECRET)
    assert other.digest(WEB, "agent") != first
    other.close()


async def test_several_are_kept_at_once_and_the_others_are_forgotten(safe: Safe) -> None:
    safe.keep(SHOP, "agent", b"stays")
    await safe.keep_all(WEB, {})
    await safe.keep_all(WEB, {"Agent": b"a", "shield": b"s", "guard": b"g"})
    await safe.forget_all_but(WEB, ["AGENT", "nobody"])
    assert [safe.text(WEB, name) for name in ("agent", "shield", "guard")] == [b"a", None, None]
    await safe.forget_all_but(WEB, [])
    assert safe.text(WEB, "agent") is None
    assert safe.text(SHOP, "agent") == b"stays"


def test_it_outlives_the_process_and_its_files_tell_nothing(tmp_path: Path) -> None:
    for turn in range(3):
        safe = Safe.open(tmp_path)
        safe.keep(WEB, "agent", SECRET)
        safe.keep(WEB, f"agent{turn}", SECRET)
        while_open = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        digest = safe.digest(WEB, "agent")
        safe.close()
        at_rest = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        for kept in (while_open, at_rest):
            assert b"Tr0ub4dor" not in kept
            assert digest.encode() not in kept
    again = Safe.open(tmp_path)
    assert again.text(WEB, "agent0") == again.text(WEB, "agent") == SECRET
    again.close()


def test_its_files_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        safe = Safe.open(tmp_path)
        safe.keep(WEB, "agent", SECRET)
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        safe.close()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}, modes


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    program = (
        "import os, sys, signal, pathlib\n"
        "from tidegate.trust.safe import Safe\n"
        f"Safe.open(pathlib.Path(sys.argv[1])).keep({WEB!r}, 'agent', {SECRET!r})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=30, check=False)
    assert done.returncode == -9
    safe = Safe.open(tmp_path)
    assert safe.text(WEB, "agent") == SECRET
    safe.close()


def test_its_key_may_lie_elsewhere(tmp_path: Path) -> None:
    key = tmp_path / "elsewhere.key"
    (tmp_path / "data").mkdir()
    safe = Safe.open(tmp_path / "data", key)
    safe.keep(WEB, "agent", SECRET)
    safe.close()
    assert not (tmp_path / "data" / KEY).exists()
    with pytest.raises(SafeUnusable, match=r"The key .*safe\.key of the safe .* is missing"):
        Safe.open(tmp_path / "data")
    assert not (tmp_path / "data" / KEY).exists()


def no_key(folder: Path) -> None:
    (folder / KEY).unlink()


def another_key(folder: Path) -> None:
    (folder / KEY).write_bytes(b"\1" * 32)


def half_a_key(folder: Path) -> None:
    (folder / KEY).write_bytes(b"\1" * 16)


def an_open_key(folder: Path) -> None:
    (folder / KEY).chmod(0o644)


def no_database(folder: Path) -> None:
    (folder / SAFE).write_bytes(b"rubbish" * 1_000)


def a_newer_safe(folder: Path) -> None:
    with sqlite3.connect(folder / SAFE) as file:
        file.execute("PRAGMA user_version = 9")
    file.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (no_key, "is missing. Put it back from where it was saved"),
        (another_key, "is not that of the safe"),
        (half_a_key, "has 16 bytes, not 32"),
        (an_open_key, "Run: chmod 600"),
        (no_database, "cannot be opened"),
        (a_newer_safe, "has the format 9"),
    ],
)
def test_a_safe_that_cannot_be_opened_is_refused_and_never_emptied(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    safe = Safe.open(tmp_path)
    safe.keep(WEB, "agent", SECRET)
    safe.close()
    spoil(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises((SafeUnusable, KeyFileUnsafe), match=why):
        Safe.open(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if "-" not in file.name} == before


def change(folder: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(folder / SAFE) as file:
        file.execute(statement, values)
    file.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kept SET text = zeroblob(60)",
        "UPDATE kept SET nonce = zeroblob(12)",
        "UPDATE kept SET text = (SELECT text FROM kept WHERE extension = 'shield'), "
        "nonce = (SELECT nonce FROM kept WHERE extension = 'shield')",
        "UPDATE kept SET scale_set = 'other' WHERE extension = 'agent'",
    ],
)
def test_a_text_that_somebody_changed_or_moved_is_given_to_nobody(tmp_path: Path, statement: str) -> None:
    safe = Safe.open(tmp_path)
    safe.keep(WEB, "agent", b"of the agent")
    safe.keep(WEB, "shield", b"of the shield")
    change(tmp_path, statement)
    with pytest.raises(SafeUnusable, match="was changed by somebody else"):
        safe.text("other" if "other" in statement else WEB, "agent")
    safe.close()


async def test_a_file_that_takes_nothing_refuses_and_keeps_what_it_had(tmp_path: Path) -> None:
    safe = Safe.open(tmp_path)
    safe.keep(WEB, "agent", SECRET)
    safe._file.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalUnavailable, match="the safe of protected settings takes nothing") as refused:
        await safe.keep_all(WEB, {"agent": b"other-sesame", "shield": b"other-sesame"})
    assert "sesame" not in str(refused.value)
    safe._file.execute("PRAGMA query_only = OFF")
    assert safe.text(WEB, "agent") == SECRET
    assert safe.text(WEB, "shield") is None
    safe.close()
