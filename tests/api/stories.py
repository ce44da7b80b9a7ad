"""Whole upgrades told in virtual time, event by event, for what is made of them on the wire."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.executor.world import World
from tidegate.domain.version import Version
from tidegate.executor.replay import Replay, Step
from tidegate.executor.virtual_time import run_virtual
from tidegate.fleets.faults import Fault, InstallFails, Where
from tidegate.upgrade.state import Upgrade

Steer = Callable[[World], Awaitable[None]]
BAD_AGENT = InstallFails(where=Where(extension="agent", version=Version("1.1"), instance_ids=frozenset({"1"})))


def story(
    *, capacity: int = 5, faults: Sequence[Fault] = (), steer: Steer | None = None, **shape: Any
) -> Sequence[Step]:
    """Every step of an upgrade of the agent to 1.1, to its end or until `steer` returns; `how` is in the shape."""
    how = {name: shape.pop(name) for name in ("kind", "image_version", "force", "request_id") if name in shape}

    async def run() -> Sequence[Step]:
        async with World(faults=faults) as world:
            await world.put(capacity=capacity, **shape)
            await world.publish("1.1")
            upgrade = await world.start(**how)
            await (world.ended() if steer is None else steer(world))
            return await Replay(world.store.journal, upgrade.upgrade_id).page()

    return run_virtual(run())


def ended(**shape: Any) -> Upgrade:
    """The upgrade of such a story at its end."""
    return story(**shape)[-1].upgrade
