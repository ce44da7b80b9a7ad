"""What ails the machines of one scale set as time goes by: probes that turn or flap, machines that are offline.

Law: a fault of the probe ails a machine while it runs the software that the fault is about. The gravest state shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from tidegate.domain.health import ProbeState
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import Fault, Offline, ProbeFault, ProbeFlaps, ProbeTurns
from tidegate.fleets.machines import Machines

CallLater = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds, on the event loop; `asyncio`'s `call_later` is one."""

_GRAVITY = (ProbeState.INITIALIZING, ProbeState.UNKNOWN, ProbeState.UNHEALTHY)


@dataclass(slots=True, eq=False)
class _Ailment:
    """One fault that ails one machine; `state` is what the probe reads because of it just now, if anything."""

    state: ProbeState | None = None


class Ailments:
    """Keeps the machines' probes and reachability as the faults want them."""

    def __init__(
        self, *, machines: Machines, book: FaultBook, call_later: CallLater, on_return: Callable[[list[str]], None]
    ) -> None:
        """`on_return` hears of the machines that can be reached again."""
        self._machines = machines
        self._book = book
        self._call_later = call_later
        self._on_return = on_return
        self._ailing: dict[str, dict[int, _Ailment]] = {}
        self._offline: dict[int, set[str]] = {}
        self._is_stopped = False

    def is_offline(self, instance_id: str) -> bool:
        return any(instance_id in offline for offline in self._offline.values())

    def take_up(self, number: int, fault: Fault) -> None:
        """A fault was added to the book: let it begin."""
        match fault:
            case Offline():
                self._after(fault.from_seconds, partial(self._go_offline, number))
                if fault.until_seconds is not None:
                    self._after(fault.until_seconds, partial(self._come_back, number))
            case ProbeTurns() | ProbeFlaps():
                self.refresh(self._machines)
            case _:
                pass

    def refresh(self, instance_ids: Iterable[str]) -> None:
        """These machines are new, run something else, or may be concerned by other faults than before."""
        faults: list[tuple[int, ProbeFault]] = [*self._book.of_kind(ProbeTurns), *self._book.of_kind(ProbeFlaps)]
        if not faults and not self._offline:
            return
        for name in tuple(instance_ids):
            self._refresh(name, faults)

    def forget(self, instance_ids: Iterable[str]) -> None:
        """These machines are gone."""
        for name in instance_ids:
            self._ailing.pop(name, None)
            for offline in self._offline.values():
                offline.discard(name)

    def stop(self) -> None:
        """Nothing changes any more."""
        self._is_stopped = True

    def _refresh(self, name: str, faults: list[tuple[int, ProbeFault]]) -> None:
        instance = self._machines[name]
        ailing = self._ailing.get(name, {})
        for number, fault in faults:
            holds = self._book.concerns(number, name) and fault.where.fits_software(instance)
            if holds and number not in ailing:
                ailing = self._ailing.setdefault(name, {})
                ailing[number] = ailment = _Ailment()
                self._begin(name, number, fault, ailment)
            elif not holds:
                ailing.pop(number, None)
        for number, offline in self._offline.items():
            if self._book.concerns(number, name):
                offline.add(name)
        self._show(name)

    def _begin(self, name: str, number: int, fault: ProbeFault, ailment: _Ailment) -> None:
        def read(state: ProbeState | None) -> None:
            if self._ailing.get(name, {}).get(number) is ailment:
                ailment.state = state
                self._show(name)

        match fault:
            case ProbeTurns():
                self._after(fault.after_seconds, partial(read, fault.state))
                if fault.for_seconds is not None:
                    self._after(fault.after_seconds + fault.for_seconds, partial(read, None))
            case ProbeFlaps():
                self._flap(name, number, fault, ailment)

    def _flap(self, name: str, number: int, fault: ProbeFlaps, ailment: _Ailment) -> None:
        if self._ailing.get(name, {}).get(number) is not ailment:
            return
        ailment.state = fault.state if ailment.state is None else None
        self._show(name)
        self._after(fault.period_seconds / 2, partial(self._flap, name, number, fault, ailment))

    def _go_offline(self, number: int) -> None:
        self._offline[number] = {name for name in self._machines if self._book.concerns(number, name)}
        for name in self._offline[number]:
            self._show(name)

    def _come_back(self, number: int) -> None:
        returned = [name for name in self._offline.pop(number, set()) if not self.is_offline(name)]
        returned.sort(key=int)
        for name in returned:
            self._show(name)
        self._on_return(returned)

    def _show(self, name: str) -> None:
        """Let the machine look as its ailments say."""
        instance = self._machines[name]
        is_reachable = not self.is_offline(name)
        states = [ailment.state for ailment in self._ailing.get(name, {}).values() if ailment.state is not None]
        if not is_reachable:
            states.append(ProbeState.UNKNOWN)
        probe = self._machines.healthy_probe
        if states and probe is not ProbeState.NONE:
            probe = max(states, key=_gravity)
        if probe is not instance.probe or is_reachable is not instance.is_reachable:
            self._machines.put(dataclasses.replace(instance, probe=probe, is_reachable=is_reachable))

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        """At once where nothing is to be waited for, so that no moment passes in which the fault does not show."""
        if seconds <= 0:
            happen()
            return

        def happen_unless_stopped() -> None:
            if not self._is_stopped:
                happen()

        self._call_later(seconds, happen_unless_stopped)


def _gravity(state: ProbeState) -> int:
    return _GRAVITY.index(state) if state in _GRAVITY else -1
