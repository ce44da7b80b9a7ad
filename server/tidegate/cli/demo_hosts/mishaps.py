"""Mishaps of the demo: an agent and the server are killed without warning, at moments when it hurts.

Law: a mishap happens once, in a thread of its own that follows the upgrade as anybody may.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from tidegate.cli.demo_hosts.farm import Farm, wait_until_updating
from tidegate_client import Client
from tidegate_client.messages import EventType, UpgradeEvent

Mishap = Callable[[UpgradeEvent], None]
"""What goes wrong when a batch has begun; it is given the event that names the batch's hosts."""


class Mishaps:
    """Follows one upgrade from the beginning of the block to its end, and lets things go wrong in some batches."""

    def __init__(self, client: Client, upgrade: str, by_batch: Mapping[int, Mishap]) -> None:
        self._watch = client.watch_rolling_upgrade(upgrade)
        self._by_batch = dict(by_batch)
        self._thread = threading.Thread(target=self._follow, name="mishaps")
        self.failure: Exception | None = None
        """What went wrong otherwise than it should have, told at the end of the block."""

    def __enter__(self) -> Mishaps:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        if error is not None:
            self._watch.close()
        self._thread.join()
        if error is None and self.failure is not None:
            raise self.failure

    def _follow(self) -> None:
        try:
            for item in self._watch:
                if isinstance(item, UpgradeEvent) and item.type == EventType.EVENT_TYPE_WAVE_BEGAN:
                    mishap = self._by_batch.pop(item.batch_number, None)
                    if mishap is not None:
                        mishap(item)
        except Exception as failure:  # noqa: BLE001 - told by whoever waits for the thread
            self.failure = failure


def kill_an_agent(farm: Farm, version: str, say: Callable[[str], None]) -> Mishap:
    """Kill the agent of the batch's first host while its handler is updating, and start it again."""

    def happen(event: UpgradeEvent) -> None:
        host = farm.hosts[event.instance_ids[0]]
        if wait_until_updating(host, version):
            killed = host.agent.kill()
            say(f"kill -9 {killed}: the agent of {host.name}, in the middle of its update. It is started again.")
            host.agent.begin()

    return happen


def kill_the_server(farm: Farm, version: str, say: Callable[[str], None]) -> Mishap:
    """Kill the server while the batch's first host is updating, and start it again."""

    def happen(event: UpgradeEvent) -> None:
        if wait_until_updating(farm.hosts[event.instance_ids[0]], version):
            killed = farm.server.kill()
            say(f"kill -9 {killed}: the server, in the middle of a batch. It is started again.")
            farm.begin_server()

    return happen
