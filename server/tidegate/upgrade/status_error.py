"""The error of an upgrade's status: why it was halted, or that instances failed, in Azure's codes where it has one.

The codes and sentences about the percentages and about a single instance are Azure's, as clients and people know them:
facts of its interface. What a percentage came to is said by the rule itself. All other sentences are our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tidegate.upgrade.events import HaltDecided
from tidegate.upgrade.halting import MOST_INSTANCES_NAMED
from tidegate.upgrade.observed import UNHEALTHY_CODE, UNHEALTHY_MESSAGE
from tidegate.upgrade.state import Upgrade
from tidegate.upgrade.wording import sentence

UNHEALTHY_BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
UNHEALTHY_DURING = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
UNHEALTHY_UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
WITH_FAILED = "RollingUpgradeInProgressWithFailedUpgradedVMs"

_MORE = "For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    """One instance: what is wrong with it. `target` is `{scale set}/virtualMachines/{id}`."""

    code: str
    target: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusError:
    """The whole error, with at most a thousand details."""

    code: str
    message: str
    details: tuple[ErrorDetail, ...]


def status_error(upgrade: Upgrade) -> StatusError | None:
    """None where all is well: nothing was halted and no instance failed. Takes time linear in the attempted ones."""
    if upgrade.halt is not None:
        ids = dict.fromkeys((*upgrade.halt.unhealthy_instance_ids, *_failed(upgrade)))
        details = _details(upgrade, ids)
        return StatusError(
            code=upgrade.halt.code, message=_halt_message(upgrade, upgrade.halt, details), details=details
        )
    if not upgrade.failed_count:
        return None
    return StatusError(
        code=WITH_FAILED, message=_failures_message(upgrade), details=_details(upgrade, _failed(upgrade))
    )


def _failed(upgrade: Upgrade) -> Iterator[str]:
    """The instances this upgrade failed on, in the plan's order, whether brought back since or not."""
    for planned in upgrade.started.plan.order[: upgrade.begun]:
        record = upgrade.records.get(planned.instance_id)
        if record is not None and record.code:
            yield planned.instance_id


def _details(upgrade: Upgrade, instance_ids: Iterable[str]) -> tuple[ErrorDetail, ...]:
    return tuple(_detail(upgrade, instance_id) for instance_id in islice(instance_ids, MOST_INSTANCES_NAMED))


def _detail(upgrade: Upgrade, instance_id: str) -> ErrorDetail:
    record = upgrade.records.get(instance_id)
    is_failed = record is not None and record.code != ""
    return ErrorDetail(
        code=record.code if record is not None and is_failed else UNHEALTHY_CODE,
        target=f"{upgrade.scale_set.name}/virtualMachines/{instance_id}",
        message=record.message if record is not None and is_failed else UNHEALTHY_MESSAGE,
    )


def _halt_message(upgrade: Upgrade, halt: HaltDecided, details: tuple[ErrorDetail, ...]) -> str:
    """What the rule says, and for Azure's codes the rest of Azure's sentence, where an instance moved the rule."""
    because = sentence(halt.decision.because)
    worst = _most_common(details)
    if worst is not None and halt.code in (UNHEALTHY_BEFORE, UNHEALTHY_DURING):
        return f"{because} The most impactful error is:  {worst} {_MORE}"
    if worst is not None and halt.code == UNHEALTHY_UPGRADED:
        first = next(_failed(upgrade), None) or halt.unhealthy_instance_ids[0]
        return f"{because} The most impactful error is: {worst}. First failed instance ID is: {first}."
    return f"The rule {halt.decision.rule} halted the rolling upgrade: {because}"


def _most_common(details: Iterable[ErrorDetail]) -> str | None:
    """The message that most instances have in common, the first of them among equals."""
    found = Counter(detail.message for detail in details).most_common(1)
    return found[0][0] if found else None


def _failures_message(upgrade: Upgrade) -> str:
    worst = _most_common(_details(upgrade, _failed(upgrade)))
    count = "1 instance" if upgrade.failed_count == 1 else f"{upgrade.failed_count} instances"
    goes_on = "It ended all the same" if upgrade.is_ended else "It goes on"
    return (
        f"The rolling upgrade failed on {count}. {goes_on}, because no rule of the policy "
        f"{upgrade.started.policy_name} halted it for that. The most common error is: {worst}"
    )
