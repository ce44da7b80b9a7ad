"""A definition and its protected settings are kept together, in an order that no crash can turn into a leak."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

import pytest

from tests.executor.world import AGENT, SHIELD, extension, resource, scale_set_id
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.protected_settings import ProtectedSettings
from tidegate.domain.refusal import EtagMismatch, JournalUnavailable, ScaleSetNotFound
from tidegate.domain.scale_set import ScaleSet
from tidegate.executor.definitions import Definitions, check_etag
from tidegate.journal.memory import MemoryStore
from tidegate.trust.safe import Safe

WEB = scale_set_id("web")
TEXT = b'{"password":"Tr0ub4dor&3"}'
SAID = {"agent": ProtectedSettings(text=TEXT)}


class Crash(Exception):
    """The server ends here."""


class Crashing:
    """The safe of a server that ends at the moment that a test names."""

    def __init__(self, safe: Safe, at: str) -> None:
        self._safe = safe
        self._at = at

    async def keep_all(self, scale_set_key: str, texts: Mapping[str, bytes]) -> None:
        if self._at == "before keeping":
            raise Crash
        await self._safe.keep_all(scale_set_key, texts)

    async def forget_all_but(self, scale_set_key: str, extension_names: Collection[str]) -> None:
        await self._safe.forget_all_but(scale_set_key, extension_names)
        if self._at == "after forgetting":
            raise Crash


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    opened = MemoryStore()
    yield opened
    await opened.close()


@pytest.fixture
async def safe() -> AsyncIterator[Safe]:
    opened = Safe.in_memory()
    yield opened
    opened.close()


def definition(etag: str, **how: Any) -> ScaleSet:
    return read_scale_set(WEB, resource(2, **how), etag=etag)


async def test_what_is_said_is_kept_changed_and_forgotten(store: MemoryStore, safe: Safe) -> None:
    definitions = Definitions(store.register, safe)
    assert definitions.keeps_secrets
    assert await definitions.check(WEB, "")
    assert await definitions.put(definition("1"), SAID, "")
    assert safe.text(WEB.key, "agent") == TEXT
    assert not await definitions.put(definition("2"), {}, "1"), "it is not new"
    assert safe.text(WEB.key, "agent") == TEXT, "absent: what is kept stays"
    await definitions.put(definition("3"), {"agent": ProtectedSettings(text=b"{1}")}, "")
    assert safe.text(WEB.key, "agent") == b"{1}"
    await definitions.put(definition("4"), {"agent": ProtectedSettings(text=b"")}, "")
    assert safe.text(WEB.key, "agent") is None


@pytest.mark.parametrize("entries", [[], [extension(SHIELD, name="agent")], [extension(AGENT, name="another")]])
async def test_what_was_kept_for_a_handler_goes_with_it(store: MemoryStore, safe: Safe, entries: list[Any]) -> None:
    definitions = Definitions(store.register, safe)
    await definitions.put(definition("1"), SAID, "")
    await definitions.put(definition("2", extensions=entries), {}, "")
    assert safe.text(WEB.key, "agent") is None
    await definitions.put(definition("3"), {}, "")
    assert safe.text(WEB.key, "agent") is None


async def test_nothing_changes_where_the_put_is_refused(store: MemoryStore, safe: Safe) -> None:
    definitions = Definitions(store.register, safe)
    await definitions.put(definition("1"), SAID, "")
    for etag in ("*", "other"):
        with pytest.raises(EtagMismatch):
            await definitions.put(definition("2"), {"agent": ProtectedSettings(text=b"")}, etag)
        with pytest.raises(EtagMismatch):
            await definitions.check(WEB, etag)
    assert safe.text(WEB.key, "agent") == TEXT


async def test_a_deleted_scale_sets_secrets_go_with_it(store: MemoryStore, safe: Safe) -> None:
    definitions = Definitions(store.register, safe)
    await definitions.put(definition("1"), SAID, "")
    with pytest.raises(EtagMismatch):
        await definitions.delete(WEB, "other")
    assert safe.text(WEB.key, "agent") == TEXT
    await definitions.delete(WEB, "1")
    assert safe.text(WEB.key, "agent") is None
    with pytest.raises(ScaleSetNotFound):
        await definitions.delete(WEB, "")


@pytest.mark.parametrize("at", ["after forgetting", "before keeping"])
async def test_a_crash_in_between_never_gives_a_handler_what_another_had(
    store: MemoryStore, safe: Safe, at: str
) -> None:
    await Definitions(store.register, safe).put(definition("1"), SAID, "")
    changed = definition("2", extensions=[extension(SHIELD, name="agent")])
    theirs = {"agent": ProtectedSettings(text=b"{theirs}")}
    with pytest.raises(Crash):
        await Definitions(store.register, Crashing(safe, at)).put(changed, theirs, "")
    found = await store.register.scale_set(WEB)
    assert found is not None
    has = found.extensions[0].extension_type
    assert safe.text(WEB.key, "agent") is None, f"{has} must not get what was put for another"
    await Definitions(store.register, safe).put(changed, theirs, "")
    assert safe.text(WEB.key, "agent") == b"{theirs}", "the caller, who was told of no success, puts it again"


async def test_a_put_whose_secrets_cannot_be_kept_is_not_acknowledged(store: MemoryStore, safe: Safe) -> None:
    definitions = Definitions(store.register, safe)
    safe._file.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalUnavailable):
        await definitions.put(definition("1"), SAID, "")


async def test_without_a_keeper_secrets_are_dropped(store: MemoryStore) -> None:
    definitions = Definitions(store.register, None)
    assert not definitions.keeps_secrets
    assert await definitions.put(definition("1"), SAID, "*")
    await definitions.delete(WEB, "1")


def test_an_etag_is_any_or_none_yet_or_exactly_one() -> None:
    current = definition("1")
    for etag, found in (("", None), ("", current), ("*", None), ("1", current)):
        check_etag(WEB, etag, found)
    for etag, found in (("*", current), ("2", current), ("1", None)):
        with pytest.raises(EtagMismatch):
            check_etag(WEB, etag, found)
