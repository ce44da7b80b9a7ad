"""One seed: a story of servers that live and die over one memory and one fleet, and what must hold at its end."""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from random import Random
from typing import Any, NoReturn

import structlog

from tests.executor.world import AGENT, EPOCH_MS, SHIELD, SUBSCRIPTION, scale_set_id
from tests.seeds.chaos import Life, Trouble
from tests.seeds.follower import Follower, Got
from tests.seeds.scenario import Deed, think
from tests.seeds.server import Server
from tests.seeds.witness import Witness
from tidegate.domain.refusal import JournalUnavailable, Refusal
from tidegate.domain.version import Version
from tidegate.executor.clock import LoopClock
from tidegate.executor.conductor import StartRequest
from tidegate.executor.fleet_calls import FleetUnavailable
from tidegate.executor.replay import replay
from tidegate.executor.virtual_time import run_virtual
from tidegate.executor.watch import WatchHub
from tidegate.fleets.simulated import SimulatedFleet
from tidegate.journal.memory import Memory, MemoryStore
from tidegate.upgrade.events import Event, UpgradeStarted
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.owed import owed
from tidegate.upgrade.plan import ExtensionTarget, UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Upgrade

PATIENCE_SECONDS = 600
ROUNDS = 2_000
VERSIONS = ("1.1", "1.2", "1.10", "2.0")


class Violation(AssertionError):
    """Something happened that must not."""


def simulate(seed: int) -> list[str]:
    """Live through the seed; its transcript.

    Raises:
        Violation: something happened that must not; the message ends with the transcript's last lines.
    """
    simulation = Simulation(seed)
    try:
        run_virtual(simulation.run())
    except Exception as error:
        last = "\n".join(simulation.transcript[-40:])
        raise Violation(
            f"seed {seed}: {error!r}\nreplay it: python -m pytest tests/seeds --seed {seed}\n{last}"
        ) from error
    return simulation.transcript


