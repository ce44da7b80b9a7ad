"""Places that journals lie in: each can be opened again and again, as the next server would, or twice at once."""

from pathlib import Path
from typing import Protocol

from tidegate.journal.memory import Memory, MemoryStore
from tidegate.journal.promise import Journal
from tidegate.journal.register import Register
from tidegate.journal.sqlite import SqliteStore


class Store(Protocol):
    """A journal and a register over one place."""

    @property
    def journal(self) -> Journal:
        """The journal."""

    @property
    def register(self) -> Register:
        """The register."""

    async def close(self) -> None:
        """Let go of the place."""


class Place:
    """One place; `open` gives a new store over it each time, `close` closes all of them."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._memory = Memory()
        self._path = folder / "journal.db"
        self._opened: list[Store] = []

    async def open(self) -> Store:
        """A store over what is there by now."""
        store: Store = MemoryStore(self._memory) if self._kind == "memory" else await SqliteStore.open(self._path)
        self._opened.append(store)
        return store

    async def close(self) -> None:
        """Close whatever was opened."""
        for store in self._opened:
            await store.close()


KINDS = ("memory", "sqlite")
"""Every store there is."""
