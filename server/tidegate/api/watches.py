"""The two watches: a snapshot, then every event once and in order, and a sign of life where nothing happens.

Law: every event is rendered once, whoever watches; a watcher costs a cursor. A reader who lets the server wait holds
up nobody else: when he has fallen too far behind he is let go with the token with which he loses nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from tidegate.api.rendered import RenderedUpgrades, render_keepalive, render_snapshot
from tidegate.api.resume_token import ResumePoint, give_resume_token
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.watch import Happened, Mark, ScaleSetWatcher, Snapshot, Watcher, WatchHub

KEPT_BYTES = 33_554_432
"""Snapshots of so many bytes are kept for whoever comes next; one of 10,000 instances has about 400 kB."""


class Watches:
    """Streams of rendered answers from the hub, as many at a time as there are."""

    def __init__(self, hub: WatchHub[bytes], keepalive_seconds: float) -> None:
        self._hub = hub
        self._keepalive_seconds = keepalive_seconds
        self._snapshots = RenderedUpgrades(render_snapshot, KEPT_BYTES)

    def upgrade(
        self, scale_set: ScaleSetId, upgrade_id: str, after: ResumePoint | None
    ) -> AsyncGenerator[Sequence[bytes], None]:
        """One upgrade of the scale set, from a snapshot or from right after `after`, to its end.

        Raises, while it is iterated:
            UpgradeNotFound, ResumeTokenMismatch, WatchTooSlow, JournalUnavailable.
        """
        sequence = None if after is None else after.sequence
        watcher = self._hub.watch(upgrade_id, sequence, _tokens(scale_set))
        return self._follow(watcher, scale_set, after, lambda: watcher.is_over)

    def scale_set(self, scale_set: ScaleSetId, after: ResumePoint | None) -> AsyncGenerator[Sequence[bytes], None]:
        """All upgrades of the scale set, one after the other, without end; raises as `upgrade` does."""
        mark = None if after is None else Mark(after.upgrade_id, after.sequence)
        watcher = self._hub.watch_scale_set(scale_set, mark, _tokens(scale_set))
        return self._follow(watcher, scale_set, after, lambda: False)

    async def _follow(
        self,
        watcher: Watcher[bytes] | ScaleSetWatcher[bytes],
        scale_set: ScaleSetId,
        after: ResumePoint | None,
        is_over: Callable[[], bool],
    ) -> AsyncGenerator[Sequence[bytes], None]:
        with watcher:
            while not is_over():
                found = await watcher.read(self._keepalive_seconds)
                if found:
                    after = _point(found[-1])
                    yield [
                        self._snapshots.of(each.upgrade) if isinstance(each, Snapshot) else each.value for each in found
                    ]
                elif not is_over():
                    yield [render_keepalive(_token(scale_set, after))]


def _point(item: Snapshot | Happened[bytes]) -> ResumePoint:
    match item:
        case Snapshot(upgrade=upgrade):
            return ResumePoint(upgrade_id=upgrade.upgrade_id, sequence=upgrade.sequence)
        case Happened():
            return ResumePoint(upgrade_id=item.upgrade_id, sequence=item.sequence)


def _token(scale_set: ScaleSetId, point: ResumePoint | None) -> str:
    """Empty where nothing came yet: going on from there is beginning."""
    return "" if point is None else give_resume_token(scale_set, point.upgrade_id, point.sequence)


def _tokens(scale_set: ScaleSetId) -> Callable[[str, int], str]:
    return lambda upgrade_id, sequence: give_resume_token(scale_set, upgrade_id, sequence)
