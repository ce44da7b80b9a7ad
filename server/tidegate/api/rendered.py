"""Answers rendered to bytes once and given to everybody who asks for the same thing.

Law: what is rendered is a function of an upgrade's id and sequence number, so that one look at both tells whether the
bytes are still good. Nothing here keeps an upgrade alive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tidegate.api.present_event import present_event
from tidegate.api.present_progress import present_instances
from tidegate.api.present_upgrade import present_upgrade
from tidegate.api.resume_token import give_resume_token
from tidegate.upgrade.events import Event
from tidegate.upgrade.state import Upgrade
from tidegate.v1 import rolling_upgrade_service_pb2 as pb


class Numbered(Protocol):
    """An event with its place in its upgrade: what a journal's entry is."""

    @property
    def sequence(self) -> int:
        """From 1, without gaps."""

    @property
    def event(self) -> Event:
        """What happened."""


class RenderedUpgrades:
    """Bytes by scale set, the newest of each; when they become too many, those rendered longest ago go first."""

    def __init__(self, render: Callable[[Upgrade], bytes], capacity_bytes: int) -> None:
        self._render = render
        self._capacity_bytes = capacity_bytes
        self._kept_bytes = 0
        self._kept: OrderedDict[str, _Rendered] = OrderedDict()

    def of(self, upgrade: Upgrade) -> bytes:
        """The bytes for the upgrade as it stands."""
        kept = self._kept.get(upgrade.scale_set.key)
        if kept is not None and kept.sequence == upgrade.sequence and kept.upgrade_id == upgrade.upgrade_id:
            return kept.answer
        answer = self._render(upgrade)
        self._keep(upgrade.scale_set.key, _Rendered(upgrade.upgrade_id, upgrade.sequence, answer))
        return answer

    def _keep(self, key: str, rendered: _Rendered) -> None:
        before = self._kept.pop(key, None)
        self._kept_bytes += len(rendered.answer) - (0 if before is None else len(before.answer))
        self._kept[key] = rendered
        while self._kept_bytes > self._capacity_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.answer)


@dataclass(frozen=True, slots=True)
class _Rendered:
    """An answer, and where the upgrade stood that it tells of."""

    upgrade_id: str
    sequence: int
    answer: bytes


def render_latest(upgrade: Upgrade) -> bytes:
    """A GetLatestRollingUpgradeResponse."""
    return pb.GetLatestRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade)).SerializeToString()


def render_event(upgrade: Upgrade, happened: Numbered) -> bytes:
    """The answer to all who watch the upgrade, or its scale set; `upgrade` is as this event left it.

    The answers of both watches have the same fields, so the same bytes are both.
    """
    return pb.WatchRollingUpgradeResponse(
        event=present_event(happened.sequence, happened.event, upgrade),
        resume_token=give_resume_token(upgrade.scale_set, upgrade.upgrade_id, happened.sequence),
    ).SerializeToString()


def render_snapshot(upgrade: Upgrade) -> bytes:
    """The first answer of either watch: the upgrade with every instance."""
    return pb.WatchRollingUpgradeResponse(
        snapshot=pb.UpgradeSnapshot(rolling_upgrade=present_upgrade(upgrade), instances=present_instances(upgrade)),
        resume_token=give_resume_token(upgrade.scale_set, upgrade.upgrade_id, upgrade.sequence),
    ).SerializeToString()


def render_keepalive(resume_token: str) -> bytes:
    """A sign of life of either watch."""
    return pb.WatchRollingUpgradeResponse(keepalive=pb.Keepalive(), resume_token=resume_token).SerializeToString()
