"""The witness: sees every event that becomes durable and every order that a fleet gets, and knows what must not be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tidegate.domain.order import ExtensionMove, InstanceAnswer, InstanceOrder, Move
from tidegate.policy import judge
from tidegate.policy.compiled import compile_policy
from tidegate.policy.pace import Pace
from tidegate.upgrade.answered import TIMED_OUT_CODE
from tidegate.upgrade.events import (
    BatchStarted,
    CancelAccepted,
    Event,
    HaltDecided,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceUpgraded,
    RestoreBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    UpgradePaused,
    UpgradeResumed,
    UpgradeStarted,
    WaveBegan,
)
from tidegate.upgrade.operation import upgrade_operation
from tidegate.upgrade.plan import ExtensionTarget


@dataclass(kw_only=True)
class Seen:
    """What was seen of one upgrade."""

    started: UpgradeStarted
    pace: Pace
    events: list[Event]
    batch: range = range(0)
    begun: set[str] = field(default_factory=set)
    in_flight: set[str] = field(default_factory=set)
    settling: set[str] = field(default_factory=set)
    restoring: set[str] = field(default_factory=set)
    restore_began: set[str] = field(default_factory=set)
    is_held: bool = False
    is_ending: bool = False
    has_ended: bool = False

    def ids(self, start: int, size: int) -> list[str]:
        """The instances at these places of the plan's order."""
        return [planned.instance_id for planned in self.started.plan.order[start : start + size]]


CALM_MS = 300_000
"""After so long without any trouble whatever was retried has been done."""


