"""Orders for simulated machines, and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tests.domain.examples import WEB
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceAnswer, InstanceOrder, Move
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version


def to_version(version: str, extension: str = "Agent") -> ExtensionMove:
    """The move of an extension."""
    return ExtensionMove(extension_name=extension, version=Version(version))


def to_image(version: str) -> ImageMove:
    """The move of the image."""
    return ImageMove(version=Version(version))


def order(instance_id: int | str, *moves: Move, operation: str = "op", scale_set: ScaleSetId = WEB) -> InstanceOrder:
    """An order whose operation id is made of the operation and the instance."""
    return InstanceOrder(
        operation_id=f"{operation}/{instance_id}", scale_set=scale_set, instance_id=str(instance_id), moves=moves
    )


def orders(
    instance_ids: Iterable[int | str], *moves: Move, operation: str = "op", scale_set: ScaleSetId = WEB
) -> list[InstanceOrder]:
    """The same order for several instances."""
    return [order(name, *moves, operation=operation, scale_set=scale_set) for name in instance_ids]


class Answers:
    """Takes answers, in the order in which they come, each with the loop's second at which it came."""

    def __init__(self) -> None:
        self.all: list[InstanceAnswer] = []
        self.seconds: list[float] = []
        self._came = asyncio.Event()

    def __call__(self, answer: InstanceAnswer) -> None:
        self.all.append(answer)
        self.seconds.append(round(asyncio.get_running_loop().time(), 3))
        self._came.set()

    @property
    def codes(self) -> list[tuple[str, list[str]]]:
        """Instance and failures' codes of each answer."""
        return [(answer.instance_id, [failure.code for failure in answer.failures]) for answer in self.all]

    async def come(self, count: int, within_seconds: float = 10.0) -> list[InstanceAnswer]:
        """All answers, once there are `count`."""
        async with asyncio.timeout(within_seconds):
            while len(self.all) < count:
                self._came.clear()
                await self._came.wait()
        return self.all


async def turns(count: int = 20) -> None:
    """Let the loop run without letting time pass."""
    for _ in range(count):
        await asyncio.sleep(0)
