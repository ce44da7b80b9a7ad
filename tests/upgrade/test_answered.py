"""What an answer means, or that none came in time."""

import pytest

from tests.upgrade.building import halt_rule, image_target, instances, policy, upgrade
from tests.upgrade.driving import Drive, failure, names
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.upgrade.answered import PROVISIONING_CODE, TIMED_OUT_CODE
from tidegate.upgrade.events import HaltDecided, InstanceFailed, InstanceUpgraded
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.reports import OrderAnswered
from tidegate.upgrade.state import InstanceStatus, Phase


def under_way(**more: object) -> Drive:
    drive = Drive(upgrade(policy({"batch": 3, "instanceTimeout": "PT1M", **more}), instances(6)))
    drive.observe()
    return drive


@pytest.mark.parametrize(
    ("probe", "is_settled"),
    [
        (ProbeState.HEALTHY, True),
        (ProbeState.NONE, True),
        (ProbeState.INITIALIZING, False),
        (ProbeState.UNHEALTHY, False),
        (ProbeState.UNKNOWN, False),
    ],
)
def test_an_instance_has_settled_where_its_probe_says_so_or_there_is_none(probe: ProbeState, is_settled: bool) -> None:
    [event] = under_way().answer("0", probe=probe)
    assert isinstance(event, InstanceUpgraded)
    assert event.is_settled is is_settled


def test_several_failures_are_one_event_that_names_them_all() -> None:
    failures = [failure("A", "One broke.", "agent"), failure("", "Two broke.", "log")]
    [event] = under_way().answer("0", failures)
    assert isinstance(event, InstanceFailed)
    assert (event.code, event.extension_name) == ("A", "agent")
    assert event.message == f"agent: One broke. (A); log: Two broke. ({PROVISIONING_CODE})"


def test_a_handler_without_a_code_of_its_own_fails_with_azures() -> None:
    [event] = under_way().answer("0", [failure("", "It broke.")])
    assert isinstance(event, InstanceFailed)
    assert (event.code, event.message) == (PROVISIONING_CODE, "It broke.")


def test_an_image_upgrade_ignores_failed_extensions_but_not_a_failed_image() -> None:
    drive = Drive(upgrade(policy({"batch": 2}), instances(4), [image_target()], kind=UpgradeKind.OS_IMAGE))
    drive.observe()
    assert names(drive.answer("0", [failure("Boom", extension_name="agent")])) == ["InstanceUpgraded"]
    [event, *_] = drive.answer("1", [failure("Boom", extension_name="agent"), failure("Gone", extension_name="")])
    assert isinstance(event, InstanceFailed)
    assert (event.code, event.extension_name) == ("Gone", "")


def test_answers_that_nobody_waits_for_mean_nothing() -> None:
    drive = under_way()
    drive.answer("0")
    assert drive.answer("0") == ()
    assert drive.answer("0", [failure()]) == ()
    assert drive.answer("5") == ()
    assert drive.answer("nobody") == ()
    assert drive.answer("1", is_restore=True) == ()


def test_an_answer_to_somebody_elses_order_means_nothing() -> None:
    drive = under_way()
    foreign = InstanceAnswer(operation_id="u2/1/upgrade", instance_id="1", failures=(), probe=ProbeState.HEALTHY)
    assert drive.report(OrderAnswered(at_ms=drive.now_ms, answer=foreign)) == ()


def test_an_upgrade_answer_means_nothing_to_an_instance_that_is_being_brought_back() -> None:
    drive = Drive(upgrade(policy({"batch": 1}), instances(2), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0")
    drive.observe()
    assert drive.status_of("0") is InstanceStatus.RESTORING
    assert drive.answer("0") == ()
    assert names(drive.answer("0", is_restore=True)) == ["InstanceRestored"]


def test_an_alarm_before_anything_is_due_means_nothing() -> None:
    drive = under_way()
    drive.wait(59.9)
    assert drive.alarm() == ()


def test_at_the_deadline_of_a_wave_its_unanswered_instances_have_failed() -> None:
    drive = under_way()
    drive.answer("1")
    drive.wait(60)
    events = drive.alarm()
    failed = [event for event in events if isinstance(event, InstanceFailed)]
    assert [(event.instance_id, event.code) for event in failed] == [("0", TIMED_OUT_CODE), ("2", TIMED_OUT_CODE)]
    assert failed[0].message == "The upgrade of the instance did not end within 60 seconds."
    assert drive.upgrade.phase is Phase.JUDGING


def test_each_wave_has_a_deadline_of_its_own() -> None:
    drive = under_way(maximumInFlight=2)
    drive.wait(30)
    drive.answer("0")
    drive.wait(30)
    assert names(drive.alarm()) == ["InstanceFailed"]
    assert drive.status_of("2") is InstanceStatus.IN_PROGRESS
    drive.wait(30)
    assert names(drive.alarm()) == ["InstanceFailed", "BatchSettled"]


def test_rules_are_asked_once_about_all_that_timed_out_together() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1)
    drive = Drive(upgrade(policy({"batch": 3, "instanceTimeout": "PT1M"}, [rule]), instances(6)))
    drive.observe()
    drive.wait(60)
    [halt] = [event for event in drive.alarm() if isinstance(event, HaltDecided)]
    assert halt.unhealthy_instance_ids == ("0", "1", "2")


def test_a_rest_ends_at_its_time() -> None:
    drive = Drive(upgrade(policy({"batch": 5, "pauseBetweenBatches": "PT1M"})))
    drive.observe()
    drive.answer_all()
    drive.observe()
    drive.wait(59)
    assert drive.alarm() == ()
    drive.wait(1)
    assert names(drive.alarm()) == ["RestEnded"]
    assert drive.upgrade.phase is Phase.CHECKING


def test_settling_has_no_alarm_since_a_look_ends_it() -> None:
    drive = under_way()
    for instance_id in ("0", "1", "2"):
        drive.answer(instance_id, probe=ProbeState.UNKNOWN)
    drive.wait(100_000)
    assert drive.owed().alarm_ms is None
    assert drive.alarm() == ()
