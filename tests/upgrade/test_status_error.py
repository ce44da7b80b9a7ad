"""The error of the status, in Azure's codes and sentences where it has them."""

from pathlib import Path

import pytest

from tests.upgrade.building import AZURE_HALTS, halt_rule, instances, policy, upgrade
from tests.upgrade.driving import Drive, failure
from tidegate.policy.compiled import compile_policy
from tidegate.policy.source import PolicySource
from tidegate.upgrade.status_error import (
    UNHEALTHY_BEFORE,
    UNHEALTHY_DURING,
    UNHEALTHY_UPGRADED,
    WITH_FAILED,
    ErrorDetail,
    StatusError,
    status_error,
)


def error_of(drive: Drive) -> StatusError:
    error = status_error(drive.upgrade)
    assert error is not None
    return error


def test_where_all_is_well_there_is_no_error() -> None:
    drive = Drive(upgrade())
    assert status_error(drive.upgrade) is None
    drive.run()
    assert status_error(drive.upgrade) is None


@pytest.mark.parametrize("code", [UNHEALTHY_BEFORE, UNHEALTHY_DURING])
def test_too_many_unhealthy_instances_are_told_in_azures_words(code: str) -> None:
    rule = {
        **halt_rule("beforeBatch", "unhealthyInstancePercent", "greaterThan", "20%", code=code),
        "because": "Rolling Upgrade failed. {progress.unhealthyInstancePercent}% of instances are unhealthy.",
    }
    drive = Drive(upgrade(policy({"batch": 1}, [rule]), instances(4)))
    drive.observe(unhealthy=["1", "2"])
    error = error_of(drive)
    assert error.code == code
    assert error.message == (
        "Rolling Upgrade failed. 50% of instances are unhealthy. The most impactful error is:  Instance found to be "
        "unhealthy or unreachable. For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"
    )
    assert error.details == tuple(
        ErrorDetail(
            code="RollingUpgradeInstanceUnhealthyError",
            target=f"web/virtualMachines/{instance_id}",
            message="Instance found to be unhealthy or unreachable.",
        )
        for instance_id in ("1", "2")
    )


def test_too_many_unhealthy_upgraded_instances_name_the_most_common_error_and_the_first_instance() -> None:
    drive = Drive(upgrade(policy({"batch": 4}, AZURE_HALTS)))
    drive.observe()
    drive.answer("0")
    drive.answer("1", [failure("A", "Once")])
    drive.answer("2", [failure("B", "Twice")])
    drive.answer("3", [failure("B", "Twice")])
    drive.observe(unhealthy=["0"])
    error = error_of(drive)
    assert error.code == UNHEALTHY_UPGRADED
    assert error.message.endswith("The most impactful error is: Twice. First failed instance ID is: 1.")
    assert [(detail.target[-1], detail.code) for detail in error.details] == [
        ("0", "RollingUpgradeInstanceUnhealthyError"),
        ("1", "A"),
        ("2", "B"),
        ("3", "B"),
    ]


def by_azures_rules(repository: Path, count: int) -> Drive:
    """An upgrade under the shipped policy that does what Azure does."""
    text = (repository / "rules" / "azure-default.yaml").read_text(encoding="utf-8")
    return Drive(upgrade(compile_policy(PolicySource(file="azure-default.yaml", text=text)), instances(count)))


def test_under_the_shipped_policy_the_whole_sentence_before_any_batch_is_azures(repository: Path) -> None:
    drive = by_azures_rules(repository, 1)
    drive.observe(unhealthy=["0"])
    assert error_of(drive).code == UNHEALTHY_BEFORE
    assert error_of(drive).message == (
        "Rolling Upgrade failed due to exceeding the MaxUnhealthyInstancePercent value (defined in the "
        "RollingUpgradePolicy) before any batch was attempted. 100% of instances are in an unhealthy state, more than "
        "the threshold of 20% configured in the RollingUpgradePolicy. The most impactful error is:  Instance found to "
        "be unhealthy or unreachable. For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"
    )


def test_under_the_shipped_policy_the_whole_sentence_before_a_later_batch_is_azures(repository: Path) -> None:
    drive = by_azures_rules(repository, 2)
    drive.observe()
    drive.answer("0")
    drive.observe()
    drive.observe(unhealthy=["0", "1"])
    assert error_of(drive).code == UNHEALTHY_DURING
    assert error_of(drive).message == (
        "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
        "RollingUpgradePolicy. 100% of instances are in an unhealthy state after being upgraded - more than the "
        "threshold of 20% configured in the RollingUpgradePolicy. The most impactful error is:  Instance found to be "
        "unhealthy or unreachable. For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"
    )


def test_under_the_shipped_policy_the_whole_sentence_after_a_batch_is_azures(repository: Path) -> None:
    drive = by_azures_rules(repository, 5)
    drive.observe()
    drive.answer("0")
    drive.observe(unhealthy=["0"])
    assert error_of(drive).code == UNHEALTHY_UPGRADED
    assert error_of(drive).message == (
        "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the "
        "RollingUpgradePolicy. 100% of instances are in an unhealthy state after being upgraded - more than the "
        "threshold of 20%. The most impactful error is: Instance found to be unhealthy or unreachable.. First failed "
        "instance ID is: 0."
    )


def test_a_rule_with_a_code_of_its_own_speaks_for_itself() -> None:
    rule = halt_rule("duringBatch", "failedInstanceCount", "atLeast", 1, code="Enough")
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    drive.fail("1")
    error = error_of(drive)
    assert error.code == "Enough"
    assert error.message == f"The rule {rule['name']} halted the rolling upgrade: 1 is atLeast 1."


def test_a_halt_that_no_instance_moved_speaks_for_itself_too() -> None:
    rule = halt_rule("beforeBatch", "batchesCompleted", "atMost", 9, code=UNHEALTHY_BEFORE)
    drive = Drive(upgrade(policy({"batch": 2}, [rule])))
    drive.observe()
    error = error_of(drive)
    assert (error.code, error.details) == (UNHEALTHY_BEFORE, ())
    assert error.message.startswith("The rule ")


def test_failures_that_halt_nothing_are_told_while_it_runs_and_when_it_has_ended() -> None:
    drive = Drive(upgrade(policy({"batch": 2}), instances(4)))
    drive.observe()
    drive.fail("1")
    assert error_of(drive).code == WITH_FAILED
    assert error_of(drive).message == (
        "The rolling upgrade failed on 1 instance. It goes on, because no rule of the policy test halted it for that. "
        "The most common error is: It broke."
    )
    drive.answer("0")
    drive.observe()
    drive.observe()
    drive.fail("2")
    drive.answer("3")
    drive.observe()
    assert "failed on 2 instances. It ended all the same" in error_of(drive).message


def test_no_more_than_a_thousand_instances_are_told() -> None:
    drive = Drive(upgrade(policy({"batch": 1_200}), instances(1_200)))
    drive.observe()
    for number in range(1_100):
        drive.fail(str(number))
    assert len(error_of(drive).details) == 1_000
