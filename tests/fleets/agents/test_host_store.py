"""What is saved is there in the next process; a file that cannot be used is refused, and one that is full says so."""

import sqlite3
from pathlib import Path

import pytest

from tests.fleets.agents.cards import card
from tidegate.fleets.agents.host_records import encode_identity, encode_report, encode_work
from tidegate.fleets.agents.host_store import (
    FORMAT,
    Changes,
    HostsNotKept,
    HostsOfAnotherFormat,
    HostStore,
    KeptSettings,
    KeptToken,
)

TOKEN = KeptToken(id="t", digest=b"d", scale_set="/web", instance_id="", expires_at_ms=9)
SETTINGS = KeptSettings(scale_set="/web", extension="agent", digest="x", number=3)


def changes_of(*names: str) -> Changes:
    cards = [card(name, wanted={"contoso/agent": "2.0"}, last_heard_at_ms=5) for name in names]
    return Changes(
        hosts=[(each.uid, each.identity.credential_digest, encode_identity(each)) for each in cards],
        works=[(each.uid, encode_work(each)) for each in cards],
        reports=[(each.uid, encode_report(each)) for each in cards],
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hosts.sqlite3"


def test_what_was_saved_is_there_again(file: Path) -> None:
    store = HostStore(file)
    store.save(changes_of("a", "b"))
    store.save(Changes(tokens=[TOKEN], settings=[SETTINGS]))
    store.close()
    again = HostStore(file)
    cards = list(again.hosts())
    assert [each.instance_id for each in cards] == ["a", "b"]
    assert (cards[0].wanted, cards[0].last_heard_at_ms) == ({"contoso/agent": "2.0"}, 5)
    assert list(again.tokens()) == [TOKEN]
    assert list(again.settings()) == [SETTINGS]
    again.close()


def test_a_host_that_is_gone_leaves_nothing_behind(file: Path) -> None:
    store = HostStore(file)
    store.save(changes_of("a", "b"))
    store.save(Changes(gone=["uid-a"]))
    store.close()
    connection = sqlite3.connect(file)
    for table in ("host", "work", "report"):
        assert connection.execute(f"SELECT uid FROM {table}").fetchall() == [("uid-b",)]
    connection.close()


def test_a_spent_token_is_cleared_away_and_a_used_one_says_by_whom() -> None:
    store = HostStore()
    used = KeptToken(id="u", digest=b"d", scale_set="/web", instance_id="a", expires_at_ms=9, host="uid-a")
    store.save(Changes(tokens=[TOKEN, used]))
    store.save(Changes(spent=["t"]))
    assert list(store.tokens()) == [used]
    store.close()


def test_writing_waits_for_the_disk(file: Path) -> None:
    store = HostStore(file)
    assert store.is_on_disk
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: real machines hang on it"
    store.close()
    memory = HostStore()
    assert not memory.is_on_disk
    memory.close()


def test_a_file_of_another_format_is_refused_and_not_touched(file: Path) -> None:
    store = HostStore(file)
    store._connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    store.close()
    with pytest.raises(HostsOfAnotherFormat, match=f"format {FORMAT + 1}"):
        HostStore(file)


def test_a_file_that_is_none_of_ours_cannot_be_opened(file: Path) -> None:
    file.write_bytes(b"this is no database, and is long enough to be seen to be none" * 20)
    with pytest.raises(sqlite3.Error):
        HostStore(file)


def test_a_full_file_refuses_all_of_a_change_and_takes_it_later(file: Path) -> None:
    store = HostStore(file)
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    many = changes_of(*(f"host-{number}" for number in range(200)))
    with pytest.raises(HostsNotKept, match="full"):
        store.save(many)
    assert list(store.hosts()) == [], "as a whole or not at all"
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.save(many)
    assert len(list(store.hosts())) == 200
    store.close()


def test_no_secret_is_in_a_repr() -> None:
    assert "b'd'" not in repr(TOKEN)
