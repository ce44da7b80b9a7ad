"""A server as it is assembled for one life, over what outlives it: a memory and a fleet."""

from random import Random
from typing import cast

from tests.executor.world import SHIPPED, shipped
from tests.seeds.chaos import Life, MortalClock, MortalFleet, MortalJournal, MortalStore
from tests.seeds.follower import render_event
from tests.seeds.scenario import IN_WAVES
from tidegate.executor.autopilot import Autopilot
from tidegate.executor.clock import Clock
from tidegate.executor.conductor import Conductor
from tidegate.executor.limits import Limits
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.resources import Resources
from tidegate.executor.turns import Turns
from tidegate.executor.watch import WatchHub
from tidegate.fleets.promise import Fleet
from tidegate.journal.memory import Memory, MemoryStore
from tidegate.journal.promise import Journal
from tidegate.journal.register import Register
from tidegate.packages.memory import MemoryPackageStore
from tidegate.policy.source import PolicySource
from tidegate.upgrade.events import Event


class Server:
    """Everything that one life of a server needs, all of it mortal."""

    def __init__(self, *, memory: Memory, fleet: Fleet, clock: Clock, life: Life, random: Random, number: int) -> None:
        self.life = life
        self.number = number
        self._random = random
        self._count = 0
        store = MemoryStore(memory)
        # What these pass on without a look, the type checker cannot see them do.
        journal = cast(Journal, MortalJournal(store.journal, life))
        register = cast(Register, MortalStore(store.register, life))
        mortal_fleet, mortal_clock = cast(Fleet, MortalFleet(fleet, life)), MortalClock(clock, life)
        limits = Limits(
            reports_at_once=random.choice((1, 3, 1_024)), inbox_capacity=random.choice((2, 20_000)), max_automatic=2
        )
        self.hub = WatchHub[Event](render_event, capacity=random.choice((4, 64, 8_192, 8_192)))
        sources = [*shipped(*SHIPPED), PolicySource(file="in-waves.yaml", text=IN_WAVES)]
        turns, keeper = Turns(), PolicyKeeper(sources)
        self.conductor = Conductor(
            journal, register, mortal_fleet, keeper, mortal_clock, self.hub, limits, self.new_id, turns=turns
        )
        self.autopilot = Autopilot(self.conductor, register, journal, keeper, mortal_clock, limits)
        self.resources = Resources(
            register,
            mortal_fleet,
            journal,
            mortal_clock,
            limits,
            self.new_id,
            self.autopilot,
            turns,
            MemoryPackageStore(),
        )

    async def open(self, *, with_autopilot: bool) -> None:
        """Take up what the life before left."""
        await self.conductor.open()
        if with_autopilot:
            await self.autopilot.open()

    def new_id(self) -> str:
        """An id that no other life gives, and whose letters say nothing about when it was given."""
        self._count += 1
        return f"{self._random.randrange(1_000):03}-{self.number}.{self._count}"
