"""Selection: which instances an upgrade is to touch, and why it leaves the others alone.

Law: an instance that needs nothing is left alone before any rule is asked about it; a rule can only take away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tidegate.domain.instance import Instance
from tidegate.domain.natural_order import natural_key
from tidegate.domain.version import Version
from tidegate.policy import judge
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.decision import Decision
from tidegate.policy.fact import Facts, Scope
from tidegate.upgrade.circumstances import NO_EXTENSION, instance_facts, is_unhealthy
from tidegate.upgrade.plan import (
    ExtensionTarget,
    PlannedInstance,
    SkippedInstances,
    SkipReason,
    Target,
    UpgradeKind,
)
from tidegate.upgrade.targets import fits, previous_versions, runs


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRules:
    """The eligibility rules about instances, with the facts of the wider scopes that they may also ask about.

    `extension_facts` has the extension.* facts by extension name; a rule that asks about both an instance and an
    extension takes that one extension away from that instance.
    """

    policy: CompiledPolicy
    facts: Facts
    extension_facts: Mapping[str, Facts]

    @property
    def is_silent(self) -> bool:
        """The policy has no rule about instances."""
        return not self.policy.eligibility[Scope.INSTANCE].rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """`planned` in the natural order of their ids; `unhealthy` counts all instances, planned or not."""

    planned: tuple[PlannedInstance, ...]
    skipped: tuple[SkippedInstances, ...]
    unhealthy: frozenset[str]
    total_count: int


def select_instances(
    kind: UpgradeKind, instances: Iterable[Instance], targets: Sequence[Target], rules: InstanceRules | None = None
) -> Selection:
    """Sort the instances of one scale set, in whatever order they come, into planned and skipped ones."""
    ordered = sorted(instances, key=lambda instance: natural_key(instance.instance_id))
    sorting = _Sorting()
    asked = None if rules is None or rules.is_silent else _Asked.about(rules, kind, targets)
    for instance in ordered:
        previous = previous_versions(instance, targets)
        if previous.count(None) == len(previous):
            sorting.leave_alone(instance, targets)
            continue
        if asked is not None:
            previous, denial = _without_denied(asked, instance, previous)
            if denial is not None and not any(previous):
                sorting.deny(instance, denial)
                continue
        sorting.planned.append(PlannedInstance(instance.instance_id, instance.zone, instance.fault_domain, previous))
    assert len({instance.instance_id for instance in ordered}) == len(ordered), "an instance is listed twice"
    return Selection(
        planned=tuple(sorting.planned),
        skipped=sorting.skipped,
        unhealthy=frozenset([instance.instance_id for instance in ordered if is_unhealthy(instance, kind)]),
        total_count=len(ordered),
    )


class _Sorting:
    """The heaps that instances are put on."""

    def __init__(self) -> None:
        self.planned: list[PlannedInstance] = []
        self._plain: dict[SkipReason, list[str]] = {SkipReason.ALREADY_NEWEST: [], SkipReason.NOT_APPLICABLE: []}
        self._denied: dict[tuple[str, str], tuple[Decision, list[str]]] = {}

    def leave_alone(self, instance: Instance, targets: Sequence[Target]) -> None:
        """It needs none of the targets."""
        is_there = any(fits(target, runs(instance, target)) for target in targets)
        self._plain[SkipReason.ALREADY_NEWEST if is_there else SkipReason.NOT_APPLICABLE].append(instance.instance_id)

    def deny(self, instance: Instance, denial: Decision) -> None:
        """A rule took every target away; instances denied with the same words are one group."""
        self._denied.setdefault((denial.rule, denial.because), (denial, []))[1].append(instance.instance_id)

    @property
    def skipped(self) -> tuple[SkippedInstances, ...]:
        """One group for each reason that has instances, denials in the order of their rules in the file."""
        denied = sorted(self._denied.values(), key=lambda group: (group[0].place, group[0].because))
        return (
            *(
                SkippedInstances(reason=reason, instance_ids=tuple(ids), decision=None)
                for reason, ids in self._plain.items()
                if ids
            ),
            *(
                SkippedInstances(reason=SkipReason.DENIED, instance_ids=tuple(ids), decision=denial)
                for denial, ids in denied
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The policy that is asked about every instance, and all that is the same for each: put together once."""

    policy: CompiledPolicy
    kind: UpgradeKind
    wider_facts: Sequence[Facts]
    """Target by target the facts that are not about the instance."""

    @classmethod
    def about(cls, rules: InstanceRules, kind: UpgradeKind, targets: Sequence[Target]) -> _Asked:
        wider_facts = [{**_facts_of(rules, target), **rules.facts} for target in targets]
        return cls(policy=rules.policy, kind=kind, wider_facts=wider_facts)


def _without_denied(
    asked: _Asked, instance: Instance, previous: tuple[Version | None, ...]
) -> tuple[tuple[Version | None, ...], Decision | None]:
    """What is left of `previous` once the rules have been asked about each target, and the first denial."""
    own = instance_facts(instance, asked.kind)
    left: list[Version | None] = []
    first: Decision | None = None
    for wider, version in zip(asked.wider_facts, previous, strict=True):
        denials: tuple[Decision, ...] = ()
        if version is not None:
            denials = judge.eligibility(asked.policy, Scope.INSTANCE, {**wider, **own}).denials
        first = first or next(iter(denials), None)
        left.append(None if denials else version)
    return tuple(left), first


def _facts_of(rules: InstanceRules, target: Target) -> Facts:
    return rules.extension_facts[target.extension_name] if isinstance(target, ExtensionTarget) else NO_EXTENSION
