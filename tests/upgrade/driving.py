"""Drives an upgrade by hand: reports go in, events come out, time is a number that the test moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.upgrade.building import START_MS
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.order import InstanceAnswer, InstanceOrder, MoveFailure
from tidegate.upgrade.decide import decide
from tidegate.upgrade.effects import Owed
from tidegate.upgrade.events import Event
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.operation import restore_operation, upgrade_operation
from tidegate.upgrade.owed import owed
from tidegate.upgrade.reports import (
    AlarmRang,
    CancelRequested,
    OrderAnswered,
    PauseRequested,
    Report,
    ResumeRequested,
    ScaleSetObserved,
)
from tidegate.upgrade.state import InstanceStatus, Upgrade


class Drive:
    """One upgrade, its clock, and every event since it started."""

    def __init__(self, upgrade: Upgrade) -> None:
        self.upgrade = upgrade
        self._first_sequence = upgrade.sequence
        self.now_ms = START_MS
        self.events: list[Event] = []

    def report(self, report: Report) -> tuple[Event, ...]:
        events = decide(self.upgrade, report)
        for event in events:
            self.upgrade = evolve(self.upgrade, event)
        self.events.extend(events)
        assert self.upgrade.sequence - self._first_sequence == len(self.events), "every event counts as one"
        return events

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    def observe(
        self,
        *,
        unhealthy: Iterable[str] = (),
        initializing: Iterable[str] = (),
        extension_failed: Iterable[str] = (),
        total_count: int | None = None,
    ) -> tuple[Event, ...]:
        observation = HealthObservation(
            total_count=self.upgrade.started.plan.total_count if total_count is None else total_count,
            probe_unhealthy=frozenset(unhealthy),
            initializing=frozenset(initializing),
            extension_failed=frozenset(extension_failed),
        )
        return self.report(ScaleSetObserved(at_ms=self.now_ms, observation=observation))

    def answer(
        self,
        instance_id: str,
        failures: Sequence[MoveFailure] = (),
        probe: ProbeState = ProbeState.HEALTHY,
        *,
        is_restore: bool = False,
    ) -> tuple[Event, ...]:
        operation = (restore_operation if is_restore else upgrade_operation)(self.upgrade.upgrade_id, instance_id)
        answer = InstanceAnswer(operation_id=operation, instance_id=instance_id, failures=tuple(failures), probe=probe)
        return self.report(OrderAnswered(at_ms=self.now_ms, answer=answer))

    def fail(self, instance_id: str, code: str = "Boom", extension_name: str = "agent") -> tuple[Event, ...]:
        return self.answer(instance_id, [failure(code, extension_name=extension_name)])

    def answer_all(self) -> None:
        """Every order that is out is answered, and goes well."""
        for order in self.orders():
            self.answer(order.instance_id, is_restore=order.operation_id.endswith("/restore"))

    def alarm(self) -> tuple[Event, ...]:
        return self.report(AlarmRang(at_ms=self.now_ms))

    def cancel(self) -> tuple[Event, ...]:
        return self.report(CancelRequested(at_ms=self.now_ms))

    def pause(self) -> tuple[Event, ...]:
        return self.report(PauseRequested(at_ms=self.now_ms))

    def resume(self) -> tuple[Event, ...]:
        return self.report(ResumeRequested(at_ms=self.now_ms))

    def owed(self) -> Owed:
        return owed(self.upgrade)

    def orders(self) -> list[InstanceOrder]:
        return [order for dispatch in self.owed().dispatches for order in dispatch.orders()]

    def run(self) -> None:
        """Do whatever is owed, with everybody healthy, until the upgrade has ended or is paused."""
        while (wanted := self.owed()) != type(wanted)():
            if wanted.dispatches:
                self.answer_all()
            elif wanted.observe is not None:
                self.now_ms = max(self.now_ms, wanted.observe.not_before_ms)
                self.observe()
            else:
                assert wanted.alarm_ms is not None
                self.now_ms = max(self.now_ms, wanted.alarm_ms)
                self.alarm()

    def status_of(self, instance_id: str) -> InstanceStatus:
        record = self.upgrade.records.get(instance_id)
        return InstanceStatus.WAITING if record is None else record.status


def failure(code: str = "Boom", message: str = "It broke.", extension_name: str = "agent") -> MoveFailure:
    """A move that failed."""
    return MoveFailure(extension_name=extension_name, code=code, message=message)


def names(events: Iterable[Event]) -> list[str]:
    """What happened, in a word each."""
    return [type(event).__name__ for event in events]
