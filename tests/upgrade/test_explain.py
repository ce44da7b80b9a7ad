"""Every instance of the scale set can be explained, at any time."""

from dataclasses import replace

import pytest

from tests.upgrade.building import halt_rule, image_target, instance, instances, policy, upgrade
from tests.upgrade.driving import Drive, failure
from tidegate.domain.health import ProbeState
from tidegate.policy.decision import Verdict
from tidegate.upgrade.explain import Explanation, explain
from tidegate.upgrade.plan import SkipReason, Trigger, UpgradeKind
from tidegate.upgrade.state import InstanceStatus

PROTECTED = {"name": "stay", "when": {"fact": "instance.isProtected", "equals": True}, "deny": "{instance.id} stays"}


def told(drive: Drive, instance_id: str) -> Explanation:
    found = explain(drive.upgrade, instance_id)
    assert found is not None
    return found


def test_an_instance_that_nobody_knows_is_not_explained() -> None:
    assert explain(upgrade(), "nobody") is None


@pytest.mark.parametrize(
    ("one", "kind", "status", "sentence"),
    [
        (
            instance("0", versions={"agent": "1.1"}),
            UpgradeKind.EXTENSION,
            SkipReason.ALREADY_NEWEST,
            "It was left alone: its extensions were at the newest versions already, or above them.",
        ),
        (
            instance("0", versions={}),
            UpgradeKind.EXTENSION,
            SkipReason.NOT_APPLICABLE,
            "It was left alone: it has none of the extensions, or runs another major version of them.",
        ),
        (
            instance("0", image_version="9.9"),
            UpgradeKind.OS_IMAGE,
            SkipReason.ALREADY_NEWEST,
            "It was left alone: its image was at the newest version already, or above it.",
        ),
        (
            instance("0", image_version=""),
            UpgradeKind.OS_IMAGE,
            SkipReason.NOT_APPLICABLE,
            "It was left alone: nobody knows which image version it runs.",
        ),
    ],
)
def test_an_instance_left_alone_is_told_why(one: object, kind: UpgradeKind, status: SkipReason, sentence: str) -> None:
    targets = [image_target()] if kind is UpgradeKind.OS_IMAGE else []
    explanation = told(Drive(upgrade(fleet=[one], targets=targets, kind=kind)), "0")  # type: ignore[list-item]
    assert (explanation.status, explanation.sentence) == (status, sentence)
    assert (explanation.record, explanation.batch_number, explanation.decision) == (None, None, None)


def test_a_denied_instance_is_told_the_rule_and_its_decision() -> None:
    fleet = [replace(instance("7"), is_protected=True)]
    explanation = told(Drive(upgrade(policy({"batch": 1}, eligibility=[PROTECTED]), fleet)), "7")
    assert explanation.status is SkipReason.DENIED
    assert explanation.sentence == "It was left alone: the rule stay denies it: 7 stays."
    assert explanation.decision is not None
    assert explanation.decision.verdict is Verdict.DENY


def test_a_waiting_instance_is_told_its_batch() -> None:
    explanation = told(Drive(upgrade()), "5")
    assert (explanation.status, explanation.batch_number) == (InstanceStatus.WAITING, 3)
    assert explanation.sentence == "It waits for batch 3."
    assert explanation.decision is not None
    assert explanation.decision.verdict is Verdict.PACE


def test_an_instance_of_the_batch_under_way_waits_for_that_batch_even_where_it_was_foreseen_elsewhere() -> None:
    drive = Drive(upgrade(policy({"batch": 4, "minimumHealthy": 7, "maximumInFlight": 1})))
    drive.observe()
    assert drive.upgrade.batch_size == 3
    assert told(drive, "2").batch_number == 1
    drive.answer_all()
    drive.answer_all()
    drive.answer_all()
    drive.observe()
    drive.observe()
    assert told(drive, "3").batch_number == 2


def test_an_instance_under_way_is_told_so_at_every_step() -> None:
    drive = Drive(upgrade(policy({"batch": 3}), trigger=Trigger.AUTOMATIC))
    drive.observe()
    assert told(drive, "0").sentence == "It is being upgraded in batch 1."
    drive.answer("0")
    assert told(drive, "0").sentence == "It was upgraded in batch 1."
    drive.answer("1", probe=ProbeState.UNKNOWN)
    assert told(drive, "1").sentence == "It was upgraded in batch 1 and is waited for to become healthy."
    drive.fail("2", "Boom")
    assert told(drive, "2").sentence == "Its upgrade in batch 1 failed with Boom: It broke."
    drive.observe()
    drive.observe()
    why = "because its upgrade in batch 1 failed with Boom: It broke"
    assert told(drive, "2").sentence == f"It is being brought back to its previous versions, {why}."
    drive.answer("2", is_restore=True)
    assert told(drive, "2").sentence == f"It was brought back to its previous versions, {why}."


def test_what_a_command_printed_leaves_no_full_stop_on_a_line_of_its_own() -> None:
    drive = Drive(upgrade(policy({"batch": 1})))
    drive.observe()
    drive.answer("0", [failure("1009", "Non-zero exit code: 3\n[stderr]\nno space\n\n")])
    assert told(drive, "0").sentence.endswith("Non-zero exit code: 3\n[stderr]\nno space.")


def test_an_instance_that_could_not_be_brought_back_is_told_both_reasons() -> None:
    drive = Drive(upgrade(policy({"batch": 1}), trigger=Trigger.AUTOMATIC))
    drive.observe()
    drive.fail("0", "Boom")
    drive.observe()
    drive.answer("0", [failure("Stuck", "It stuck.")], is_restore=True)
    assert told(drive, "0").sentence == (
        "It was to be brought back to its previous versions, because its upgrade in batch 1 failed with Boom: "
        "It broke; that failed with Stuck: It stuck."
    )


def test_an_instance_rolled_back_with_the_rest_is_told_the_rule() -> None:
    rule = halt_rule("afterBatch", "failedInstanceCount", "atLeast", 1, "rollBack")
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.answer("0")
    drive.fail("1")
    drive.observe()
    drive.run()
    assert told(drive, "0").sentence == (
        "It was brought back to its previous versions, because the rule rollback-afterbatch-failedinstancecount "
        "rolled everything back: 1 is atLeast 1."
    )
    assert "halted the upgrade: 1 is atLeast 1." in told(drive, "9").sentence


def test_an_instance_not_begun_is_told_who_ended_or_holds_it() -> None:
    drive = Drive(upgrade())
    drive.pause()
    assert told(drive, "0").sentence == "It waits for batch 1; the upgrade is paused."
    drive.cancel()
    assert told(drive, "0").sentence == "It was not begun: the upgrade was cancelled before its turn came."


def test_every_instance_is_explained_in_a_whole_sentence() -> None:
    drive = Drive(upgrade(fleet=[*instances(6), instance("old", versions={})]))
    drive.observe()
    drive.fail("0")
    for instance_id in (*map(str, range(6)), "old"):
        assert told(drive, instance_id).sentence.endswith(".")
        assert not told(drive, instance_id).sentence.endswith("..")
