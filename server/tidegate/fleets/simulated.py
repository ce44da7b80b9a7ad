"""A fleet of machines that do not exist: seeded, quick, with faults to order, remembered in a file where one is given.

Law: a change of a machine is kept before the answer is given. The same seed, orders and timers give the same answers.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.domain.refusal import ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.ailments import CallLater
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import Fault
from tidegate.fleets.luck import luck
from tidegate.fleets.machine_store import MachinesNotKept, MachineStore
from tidegate.fleets.machines import Definition, Machines
from tidegate.fleets.moves import all_failed
from tidegate.fleets.promise import Reply
from tidegate.fleets.site import Ended, Site, Work

NO_SUCH_INSTANCE = "InstanceNotFound"
"""The failure's code of an order for a machine that is not there."""
KEEP_AGAIN_SECONDS = 1.0
"""After so long what could not be kept is tried again."""


class SimulatedFleet:
    """Keeps the promise of `tidegate.fleets.promise.Fleet`."""

    def __init__(
        self,
        *,
        seed: int = 0,
        upgrade_seconds: float = 0.0,
        jitter_percent: float = 20.0,
        faults: Sequence[Fault] = (),
        store: MachineStore | None = None,
        call_later: CallLater | None = None,
    ) -> None:
        """A fleet whose machines need `upgrade_seconds` for an order, give or take `jitter_percent` of it by luck.

        0 seconds answers in the loop's next turn. With a `store` the machines in it are there from the start, and
        the fleet closes it. `call_later` is that of the loop that runs when it is needed, where none is given.
        """
        self._seed = seed
        self._upgrade_seconds = upgrade_seconds
        self._jitter_share = jitter_percent / 100
        self._store = store
        self._call_later = _call_on_running_loop if call_later is None else call_later
        self._faults = list(faults)
        self._sites: dict[str, Site] = {}
        self._done: list[Work] = []
        self._news: dict[Site, None] = {}
        self._nowhere: list[tuple[Reply, InstanceAnswer]] = []
        self._is_turn_booked = False
        for kept in store.load() if store is not None else ():
            self._add_site(kept.machines, kept.spent).is_placed = True

    async def place(self, scale_set: ScaleSet) -> None:
        """See the promise. Machines keep the versions they run; an extension that is new to the profile appears
        installed, and one that left it is gone."""
        definition = Definition.of(scale_set)
        site = self._sites.get(scale_set.scale_set_id.key)
        if site is None:
            site = self._add_site(Machines(dataclasses.replace(definition, capacity=0)), {})
        elif site.is_placed and site.machines.definition == definition:
            return
        was_placed, site.is_placed = site.is_placed, False
        changed = site.redefine(definition)
        if self._store is not None:
            self._store.save_placed(site.machines, changed if was_placed else site.machines)
        site.is_placed = True

    async def forget(self, scale_set: ScaleSetId) -> None:
        """See the promise."""
        site = self._sites.get(scale_set.key)
        if site is None:
            return
        if self._store is not None:
            self._store.forget(scale_set)
        del self._sites[scale_set.key]
        site.stop()

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """See the promise. The order is that of the instance ids as numbers."""
        return self._site_of(scale_set).machines.all()

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """See the promise."""
        return self._site_of(scale_set).machines.observe()

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """See the promise. An order for a machine that is not there has failed at once, and a machine that gets a
        newer order drops the one it was at, which then has failed. Of what it finished each machine remembers the
        newest `machines.REMEMBERED_OPERATIONS` operations."""
        begun: dict[float, list[Work]] = {}
        for order in orders:
            site = self._sites.get(order.scale_set.key)
            if site is None or order.instance_id not in site.machines:
                self._nowhere.append((reply, _no_such_instance(order)))
                continue
            self._news[site] = None
            work = site.take(order, reply)
            delay_seconds = None if work is None else self._delay_seconds(site, order)
            if work is not None and delay_seconds is not None:
                begun.setdefault(round(delay_seconds, 3), []).append(work)
        self._done.extend(begun.pop(0.0, ()))
        for delay_seconds, works in begun.items():
            self._call_later(delay_seconds, partial(self._end, works))
        self._book_turn()

    async def close(self) -> None:
        """See the promise; closes the store too."""
        for site in self._sites.values():
            site.stop()
        self._sites.clear()
        self._done.clear()
        self._news.clear()
        self._nowhere.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    def order_fault(self, fault: Fault) -> None:
        """Let this go wrong from now on, on the machines that there are and on those still to come."""
        self._faults.append(fault)
        for site in self._sites.values():
            site.add_fault(len(self._faults) - 1, fault)

    def _add_site(self, machines: Machines, spent: dict[tuple[int, str], int]) -> Site:
        scale_set = machines.definition.scale_set_id
        book = FaultBook(seed=self._seed, scale_set=scale_set, spent=spent)
        site = Site(machines=machines, book=book, call_later=self._call_later, resume=self._resume)
        self._sites[scale_set.key] = site
        for number, fault in enumerate(self._faults):
            site.add_fault(number, fault)
        return site

    def _site_of(self, scale_set: ScaleSetId) -> Site:
        site = self._sites.get(scale_set.key)
        if site is None:
            raise ScaleSetNotFound(str(scale_set))
        return site

    def _delay_seconds(self, site: Site, order: InstanceOrder) -> float | None:
        """How long the machine is at the order; None for ever."""
        extra_seconds = site.book.delay_seconds(order)
        if extra_seconds is None or not self._upgrade_seconds:
            return extra_seconds
        spread = 2 * luck(self._seed, "jitter", order.operation_id) - 1
        return self._upgrade_seconds * (1 + self._jitter_share * spread) + extra_seconds

    def _end(self, works: Sequence[Work]) -> None:
        self._done.extend(works)
        self._turn()

    def _resume(self, works: Sequence[Work]) -> None:
        self._done.extend(works)
        self._book_turn()

    def _book_turn(self, after_seconds: float = 0.0) -> None:
        """Everything that is ready by the loop's next turn is finished, kept and answered together."""
        if not self._is_turn_booked:
            self._is_turn_booked = True
            self._call_later(after_seconds, self._booked_turn)

    def _booked_turn(self) -> None:
        self._is_turn_booked = False
        self._turn()

    def _turn(self) -> None:
        """Finish what is done, keep what changed, and only then answer."""
        done, self._done = self._done, []
        for work in done:
            work.site.finish(work)
            self._news[work.site] = None
        self._keep()
        news, self._news = self._news, {}
        for site in news:
            for ended in site.take_ended():
                self._give(ended)
        nowhere, self._nowhere = self._nowhere, []
        for reply, answer in nowhere:
            reply(answer)

    def _keep(self) -> None:
        """Where the file takes nothing just now nobody is answered; another turn tries again."""
        if self._store is None:
            return
        sites = [site for site in self._news if not site.is_gone]
        try:
            self._store.save_changed([site.change for site in sites])
        except MachinesNotKept:
            self._book_turn(KEEP_AGAIN_SECONDS)
            raise
        for site in sites:
            site.kept()

    def _give(self, ended: Ended) -> None:
        if ended.late_seconds > 0:
            self._call_later(ended.late_seconds, partial(_reply, ended))
        else:
            _reply(ended)


def _reply(ended: Ended) -> None:
    for _ in range(2 if ended.is_given_twice else 1):
        if not ended.site.is_gone:
            ended.reply(ended.answer)


def _no_such_instance(order: InstanceOrder) -> InstanceAnswer:
    return InstanceAnswer(
        operation_id=order.operation_id,
        instance_id=order.instance_id,
        failures=all_failed(order, NO_SUCH_INSTANCE, f"{order.scale_set} has no instance {order.instance_id}."),
        probe=ProbeState.UNKNOWN,
    )


def _call_on_running_loop(delay_seconds: float, happen: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_seconds, happen)
