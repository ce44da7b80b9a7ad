"""The most asked question, which upgrade a scale set had last, answered from bytes that are ready.

Law: where the upgrade is in memory and nothing happened to it since it was last asked for, nothing is rendered,
waited for, or looked up but two keys.
"""

from __future__ import annotations

from collections.abc import Awaitable

from tidegate.api.fields import Fields
from tidegate.api.rendered import RenderedUpgrades, render_latest
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.conductor import Conductor

KEPT_BYTES = 33_554_432
"""Answers of so many bytes are kept: those of ten thousand scale sets, unless many of their instances failed."""


class Latest:
    """Answers with a GetLatestRollingUpgradeResponse, rendered."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._rendered = RenderedUpgrades(render_latest, KEPT_BYTES)

    def of(self, text: str) -> bytes | Awaitable[bytes]:
        """The answer for the scale set whose ARM id `text` is; something to await where it is not in memory.

        Raises:
            MalformedRequest: `text` is no such id.
        """
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", text)
        upgrade = self._conductor.peek_latest(scale_set.key)
        return self._look_up(scale_set) if upgrade is None else self._rendered.of(upgrade)

    async def _look_up(self, scale_set: ScaleSetId) -> bytes:
        return self._rendered.of(await self._conductor.latest(scale_set))