class Witness:
    """Keeps a transcript, and raises AssertionError at the first thing that must not be."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._began_ms = now_ms()
        self.transcript: list[str] = []
        self.upgrades: dict[str, Seen] = {}
        self.when_started: list[Callable[[UpgradeStarted], None]] = []
        self._active: dict[str, str] = {}
        self._moves: dict[str, tuple[Move, ...]] = {}
        self._taken: set[str] = set()
        self._answered_at_ms: dict[str, int] = {}
        self._troubled_at_ms = self._began_ms

    @property
    def is_calm(self) -> bool:
        """Nothing has gone wrong for a while, but for machines."""
        return self._now_ms() - self._troubled_at_ms > CALM_MS

    def trouble(self, what: str) -> None:
        """Something went wrong."""
        self._troubled_at_ms = self._now_ms()
        self.note(what)

    def note(self, what: str) -> None:
        """Write down what happened."""
        self.transcript.append(f"{(self._now_ms() - self._began_ms) / 1000:12.3f}  {what}")

    def started(self, event: UpgradeStarted) -> None:
        """An upgrade is durable."""
        key = event.scale_set.lower()
        name = event.scale_set.rpartition("/")[2]
        self.note(f"{event.upgrade_id} starts on {name}: {len(event.plan.order)} instances")
        assert key not in self._active, f"{event.upgrade_id} begins while {self._active.get(key)} is active"
        self._active[key] = event.upgrade_id
        policy = compile_policy(event.policy_source)
        self.upgrades[event.upgrade_id] = Seen(started=event, pace=judge.pace(policy, event.facts), events=[event])
        for planned in event.plan.order:
            for target, previous in zip(event.plan.targets, planned.previous, strict=True):
                if isinstance(target, ExtensionTarget) and previous is not None:
                    assert previous.major == target.version.major, f"{planned.instance_id} would cross a major version"
                    assert previous < target.version, f"{planned.instance_id} would go down"
        for listener in self.when_started:
            listener(event)

    def appended(self, upgrade_id: str, expected_sequence: int, events: Sequence[Event]) -> None:
        """Events are durable."""
        seen = self.upgrades[upgrade_id]
        assert len(seen.events) == expected_sequence, f"{upgrade_id} has a gap or an overlap at {expected_sequence}"
        for event in events:
            seen.events.append(event)
            self.note(f"{upgrade_id} {len(seen.events)} {_short(event)}")
            self._check(seen, event)

    def ordered(self, orders: Sequence[InstanceOrder]) -> None:
        """A fleet is given orders."""
        for order in orders:
            upgrade_id, instance_id, deed = order.operation_id.rsplit("/", 2)
            seen = self.upgrades[upgrade_id]
            self.note(f"order {order.operation_id}")
            assert not seen.has_ended, f"{order.operation_id} is given after the upgrade has ended"
            durable = seen.begun if deed == "upgrade" else seen.restore_began
            assert instance_id in durable, f"{order.operation_id} is given before its event is durable"
            assert self._moves.setdefault(order.operation_id, order.moves) == order.moves, "an operation id changed"
            for move in order.moves:
                if isinstance(move, ExtensionMove):
                    targets = [each for each in seen.started.plan.targets if isinstance(each, ExtensionTarget)]
                    majors = {each.version.major for each in targets if each.extension_name == move.extension_name}
                    assert move.version.major in majors, f"{order.operation_id} crosses a major version"

    def taken(self, orders: Sequence[InstanceOrder]) -> None:
        """A fleet has taken the orders, whether it says so or not."""
        self._taken |= {order.operation_id for order in orders}

    def answered(self, answer: InstanceAnswer) -> None:
        """A fleet answers."""
        self._answered_at_ms.setdefault(answer.operation_id, self._now_ms())
        self.note(f"answer {answer.operation_id} {'failed' if answer.failures else 'well'} {answer.probe.value}")

    def _check(self, seen: Seen, event: Event) -> None:
        name = seen.started.upgrade_id
        assert not seen.has_ended, f"{name} goes on after its end"
        match event:
            case BatchStarted():
                assert not seen.in_flight, f"{name} begins a batch while {seen.in_flight} are in flight"
                assert not seen.is_ending, f"{name} begins a batch although it is ending"
                assert not seen.is_held, f"{name} begins a batch although it is paused"
                most = seen.pace.size_of(event.number, seen.started.plan.total_count)
                assert event.size <= most, f"{name} has a batch of {event.size}, more than {most}"
                assert event.start == seen.batch.stop, f"{name} leaves a gap between batches"
                seen.batch = range(event.start, event.start + event.size)
            case WaveBegan():
                self._check_wave(seen, event)
            case InstanceUpgraded():
                assert event.instance_id in seen.in_flight, f"{name} has {event.instance_id} upgraded out of nowhere"
                seen.in_flight.discard(event.instance_id)
            case InstanceFailed():
                if event.code == TIMED_OUT_CODE:
                    self._check_time_out(name, event.instance_id)
                seen.in_flight.discard(event.instance_id)
            case RestoreBegan():
                again = seen.restore_began & set(event.instance_ids)
                assert not again, f"{name} brings {again} back twice"
                assert set(event.instance_ids) <= seen.begun, f"{name} brings back what it never touched"
                seen.restore_began |= set(event.instance_ids)
                seen.restoring |= set(event.instance_ids)
            case InstanceRestored() | InstanceRestoreFailed():
                assert event.instance_id in seen.restoring, f"{name} has {event.instance_id} restored out of nowhere"
                seen.restoring.discard(event.instance_id)
            case HaltDecided() | CancelAccepted():
                seen.is_ending = True
                seen.is_held = False
            case UpgradePaused():
                seen.is_held = True
            case UpgradeResumed():
                seen.is_held = False
            case UpgradeCompleted() | UpgradeCancelled() | UpgradeFaulted():
                assert not seen.in_flight, f"{name} ends while {seen.in_flight} are in flight"
                assert not seen.restoring, f"{name} ends while {seen.restoring} are brought back"
                seen.has_ended = True
                del self._active[seen.started.scale_set.lower()]
            case _:
                pass

    def _check_time_out(self, name: str, instance_id: str) -> None:
        """An instance is out of time because it never answered, not because nobody asked it or listened."""
        if not self.is_calm:
            return
        operation_id = upgrade_operation(name, instance_id)
        assert operation_id in self._taken, f"{operation_id} was never given and is out of time"
        answered_at_ms = self._answered_at_ms.get(operation_id, self._now_ms())
        assert self._now_ms() - answered_at_ms < CALM_MS, f"{operation_id} was answered and is out of time"

    def _check_wave(self, seen: Seen, event: WaveBegan) -> None:
        name = seen.started.upgrade_id
        assert not seen.is_ending, f"{name} begins instances although it is ending"
        assert not seen.is_held, f"{name} begins instances although it is paused"
        wave = range(event.start, event.start + event.size)
        assert wave.start >= seen.batch.start, f"{name} begins instances before its batch"
        assert wave.stop <= seen.batch.stop, f"{name} begins instances beyond its batch"
        ids = set(seen.ids(event.start, event.size))
        assert not ids & seen.begun, f"{name} upgrades {ids & seen.begun} twice"
        seen.begun |= ids
        seen.in_flight |= ids
        most = seen.pace.maximum_in_flight or len(seen.batch)
        assert len(seen.in_flight) <= most, f"{name} has {len(seen.in_flight)} in flight, more than {most}"


def _short(event: Event) -> str:
    names = ("number", "start", "size", "instance_id", "instance_ids", "code", "unhealthy_count")
    told = " ".join(f"{name}={getattr(event, name)}" for name in names if hasattr(event, name))
    return f"{type(event).__name__} {told}".rstrip()
