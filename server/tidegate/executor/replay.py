"""Replay: an upgrade again from the events that the journal kept of it, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.journal.promise import Entry, Journal
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.state import Upgrade

PAGE = 2_000
"""Events that are read at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event and where the upgrade stands after it."""

    upgrade: Upgrade
    entry: Entry


class Replay:
    """Goes through the events of one upgrade, a page at a time, from its first on or on from `upgrade`."""

    def __init__(self, journal: Journal, upgrade_id: str, upgrade: Upgrade | None = None) -> None:
        self._journal = journal
        self._upgrade_id = upgrade_id
        self._upgrade = upgrade

    async def page(self) -> Sequence[Step]:
        """The next steps; none when it has come to the newest event, and more once there are newer ones.

        Raises:
            UpgradeNotFound: the journal does not know the upgrade.
            JournalUnavailable: it cannot be read just now.
        """
        after = 0 if self._upgrade is None else self._upgrade.sequence
        steps = []
        for entry in await self._journal.read(self._upgrade_id, after, PAGE):
            self._upgrade = evolve(self._upgrade, entry.event)
            assert self._upgrade.sequence == entry.sequence, f"{self._upgrade_id} has a gap before {entry.sequence}"
            steps.append(Step(self._upgrade, entry))
        return steps


async def replay(journal: Journal, upgrade_id: str, upgrade: Upgrade | None = None) -> Upgrade:
    """Where the upgrade stands after all its events; `upgrade` is where it stood after some of them.

    Raises:
        UpgradeNotFound: the journal does not know the upgrade.
        JournalUnavailable: it cannot be read just now.
    """
    pages = Replay(journal, upgrade_id, upgrade)
    while steps := await pages.page():
        upgrade = steps[-1].upgrade
    assert upgrade is not None, f"{upgrade_id} has no first event"
    return upgrade
