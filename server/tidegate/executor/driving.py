"""Driving: the drivers of a server, one for each upgrade under way that this process may drive.

Law: a driver that breaks is a mistake of ours and is logged as one; its upgrade is read from the journal again and
driven on, after a growing wait, because machines must not stay half upgraded for it.
"""

from __future__ import annotations

import asyncio

import structlog

from tidegate.domain.refusal import JournalUnavailable, NoUpgradeInProgress
from tidegate.executor.backoff import Backoff
from tidegate.executor.commands import Verb, name_of
from tidegate.executor.driver import Driver, Surroundings
from tidegate.executor.replay import Replay
from tidegate.upgrade.state import Upgrade

log = structlog.stdlib.get_logger(__name__)

PATIENCE_SECONDS = 5.0
"""How long drivers may take to come to an event border when the server closes."""


class Driving:
    """Starts drivers, speaks to them and stops them."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._drivers: dict[str, Driver] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def drive(self, upgrade: Upgrade) -> None:
        """Drive the upgrade from where it stands, in the background; one that is driven already is left alone."""
        if upgrade.upgrade_id not in self._tasks:
            driver = Driver(upgrade, self._around)
            self._drivers[upgrade.upgrade_id] = driver
            task = asyncio.ensure_future(self._drive(upgrade, driver))
            self._tasks[upgrade.upgrade_id] = task

    async def ended(self, upgrade_id: str, seconds: float) -> None:
        """Wait until nobody drives the upgrade any more, but no longer than that."""
        task = self._tasks.get(upgrade_id)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)

    async def command(self, upgrade: Upgrade, verb: Verb) -> Upgrade:
        """As the driver's; NoUpgradeInProgress too where this process drives no such upgrade."""
        driver = self._drivers.get(upgrade.upgrade_id)
        if driver is None:
            raise NoUpgradeInProgress(str(upgrade.scale_set), verb.value)
        return await driver.command(verb)

    async def close(self) -> None:
        """Stop every driver at an event border; one that waits for its journal is not waited for."""
        for upgrade_id, driver in self._drivers.items():
            driver.stop()
            if driver.is_waiting_for_journal:
                self._tasks[upgrade_id].cancel()
        running = list(self._tasks.values())
        if running:
            _, late = await asyncio.wait(running, timeout=PATIENCE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _drive(self, upgrade: Upgrade, driver: Driver) -> None:
        limits = self._around.limits
        backoff = Backoff(first_ms=limits.retry_first_ms, longest_ms=limits.retry_longest_ms)
        upgrade_id = upgrade.upgrade_id
        try:
            if not await self._around.drivership.claim(upgrade_id):
                log.info("driven_elsewhere", upgrade=name_of(upgrade))
                return
            while not await self._runs_to_its_end(driver, upgrade):
                await self._around.clock.sleep_until(self._around.clock.now_ms() + backoff.next_ms())
                driver = Driver(await self._read_again(driver.upgrade, backoff), self._around)
                self._drivers[upgrade_id] = driver
            await self._around.drivership.release(upgrade_id)
        finally:
            del self._drivers[upgrade_id]
            del self._tasks[upgrade_id]

    async def _runs_to_its_end(self, driver: Driver, upgrade: Upgrade) -> bool:
        try:
            await driver.run()
        except Exception:
            log.exception("driver_broke", upgrade=name_of(upgrade))
            return False
        return True

    async def _read_again(self, upgrade: Upgrade, backoff: Backoff) -> Upgrade:
        """What the journal has beyond what was told; everybody is told of it now."""
        while True:
            pages = Replay(self._around.journal, upgrade.upgrade_id, upgrade)
            try:
                while steps := await pages.page():
                    self._around.told(steps)
                    upgrade = steps[-1].upgrade
            except JournalUnavailable as down:
                log.error("journal_unavailable", upgrade=name_of(upgrade), because=down.why)
                await self._around.clock.sleep_until(self._around.clock.now_ms() + backoff.next_ms())
            else:
                return upgrade
