"""The planner: puts the instances in order and cuts them into batches.

Law: the same instances, targets and rules give the same plan, in whatever order they come; its digest tells. Time is
that of sorting the instances once, whatever the policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tidegate.domain.instance import Instance
from tidegate.domain.natural_order import natural_key
from tidegate.policy import judge
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.fact import Facts
from tidegate.policy.pace import FaultDomains, Pace
from tidegate.upgrade.batching import foreseen_size
from tidegate.upgrade.events import FactText
from tidegate.upgrade.numbers import starting_facts
from tidegate.upgrade.plan import ExtensionTarget, Plan, PlannedBatch, PlannedInstance, Target, UpgradeKind
from tidegate.upgrade.selection import InstanceRules, Selection, select_instances


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedUpgrade:
    """A plan, and the facts it was made from: both go into UpgradeStarted together."""

    plan: Plan
    facts: Mapping[str, FactText]


def plan_upgrade(
    *,
    policy: CompiledPolicy,
    kind: UpgradeKind,
    facts: Mapping[str, FactText],
    instances: Iterable[Instance],
    targets: Sequence[Target],
    extension_facts: Mapping[str, Facts],
) -> PlannedUpgrade:
    """Select the instances, ask the policy for its pace, and plan.

    `facts` are the subscription.*, upgrade.* and scaleSet.* facts; `extension_facts` the extension.* facts of each
    extension target by its extension's name. Both are made in `tidegate.upgrade.circumstances`.
    """
    rules = InstanceRules(policy=policy, facts=facts, extension_facts=extension_facts)
    selection = select_instances(kind, instances, targets, rules)
    known = {**facts, **starting_facts(selection.total_count, len(selection.planned), len(selection.unhealthy))}
    return PlannedUpgrade(plan=make_plan(selection, targets, judge.pace(policy, known)), facts=known)


def make_plan(selection: Selection, targets: Sequence[Target], pace: Pace) -> Plan:
    """Order the selected instances and cut them into batches."""
    order = order_instances(selection.planned, selection.unhealthy, pace)
    batches = cut(order, pace, selection.total_count)
    return Plan(
        targets=tuple(targets),
        order=order,
        skipped=selection.skipped,
        total_count=selection.total_count,
        batches=batches,
        pace=pace.decision,
        digest=_digest(targets, order, batches),
    )


def order_instances(
    planned: Iterable[PlannedInstance], unhealthy: Collection[str], pace: Pace
) -> tuple[PlannedInstance, ...]:
    """Unhealthy ones first where the pace wants it, then zone after zone unless together, then by fault domain.

    Zones and, at the last, instance ids are in natural order.
    """
    by_id = sorted(planned, key=lambda one: natural_key(one.instance_id))
    unhealthy_first = [one for one in by_id if one.instance_id in unhealthy] if pace.unhealthy_first else []
    others = [one for one in by_id if one.instance_id not in unhealthy] if pace.unhealthy_first else by_id
    return tuple(
        one
        for health_group in (unhealthy_first, others)
        for zone_group in _by_zone(health_group, pace.zones_together)
        for one in _by_fault_domain(zone_group, pace.fault_domains)
    )


def _by_zone(planned: Sequence[PlannedInstance], zones_together: bool) -> Iterable[Sequence[PlannedInstance]]:
    if zones_together:
        return (planned,)
    zones: dict[str, list[PlannedInstance]] = {}
    for one in planned:
        zones.setdefault(one.zone, []).append(one)
    return (zones[zone] for zone in sorted(zones, key=natural_key))


def _by_fault_domain(planned: Sequence[PlannedInstance], fault_domains: FaultDomains) -> Iterable[PlannedInstance]:
    """Spreading takes one of each fault domain in turn; domains of several zones are told apart, zones first."""
    if fault_domains is FaultDomains.IGNORED:
        return planned
    if fault_domains is FaultDomains.ONE_AFTER_ANOTHER:
        return sorted(planned, key=lambda one: one.fault_domain)
    domains = sorted({_domain(one) for one in planned}, key=lambda domain: (domain[0], natural_key(domain[1])))
    ranks = {domain: rank for rank, domain in enumerate(domains)}
    taken = [0] * len(domains)
    turns: list[tuple[int, int, int]] = []
    for index, one in enumerate(planned):
        rank = ranks[_domain(one)]
        turns.append((taken[rank], rank, index))
        taken[rank] += 1
    return [planned[index] for _, _, index in sorted(turns)]


def _domain(planned: PlannedInstance) -> tuple[int, str]:
    return planned.fault_domain, planned.zone


def cut(order: Sequence[PlannedInstance], pace: Pace, total_count: int) -> tuple[PlannedBatch, ...]:
    """The batches of that order, as long as health makes none of them smaller."""
    batches: list[PlannedBatch] = []
    position = 0
    while position < len(order):
        number = len(batches) + 1
        size = foreseen_size(order, position, number, pace, total_count)
        batches.append(PlannedBatch(number=number, start=position, size=size))
        position += size
    return tuple(batches)


def _digest(targets: Sequence[Target], order: Sequence[PlannedInstance], batches: Sequence[PlannedBatch]) -> str:
    canonical = {
        "targets": [_target_text(target) for target in targets],
        "instances": [one.instance_id for one in order],
        "zones": [one.zone for one in order],
        "faultDomains": [one.fault_domain for one in order],
        "previous": [None if version is None else version.text for one in order for version in one.previous],
        "batches": [number for batch in batches for number in (batch.start, batch.size)],
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _target_text(target: Target) -> tuple[str, str, str]:
    if isinstance(target, ExtensionTarget):
        return target.extension_name, target.extension_type.key, str(target.version)
    return "", "", str(target.version)
