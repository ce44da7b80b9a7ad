"""The numbers that rules ask about: the progress.* facts, from where an upgrade stands and what was last observed.

Law: one health model for each kind. An extension upgrade holds an instance unhealthy where its probe says Unhealthy or
Unknown or an extension failed; an image upgrade asks the probe alone. Initializing is not unhealthy. Of the instances
this upgrade attempted, those that failed and those that succeeded but are unhealthy now count as unhealthy, each once.

Between two observations the numbers follow from the upgrade's own events: an extension upgrade that fails makes one
more unhealthy instance, unless that instance was unhealthy when its batch was formed. No number costs more than O(1).
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from tidegate.domain.health import HealthObservation
from tidegate.policy.decision import Ages
from tidegate.policy.fact import Facts
from tidegate.upgrade.events import HealthObserved
from tidegate.upgrade.plan import UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Phase, Upgrade

Numbers = Mapping[str, int | float]
"""progress.* facts by name: counts, percentages from 0 to 100, durations in seconds."""

_OBSERVED_FACTS = (
    "progress.totalInstanceCount",
    "progress.unhealthyInstanceCount",
    "progress.unhealthyInstancePercent",
    "progress.unhealthyUpgradedInstanceCount",
    "progress.unhealthyUpgradedPercent",
)


def unhealthy_instances(kind: UpgradeKind, observation: HealthObservation) -> Set[str]:
    """The unhealthy instances of the whole scale set, by the health model of the kind."""
    if kind is UpgradeKind.OS_IMAGE or not observation.extension_failed:
        return observation.probe_unhealthy
    return observation.probe_unhealthy | observation.extension_failed


def health_observed(upgrade: Upgrade, observation: HealthObservation, at_ms: int) -> HealthObserved:
    """What is kept of an observation; takes time linear in the unhealthy instances."""
    unhealthy = unhealthy_instances(upgrade.started.kind, observation)
    return HealthObserved(
        at_ms=at_ms,
        total_count=observation.total_count,
        unhealthy_count=len(unhealthy),
        unhealthy_succeeded_count=sum(1 for instance_id in unhealthy if has_succeeded(upgrade, instance_id)),
    )


def has_succeeded(upgrade: Upgrade, instance_id: str) -> bool:
    """This upgrade attempted the instance and holds it to have succeeded."""
    record = upgrade.records.get(instance_id)
    return record is not None and record.status is InstanceStatus.SUCCEEDED


def has_failed(upgrade: Upgrade, instance_id: str) -> bool:
    """This upgrade attempted the instance and failed, whether it was brought back since or not."""
    record = upgrade.records.get(instance_id)
    return record is not None and record.code != ""


def attempted_count(upgrade: Upgrade) -> int:
    """Instances whose upgrade has ended, well or badly."""
    return upgrade.successful_count + upgrade.failed_count


def share_percent(part: int, whole: int) -> float:
    """The part of the whole from 0 to 100; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0


def starting_facts(total_count: int, planned_count: int, unhealthy_count: int) -> dict[str, int | float]:
    """The progress.* facts before anything was attempted."""
    return _progress(
        total_count=total_count,
        planned_count=planned_count,
        unhealthy_count=unhealthy_count,
        attempted=0,
        unhealthy_upgraded=0,
        failed=0,
        batch_number=1,
        batches_completed=0,
        elapsed_seconds=0.0,
    )


def progress_facts(upgrade: Upgrade, at_ms: int) -> dict[str, int | float]:
    """The progress.* facts now."""
    return _progress(
        total_count=upgrade.total_count,
        planned_count=len(upgrade.started.plan.order),
        unhealthy_count=upgrade.unhealthy_count,
        attempted=attempted_count(upgrade),
        unhealthy_upgraded=upgrade.failed_count + upgrade.unhealthy_succeeded_count,
        failed=upgrade.failed_count,
        batch_number=upgrade.batch_number + (upgrade.phase is Phase.CHECKING),
        batches_completed=upgrade.batches_completed_count,
        elapsed_seconds=max(0, at_ms - upgrade.started.at_ms) / 1000,
    )


def facts_now(upgrade: Upgrade, at_ms: int) -> Facts:
    """Everything a halt rule may ask about: the frozen facts, and the progress.* facts now in place of the first."""
    return {**upgrade.started.facts, **progress_facts(upgrade, at_ms)}


def ages_now(upgrade: Upgrade, at_ms: int) -> Ages:
    """How old each fact is, in seconds: frozen at the start, as old as the last observation, or of this moment."""
    frozen = max(0, at_ms - upgrade.started.at_ms) / 1000
    observed_at_ms = upgrade.started.at_ms if upgrade.observed_at_ms is None else upgrade.observed_at_ms
    observed = max(0, at_ms - observed_at_ms) / 1000
    ages = dict.fromkeys(upgrade.started.facts, frozen)
    ages.update(_OF_THIS_MOMENT)
    ages.update(dict.fromkeys(_OBSERVED_FACTS, observed))
    return ages


def _progress(
    *,
    total_count: int,
    planned_count: int,
    unhealthy_count: int,
    attempted: int,
    unhealthy_upgraded: int,
    failed: int,
    batch_number: int,
    batches_completed: int,
    elapsed_seconds: float,
) -> dict[str, int | float]:
    return {
        "progress.totalInstanceCount": total_count,
        "progress.plannedInstanceCount": planned_count,
        "progress.unhealthyInstanceCount": unhealthy_count,
        "progress.unhealthyInstancePercent": share_percent(unhealthy_count, total_count),
        "progress.upgradedInstanceCount": attempted,
        "progress.unhealthyUpgradedInstanceCount": unhealthy_upgraded,
        "progress.unhealthyUpgradedPercent": share_percent(unhealthy_upgraded, attempted),
        "progress.failedInstanceCount": failed,
        "progress.failedInstancePercent": share_percent(failed, attempted),
        "progress.batchNumber": batch_number,
        "progress.batchesCompleted": batches_completed,
        "progress.elapsed": elapsed_seconds,
    }


_OF_THIS_MOMENT = dict.fromkeys(starting_facts(0, 0, 0), 0.0)
