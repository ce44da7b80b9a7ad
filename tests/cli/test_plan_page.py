"""Plans and explanations."""

from tests.cli.samples import HALT, UPGRADE, page
from tidegate.cli.plan_page import explanation_page, plan_page
from tidegate_client.messages import (
    Batch,
    Decision,
    ExplainInstanceResponse,
    InstanceProgress,
    InstanceStatus,
    Plan,
    SkippedInstances,
    UpgradeTarget,
    Verdict,
)

DENIED = Decision(verdict=Verdict.VERDICT_DENY, rule="no-pins", because="It is pinned.", place="p.yaml:1:2")


def test_a_plan_shows_every_batch_and_what_is_left_alone_and_why() -> None:
    plan = Plan(
        batches=[Batch(number=1, zone="1", instance_ids=["0", "3"]), Batch(number=2, instance_ids=["1"])],
        skipped=[
            SkippedInstances(status=InstanceStatus.INSTANCE_STATUS_DENIED, instance_ids=["9"], decision=DENIED),
            SkippedInstances(status=InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST, instance_ids=["7", "8"]),
        ],
        targets=[UpgradeTarget(extension_name="agent", version="1.4")],
        pace=Decision(verdict=Verdict.VERDICT_PACE, rule="slow", because="it is asked for", place="p.yaml:9:1"),
        eligibility=[DENIED],
        policy="azure-default",
        policy_digest="3f2a9c1b77",
        digest="aabbccddeeff",
        total_instance_count=6,
    )
    shown = page(plan_page(plan), width=200)
    for text in (
        "agent 1.4",
        "3 of 6 instances (aabbccdd)",
        "pace  slow  p.yaml:9:1",
        "deny  no-pins  p.yaml:1:2",
        "left alone by a rule: 9",
        "newest already: 7, 8",
    ):
        assert text in shown
    lines = shown.splitlines()
    assert lines[-2].split() == ["1", "1", "2", "0,", "3"]
    assert lines[-1].split() == ["2", "-", "1", "1"]


def test_a_plan_without_batches_says_so() -> None:
    assert "There is nothing to do" in page(plan_page(Plan(policy="p")))


def test_an_explanation_is_a_sentence_and_its_decisions() -> None:
    answer = ExplainInstanceResponse(
        rolling_upgrade=UPGRADE,
        instance=InstanceProgress(
            instance_id="3", status=InstanceStatus.INSTANCE_STATUS_FAILED, batch_number=2, zone="1"
        ),
        explanation="It failed.",
        decisions=[HALT],
    )
    lines = page(explanation_page(answer)).splitlines()
    assert lines[0] == "instance 3  failed  batch 2  zone 1  upgrade u1"
    assert lines[1] == "It failed."
    assert lines[3] == "halt  too-many-unhealthy  rules/azure-default.yaml:85:5"


def test_an_instance_of_no_upgrade_has_neither_batch_nor_upgrade() -> None:
    answer = ExplainInstanceResponse(
        instance=InstanceProgress(instance_id="3", status=InstanceStatus.INSTANCE_STATUS_WAITING)
    )
    assert page(explanation_page(answer)).splitlines()[0] == "instance 3  waiting"
