"""Any walk: whatever comes, in whatever order, the upgrade keeps its promises and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from tests.upgrade.building import halt_rule, image_target, instances, policy, unhealthy, upgrade
from tests.upgrade.driving import Drive, failure
from tidegate.domain.health import ProbeState
from tidegate.upgrade.decide import decide, unfold
from tidegate.upgrade.effects import Owed
from tidegate.upgrade.events import (
    BatchStarted,
    CancelAccepted,
    Event,
    HaltDecided,
    InstanceFailed,
    InstanceSettled,
    InstanceUpgraded,
    RestoreBegan,
    RollingBackBegan,
    UpgradePaused,
    UpgradeResumed,
    WaveBegan,
)
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.reports import AlarmRang
from tidegate.upgrade.state import InstanceStatus, Phase, StatusCode, Upgrade

VERDICTS = ("halt", "pause", "rollBack", "rollBackFailed")
RULES = st.lists(
    st.sampled_from(
        [
            halt_rule(at, fact, "greaterThan", value, verdict)
            for at in ("beforeBatch", "duringBatch", "afterBatch")
            for fact, value in (("unhealthyInstancePercent", "30%"), ("failedInstanceCount", 1))
            for verdict in VERDICTS
        ]
    ),
    max_size=3,
    unique_by=lambda rule: rule["name"],
)
PACES = st.fixed_dictionaries(
    {"batch": st.sampled_from([1, 3, "30%", "100%", [1, 4]])},
    optional={
        "maximumInFlight": st.integers(1, 4),
        "minimumHealthy": st.integers(1, 6),
        "pauseBetweenBatches": st.sampled_from(["PT1S", "PT1M"]),
        "settleTimeout": st.sampled_from(["PT0S", "PT3S"]),
        "instanceTimeout": st.just("PT5S"),
        "zones": st.just("together"),
        "unhealthyFirst": st.booleans(),
        "failedInstances": st.sampled_from(["restorePreviousVersion", "leave"]),
    },
)
Step: TypeAlias = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["answer"] * 8
            + ["fail"] * 2
            + ["unwell"] * 2
            + ["observe"] * 6
            + ["sick"] * 2
            + ["alarm", "wait", "pause", "resume", "cancel", "late"]
        ),
        st.integers(0, 9),
    ),
    max_size=60,
)
ENDS = (InstanceUpgraded, InstanceFailed)


@st.composite
def upgrades(draw: st.DrawFn) -> Upgrade:
    """An upgrade that has just started, of up to ten instances in up to two zones, under any policy."""
    kind = draw(st.sampled_from(UpgradeKind))
    fleet = instances(draw(st.integers(0, 10)), draw(st.sampled_from([("",), ("1", "2")])), 2)
    return upgrade(
        policy(draw(PACES), draw(RULES)),
        [unhealthy(one) if draw(st.integers(0, 5)) == 0 else one for one in fleet],
        [image_target()] if kind is UpgradeKind.OS_IMAGE else [],
        kind=kind,
        trigger=draw(st.sampled_from(Trigger)),
        force=draw(st.booleans()),
    )


def take(drive: Drive, step: Step) -> None:
    """Something happens in the world; what may be answered is what is owed."""
    verb, number = step
    orders = drive.orders()
    order = orders[number % len(orders)] if orders else None
    is_restore = order is not None and order.operation_id.endswith("/restore")
    instance_id = str(number) if order is None else order.instance_id
    name = "" if drive.upgrade.started.kind is UpgradeKind.OS_IMAGE else "agent"
    deeds: dict[str, Callable[[], object]] = {
        "answer": lambda: drive.answer(instance_id, is_restore=is_restore),
        "fail": lambda: drive.answer(instance_id, [failure(extension_name=name)], is_restore=is_restore),
        "unwell": lambda: drive.answer(instance_id, probe=ProbeState.UNKNOWN, is_restore=is_restore),
        "late": lambda: drive.answer(str(number), is_restore=number % 2 == 0),
        "observe": drive.observe,
        "sick": lambda: drive.observe(
            unhealthy=map(str, range(number % 5)), initializing=["7"], extension_failed=[str(number)]
        ),
        "alarm": drive.alarm,
        "wait": lambda: drive.wait(number),
        "pause": drive.pause,
        "resume": drive.resume,
        "cancel": drive.cancel,
    }
    deeds[verb]()


class Watcher:
    """Looks at every event as a stranger would, and knows only what the events say."""

    def __init__(self, fresh: Upgrade) -> None:
        self.fresh = fresh
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self.restored: set[str] = set()
        self.members = 0
        self.may_begin = True
        self.is_ending = False

    def see(self, event: Event, after: Upgrade) -> None:
        order = self.fresh.started.plan.order
        match event:
            case BatchStarted():
                assert self.may_begin, "a batch begins although nothing new may"
                assert not self.begun - self.ended, "two batches are under way"
                assert len({one.zone for one in order[event.start : event.start + event.size]}) == 1 or (
                    self.fresh.pace.zones_together
                )
                self.members = event.size
            case WaveBegan():
                assert self.may_begin, "a wave begins although nothing new may"
                ids = {one.instance_id for one in order[event.start : event.start + event.size]}
                assert not ids & self.begun, "an instance is upgraded twice"
                self.begun |= ids
            case InstanceUpgraded() | InstanceSettled() | InstanceFailed():
                assert event.instance_id in self.begun
                self.ended.add(event.instance_id)
            case RestoreBegan():
                assert set(event.instance_ids) <= self.ended, "an instance is brought back that has not ended"
                assert not set(event.instance_ids) & self.restored, "an instance is brought back twice"
                self.restored |= set(event.instance_ids)
            case HaltDecided() | CancelAccepted():
                assert not self.is_ending, "two ends are decided"
                self.is_ending, self.may_begin = True, False
            case UpgradePaused():
                self.may_begin = False
            case UpgradeResumed():
                self.may_begin = not self.is_ending
            case RollingBackBegan():
                assert self.is_ending
            case _:
                pass
        self.check(after)

    def check(self, after: Upgrade) -> None:
        counts = after.progress
        told = [counts.successful_count, counts.failed_count, counts.in_progress_count, counts.pending_count]
        assert sum(told) == len(self.fresh.started.plan.order)
        assert min(told) >= 0
        most = after.pace.maximum_in_flight or len(self.fresh.started.plan.order)
        assert after.in_flight_count <= min(most, self.members), "more is in flight than may be"
        assert sum(wave.remaining for wave in after.waves if wave.is_restore) <= most
        statuses = [record.status for record in after.records.values()]
        assert statuses.count(InstanceStatus.IN_PROGRESS) == after.in_flight_count
        assert statuses.count(InstanceStatus.SETTLING) == len(after.unsettled)
        assert statuses.count(InstanceStatus.RESTORING) + after.in_flight_count == sum(
            wave.remaining for wave in after.waves
        )


def finish(drive: Drive) -> None:
    """From here on everybody answers and looks are healthy; whoever paused it resumes, until he gives up and cancels.

    A floor under the healthy instances can be so high that no batch ever forms: such an upgrade stays paused.
    """
    for _ in range(20):
        drive.run()
        if drive.upgrade.is_ended:
            return
        drive.resume()
    drive.cancel()
    drive.run()
    assert drive.upgrade.is_ended, f"it never ends: {drive.upgrade.phase}"


def watched(fresh: Upgrade, steps: list[Step]) -> Drive:
    """The whole walk to its end, with every event looked at."""
    drive = Drive(fresh)
    for step in steps:
        take(drive, step)
    finish(drive)
    watcher, now = Watcher(fresh), fresh
    for event in drive.events:
        now = evolve(now, event)
        watcher.see(event, now)
    assert now == drive.upgrade
    return drive


@given(upgrades(), STEPS)
def test_whatever_happens_an_upgrade_keeps_its_promises_and_ends(fresh: Upgrade, steps: list[Step]) -> None:
    drive = watched(fresh, steps)
    ended = drive.upgrade
    assert ended.progress.in_progress_count == 0
    assert ended.status in (StatusCode.COMPLETED, StatusCode.CANCELLED, StatusCode.FAULTED)
    assert (ended.status is StatusCode.FAULTED) == (ended.halt is not None)
    assert (ended.status is StatusCode.CANCELLED) == ended.is_cancelled
    assert ended.status is not StatusCode.COMPLETED or ended.progress.pending_count == 0
    assert drive.owed() == Owed()


@given(upgrades(), STEPS)
def test_an_upgrade_that_has_not_ended_is_owed_something_or_is_paused(fresh: Upgrade, steps: list[Step]) -> None:
    drive = Drive(fresh)
    for step in steps:
        take(drive, step)
        waits = drive.upgrade.is_ended or drive.upgrade.phase is Phase.PAUSED
        assert (drive.owed() == Owed()) == waits


@given(upgrades(), STEPS)
def test_whatever_is_reported_again_at_once_means_nothing_more(fresh: Upgrade, steps: list[Step]) -> None:
    drive = Drive(fresh)
    for step in steps:
        orders = drive.orders()
        take(drive, step)
        for order in orders:
            is_restore = order.operation_id.endswith("/restore")
            drive.answer(order.instance_id, is_restore=is_restore)
            assert drive.answer(order.instance_id, [failure()], is_restore=is_restore) == ()


@given(upgrades(), STEPS)
def test_the_fold_inside_decide_is_the_fold_outside(fresh: Upgrade, steps: list[Step]) -> None:
    drive = Drive(fresh)
    for step in steps:
        take(drive, step)
    report = AlarmRang(at_ms=drive.now_ms + 3_600_000)
    unfolding, now = unfold(drive.upgrade, report), drive.upgrade
    for event in decide(drive.upgrade, report):
        now = evolve(now, event)
    assert unfolding.upgrade == now