class Simulation:
    """A seed's world. It is the host of its followers."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._scenario = think(self._random)
        self._memory = Memory()
        self._server: Server | None = None
        self._is_open = asyncio.Event()
        self._servers: list[Server] = []
        self._followers: list[tuple[Follower, asyncio.Task[None]]] = []
        self._calls: list[asyncio.Task[Any]] = []
        self._broken: list[str] = []
        self._resized: set[str] = set()
        self.transcript: list[str] = []

    async def serving(self) -> tuple[WatchHub[Event], Life]:
        """The hub of a server that lives; waits for one."""
        server = await self._living()
        return server.hub, server.life

    async def run(self) -> None:
        """Everything, from the first life to the checks."""
        self._clock = LoopClock(EPOCH_MS)
        self._witness = Witness(self._clock.now_ms)
        self.transcript = self._witness.transcript
        self._witness.when_started.append(self._follow)
        scenario = self._scenario
        self._fleet = SimulatedFleet(
            seed=self._random.randrange(1_000), upgrade_seconds=scenario.upgrade_seconds, faults=scenario.faults
        )
        with self._listening():
            self._trouble = Trouble(random=self._random)
            keeper = asyncio.ensure_future(self._keep_alive())
            await self._prepare()
            self._begin_trouble()
            for deed in scenario.deeds:
                await self._sleep(deed.after_seconds)
                await self._call(deed)
                self._check()
            await self._end_trouble(keeper)
            await self._run_out()
            await self._check_end()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Whatever the server logs as broken, breaks the seed."""

        def listen(_logger: object, _method: str, line: MutableMapping[str, Any]) -> NoReturn:
            if line["event"] in ("driver_broke", "errand_broke"):
                error = line.get("exc_info")
                told = traceback.format_exception(error if isinstance(error, BaseException) else sys.exception())
                self._broken.append(f"{line['event']}: {''.join(told)}")
            raise structlog.DropEvent

        structlog.configure(processors=[listen], wrapper_class=structlog.make_filtering_bound_logger(40))
        try:
            yield
        finally:
            structlog.reset_defaults()

    async def _prepare(self) -> None:
        """A quiet beginning: the subscription, the scale sets, the first versions."""
        server = await self._living()
        await server.resources.enroll(SUBSCRIPTION)
        for name, resource in self._scenario.scale_sets.items():
            await server.resources.put_scale_set(scale_set_id(name), resource)
            follower = Follower(host=self, clock=self._clock, random=self._random, about=scale_set_id(name).key)
            following = asyncio.ensure_future(follower.follow_scale_set(scale_set_id(name)))
            self._followers.append((follower, following))
        await server.resources.publish(AGENT, Version("1.1"))
        await server.resources.publish(SHIELD, Version("2.3"))

    def _begin_trouble(self) -> None:
        random = self._random
        self._trouble.crashes = random.choice((0, 1, 2, 4))
        self._trouble.lost_writes = random.choice((0, 0, 3))
        self._trouble.lost_answers = random.choice((0, 0, 3))
        self._trouble.deaf_fleet = random.choice((0, 0, 5))

    async def _keep_alive(self, *, for_good: bool = False) -> None:
        """A server lives; where it dies, another one opens after a while."""
        while True:
            life = Life(trouble=self._trouble, witness=self._witness)
            server = Server(
                memory=self._memory,
                fleet=self._fleet,
                clock=self._clock,
                life=life,
                random=self._random,
                number=len(self._servers) + 1,
            )
            # The dead are kept, so that nothing of them is tidied up.
            self._servers.append(server)
            self._witness.trouble(f"server {server.number} opens")
            opening = asyncio.ensure_future(server.open(with_autopilot=self._scenario.with_autopilot and not for_good))
            self._calls.append(opening)
            death = asyncio.ensure_future(life.death.wait())
            await asyncio.wait({opening, death}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done() and isinstance(opening.exception(), JournalUnavailable):
                self._witness.trouble("it cannot open on a full disk, and goes")
                life.die()
            elif not life.is_dead:
                opening.result()
                self._server = server
                self._is_open.set()
            await death
            self._is_open.clear()
            await self._sleep(self._random.choice((0.0, 1.0, 60.0)) * self._random.random())

    async def _living(self) -> Server:
        while True:
            await self._is_open.wait()
            assert self._server is not None, "an open server is there"
            if not self._server.life.is_dead:
                return self._server
            await self._sleep(0.01)

    async def _call(self, deed: Deed) -> None:
        """Do it at whatever server lives; wait for an answer, but not for ever."""
        self._witness.note(f"{deed.what} {deed.name}")
        server = await self._living()
        if deed.what == "die":
            server.life.die()
            return
        if deed.what == "disk":
            await self._fill_disk(deed.choice * 60)
            return
        call = asyncio.ensure_future(self._deed(server, deed))
        self._calls.append(call)
        death = asyncio.ensure_future(server.life.death.wait())
        await asyncio.wait({call, death}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if call.done():
            try:
                call.result()
            except (Refusal, FleetUnavailable) as refusal:
                self._witness.note(f"refused: {refusal}")

    def _deed(self, server: Server, deed: Deed) -> Awaitable[object]:
        target, conductor = scale_set_id(deed.name), server.conductor
        simple: dict[str, Callable[[], Awaitable[object]]] = {
            "start": lambda: conductor.start(StartRequest(scale_set=target, kind=UpgradeKind.EXTENSION)),
            "force": lambda: conductor.start(StartRequest(scale_set=target, kind=UpgradeKind.EXTENSION, force=True)),
            "image": lambda: conductor.start(
                StartRequest(scale_set=target, kind=UpgradeKind.OS_IMAGE, image_version=f"{1 + int(deed.choice * 5)}.5")
            ),
            "cancel": lambda: conductor.cancel(target),
            "pause": lambda: conductor.pause(target),
            "resume": lambda: conductor.resume(target),
            "explain": lambda: conductor.explain(target, "0"),
            "publish": lambda: server.resources.publish(AGENT, Version(VERSIONS[int(deed.choice * len(VERSIONS))])),
            "put": lambda: self._put_again(server, deed),
        }
        return simple[deed.what]()

    async def _put_again(self, server: Server, deed: Deed) -> None:
        """Resize it."""
        self._resized.add(deed.name)
        resource = dict(self._scenario.scale_sets[deed.name])
        capacity = max(1, int(deed.choice * 20))
        await server.resources.put_scale_set(scale_set_id(deed.name), {**resource, "sku": {"capacity": capacity}})

    async def _fill_disk(self, seconds: float) -> None:
        self._memory.unavailable_because = "the disk is full"
        await self._sleep(seconds)
        self._memory.unavailable_because = ""
        self._witness.trouble("the disk has space again")

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep_until(self._clock.now_ms() + round(seconds * 1000))

    def _follow(self, started: UpgradeStarted) -> None:
        """Somebody watches the new upgrade, from its first event or from a snapshot."""
        follower = Follower(host=self, clock=self._clock, random=self._random, about=started.upgrade_id)
        self._followers.append((follower, asyncio.ensure_future(self._follow_late(follower))))

    async def _follow_late(self, follower: Follower) -> None:
        await self._sleep(self._random.choice((0.0, 1.0, 60.0)))
        await follower.follow_upgrade(self._random.choice((0, None)))

    async def _end_trouble(self, keeper: asyncio.Task[None]) -> None:
        """The last server has peace and no autopilot."""
        self._trouble.crashes = self._trouble.lost_writes = 0
        self._trouble.lost_answers = self._trouble.deaf_fleet = 0
        server = await self._living()
        server.life.die()
        await asyncio.sleep(0)
        keeper.cancel()
        self._is_open.clear()
        self._calls.append(asyncio.ensure_future(self._keep_alive(for_good=True)))
        await self._living()

    async def _run_out(self) -> None:
        """Every upgrade ends; what a rule pauses again and again is cancelled in the end."""
        server = await self._living()
        for turn in range(ROUNDS):
            active = server.conductor.active_upgrades()
            if not active:
                return
            self._check()
            for upgrade in active:
                if upgrade.is_held and turn % 7 == 6:
                    await (server.conductor.cancel if turn > 70 else server.conductor.resume)(upgrade.scale_set)
            await self._sleep(PATIENCE_SECONDS)
        raise Violation(f"{[each.upgrade_id for each in server.conductor.active_upgrades()]} never ended")

    def _check(self) -> None:
        """What must hold at any moment."""
        if self._broken:
            raise Violation(self._broken[0])
        if self._server is None or self._server.life.is_dead:
            return
        active = {live.upgrade_id for live in self._server.conductor.active_upgrades()}
        for upgrade_id, seen in self._witness.upgrades.items():
            is_driven = seen.has_ended or upgrade_id in active
            assert is_driven or not self._witness.is_calm, f"nobody drives {upgrade_id}"
        for live in self._server.conductor.active_upgrades():
            again = _fold(self._witness.upgrades[live.upgrade_id].events[: live.sequence])
            assert again == live, f"{live.upgrade_id} is not the sum of its events"
            assert _owed(again) == _owed(live), f"{live.upgrade_id} is owed something else after a replay"

    async def _check_end(self) -> None:
        self._check()
        for seen in self._witness.upgrades.values():
            assert seen.has_ended, f"{seen.started.upgrade_id} never ended"
        store = MemoryStore(self._memory)
        stories = {}
        for upgrade_id, seen in self._witness.upgrades.items():
            entries = await store.journal.read(upgrade_id)
            assert [entry.event for entry in entries] == seen.events, f"the journal of {upgrade_id} is another"
            stories[upgrade_id] = [(upgrade_id, entry.sequence, entry.event) for entry in entries]
            upgrade = await replay(store.journal, upgrade_id)
            in_memory = (await self._living()).conductor.peek_latest(upgrade.scale_set.key)
            assert in_memory is None or in_memory.upgrade_id != upgrade_id or in_memory == upgrade
        await self._check_machines(store)
        await self._check_followers(stories)

    async def _check_machines(self, store: MemoryStore) -> None:
        """After the last upgrade of each scale set, machines run what the journal says; new ones came by resizing."""
        for name in self._scenario.scale_sets.keys() - self._resized:
            row = await store.journal.latest(scale_set_id(name))
            if row is None:
                continue
            upgrade = await replay(store.journal, row.upgrade_id)
            running = {each.instance_id: each for each in await self._fleet.instances(scale_set_id(name))}
            for instance_id, record in upgrade.records.items():
                planned = upgrade.started.plan.order[upgrade.places[instance_id]]
                for target, previous in zip(upgrade.started.plan.targets, planned.previous, strict=True):
                    if not isinstance(target, ExtensionTarget) or previous is None or instance_id not in running:
                        continue
                    version = running[instance_id].extensions[target.extension_name].version
                    if record.status is InstanceStatus.SUCCEEDED:
                        assert version == target.version, f"{instance_id} of {name} runs {version} after its upgrade"
                    if record.status is InstanceStatus.RESTORED:
                        assert version == previous, f"{instance_id} of {name} runs {version} after its restore"

    async def _check_followers(self, stories: dict[str, list[Got]]) -> None:
        """Every follower got everything after his first moment, once and in order."""
        for _ in range(50):
            if not any(follower.lacks(self._story(follower, stories)) for follower, _ in self._followers):
                return
            await self._sleep(PATIENCE_SECONDS)
        for follower, task in self._followers:
            if task.done() and not task.cancelled():
                task.result()
            story = self._story(follower, stories)
            got, there_was = [item[:2] for item in follower.got], [item[:2] for item in story]
            assert not follower.lacks(story), f"a follower of {follower.about} got {got} of {there_was}"

    def _story(self, follower: Follower, stories: dict[str, list[Got]]) -> list[Got]:
        """Everything that there was to see for him, from the first event on."""
        return [
            item
            for upgrade_id, story in stories.items()
            if follower.about in (upgrade_id, self._witness.upgrades[upgrade_id].started.scale_set.lower())
            for item in story
        ]


def _fold(events: list[Event]) -> Upgrade:
    upgrade: Upgrade | None = None
    for event in events:
        upgrade = evolve(upgrade, event)
    assert upgrade is not None, "an upgrade has a first event"
    return upgrade


def _owed(upgrade: Upgrade) -> object:
    found = owed(upgrade)
    return found.observe, found.alarm_ms, [(each.number, list(each.orders())) for each in found.dispatches]
