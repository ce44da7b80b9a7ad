"""The upgrades in memory: the active ones always, ended ones while there is room; the rest is read from the journal."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from tidegate.domain.refusal import UpgradeNotFound
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.executor.replay import replay
from tidegate.journal.promise import Journal
from tidegate.upgrade.state import Upgrade


class KnownUpgrades:
    """Upgrades by id and by scale set. An upgrade in it is a value: the same object means that nothing happened."""

    def __init__(self, journal: Journal, kept_instances: int) -> None:
        """`kept_instances` bounds the ended upgrades in memory, by the instances that they touched."""
        self._journal = journal
        self._kept_instances = kept_instances
        self._live: dict[str, Upgrade] = {}
        self._live_by_set: dict[str, str] = {}
        self._ended: OrderedDict[str, Upgrade] = OrderedDict()
        self._ended_instances = 0
        self._latest: dict[str, str] = {}
        self._loading: dict[str, asyncio.Task[Upgrade]] = {}

    @property
    def active_count(self) -> int:
        """Upgrades under way."""
        return len(self._live)

    def active(self, scale_set: ScaleSetId) -> Upgrade | None:
        """The upgrade of the scale set that is under way, or None."""
        upgrade_id = self._live_by_set.get(scale_set.key)
        return None if upgrade_id is None else self._live[upgrade_id]

    def all_active(self) -> tuple[Upgrade, ...]:
        """Every upgrade under way."""
        return tuple(self._live.values())

    def peek(self, upgrade_id: str) -> Upgrade | None:
        """The upgrade, if it is in memory."""
        return self._live.get(upgrade_id) or self._ended.get(upgrade_id)

    def peek_latest(self, scale_set_key: str) -> Upgrade | None:
        """The latest upgrade of the scale set with that key, if it is in memory."""
        upgrade_id = self._latest.get(scale_set_key)
        return None if upgrade_id is None else self.peek(upgrade_id)

    def put(self, upgrade: Upgrade) -> None:
        """It stands here now. A new active upgrade is the latest of its scale set."""
        key = upgrade.scale_set.key
        if not upgrade.is_ended:
            self._live[upgrade.upgrade_id] = upgrade
            self._live_by_set[key] = upgrade.upgrade_id
            self._latest[key] = upgrade.upgrade_id
            return
        if self._live.pop(upgrade.upgrade_id, None) is not None:
            self._live_by_set.pop(key, None)
            self._latest[key] = upgrade.upgrade_id
        self._keep_ended(upgrade)

    async def by_id(self, upgrade_id: str) -> Upgrade:
        """The upgrade of that id.

        Raises:
            UpgradeNotFound: there is none.
            JournalUnavailable: it is not in memory, and the journal cannot be read just now.
        """
        known = self.peek(upgrade_id)
        if known is None:
            return await self._load(upgrade_id)
        if upgrade_id in self._ended:
            self._ended.move_to_end(upgrade_id)
        return known

    async def named(self, name: UpgradeName) -> Upgrade:
        """The upgrade of that name.

        Raises:
            UpgradeNotFound: there is none, or it belongs to another scale set.
            JournalUnavailable: as for `by_id`.
        """
        try:
            upgrade = await self.by_id(name.upgrade_id)
        except UpgradeNotFound:
            raise UpgradeNotFound(str(name)) from None
        if upgrade.scale_set != name.scale_set:
            raise UpgradeNotFound(str(name))
        return upgrade

    async def latest(self, scale_set: ScaleSetId) -> Upgrade | None:
        """The most recently started upgrade of the scale set, or None where none ever was.

        Raises:
            JournalUnavailable: as for `by_id`.
        """
        known = self.peek_latest(scale_set.key)
        if known is not None:
            return known
        row = await self._journal.latest(scale_set)
        if row is None:
            return self.peek_latest(scale_set.key)
        upgrade = await self.by_id(row.upgrade_id)
        # A newer one may have begun meanwhile; what is in memory is newer than what was read.
        self._latest.setdefault(scale_set.key, upgrade.upgrade_id)
        return self.peek_latest(scale_set.key) or upgrade

    async def _load(self, upgrade_id: str) -> Upgrade:
        """Replay once for all who ask meanwhile."""
        task = self._loading.get(upgrade_id)
        if task is None:
            task = asyncio.ensure_future(replay(self._journal, upgrade_id))
            self._loading[upgrade_id] = task
            task.add_done_callback(lambda _: self._loading.pop(upgrade_id, None))
        upgrade = await asyncio.shield(task)
        known = self.peek(upgrade_id)
        if known is None and upgrade.is_ended:
            self._keep_ended(upgrade)
        return known or upgrade

    def _keep_ended(self, upgrade: Upgrade) -> None:
        before = self._ended.pop(upgrade.upgrade_id, None)
        self._ended_instances += _weight(upgrade) - (0 if before is None else _weight(before))
        self._ended[upgrade.upgrade_id] = upgrade
        while self._ended_instances > self._kept_instances and len(self._ended) > 1:
            _, oldest = self._ended.popitem(last=False)
            self._ended_instances -= _weight(oldest)
            if self._latest.get(oldest.scale_set.key) == oldest.upgrade_id:
                del self._latest[oldest.scale_set.key]


def _weight(upgrade: Upgrade) -> int:
    return 1 + len(upgrade.started.plan.order)
