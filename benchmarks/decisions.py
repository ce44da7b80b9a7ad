"""Eligibility decisions per second in this process: a policy of twelve rules, twenty-five facts given.

The baseline is the same twelve questions written by hand as one Python function that answers a bare boolean.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.report import Line
from benchmarks.rounds import compare
from tidegate.domain.version import Version
from tidegate.policy import judge
from tidegate.policy.compiled import compile_policy
from tidegate.policy.facts import FactValue, Scope
from tidegate.policy.source import PolicySource

ROUNDS = 7
DECISIONS_PER_ROUND = 200_000
AIM_PER_SECOND = 300_000

_RULES = """
  - {name: enrolled, when: {fact: subscription.enrolled, equals: false}, deny: no}
  - {name: no-cluster, when: {fact: scaleSet.isServiceFabric, equals: true}, deny: no}
  - {name: minor, when: {fact: extension.autoUpgradeMinorVersion, equals: false}, deny: no}
  - {name: not-here, when: {fact: scaleSet.location, in: [chinaeast, chinanorth]}, deny: no}
  - {name: small, when: {fact: scaleSet.capacity, lessThan: 1}, deny: no}
  - {name: young, when: {fact: extension.targetVersionAge, lessThan: PT1H}, deny: no}
  - {name: old, when: {fact: extension.targetVersion, lessThan: {fact: extension.typeHandlerVersion}}, deny: no}
  - {name: test-sets, when: {fact: scaleSet.name, startsWith: test-}, deny: no}
  - name: flexible
    when:
      all:
        - {fact: scaleSet.orchestrationMode, equals: Flexible}
        - not: {fact: scaleSet.hasApplicationHealthExtension, equals: true}
    deny: no
  - name: blind
    when:
      all:
        - {fact: upgrade.trigger, equals: AUTOMATIC}
        - {fact: scaleSet.hasHealthProbe, equals: false}
        - {fact: scaleSet.hasApplicationHealthExtension, equals: false}
    deny: no
  - {name: frozen, when: {fact: scaleSet.tags, tagged: {freeze: "true"}}, deny: no}
  - {name: wide, when: {fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent, greaterThan: 90%}, deny: no}
"""

_POLICY = f"""apiVersion: tidegate/v1
kind: Policy
name: twelve-rules
description: Twelve rules to measure by.
eligibility:{_RULES.replace("deny: no", 'deny: "no"')}
batching:
  - {{name: pace, batch: 20%}}
"""

_FACTS: dict[str, FactValue] = {
    "subscription.id": "1b2c",
    "subscription.enrolled": True,
    "upgrade.kind": "EXTENSION",
    "upgrade.trigger": "AUTOMATIC",
    "upgrade.force": False,
    "scaleSet.name": "web",
    "scaleSet.resourceGroup": "shop",
    "scaleSet.location": "westeurope",
    "scaleSet.zones": ("1", "2", "3"),
    "scaleSet.tags": {"owner": "shop"},
    "scaleSet.capacity": 100,
    "scaleSet.isServiceFabric": False,
    "scaleSet.hasHealthProbe": True,
    "scaleSet.hasApplicationHealthExtension": False,
    "scaleSet.upgradeMode": "Rolling",
    "scaleSet.orchestrationMode": "Uniform",
    "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent": 20.0,
    "extension.name": "agent",
    "extension.publisher": "Contoso",
    "extension.type": "Agent",
    "extension.typeHandlerVersion": Version("1.0"),
    "extension.autoUpgradeMinorVersion": True,
    "extension.enableAutomaticUpgrade": True,
    "extension.targetVersion": Version("1.4"),
    "extension.targetVersionAge": 7200.0,
}


def _by_hand(facts: dict[str, FactValue]) -> bool:
    tags = facts["scaleSet.tags"]
    return not (
        not facts["subscription.enrolled"]
        or facts["scaleSet.isServiceFabric"]
        or not facts["extension.autoUpgradeMinorVersion"]
        or facts["scaleSet.location"] in ("chinaeast", "chinanorth")
        or facts["scaleSet.capacity"] < 1  # type: ignore[operator]
        or facts["extension.targetVersionAge"] < 3600  # type: ignore[operator]
        or facts["extension.targetVersion"] < facts["extension.typeHandlerVersion"]  # type: ignore[operator]
        or facts["scaleSet.name"].startswith("test-")  # type: ignore[union-attr]
        or (facts["scaleSet.orchestrationMode"] == "Flexible" and not facts["scaleSet.hasApplicationHealthExtension"])
        or (
            facts["upgrade.trigger"] == "AUTOMATIC"
            and not facts["scaleSet.hasHealthProbe"]
            and not facts["scaleSet.hasApplicationHealthExtension"]
        )
        or tags.get("freeze") == "true"  # type: ignore[union-attr]
        or facts["scaleSet.rollingUpgradePolicy.maxBatchInstancePercent"] > 90  # type: ignore[operator]
    )


def _repeated(once: Callable[[], bool]) -> Callable[[], int]:
    def many() -> int:
        for _ in range(DECISIONS_PER_ROUND):
            assert once()
        return DECISIONS_PER_ROUND

    return many


def measure() -> list[Line]:
    """Ours, asked about the scale set and then about the extension as a start does, against the hand-written one."""
    policy = compile_policy(PolicySource(file="benchmark.yaml", text=_POLICY))
    scopes = [scope for scope in Scope if policy.eligibility[scope].rules]
    assert sum(len(policy.eligibility[scope].rules) for scope in scopes) == 12

    def ours() -> bool:
        about_set, about_extension = scopes
        return (
            judge.eligibility(policy, about_set, _FACTS).allowed
            and judge.eligibility(policy, about_extension, _FACTS).allowed
        )

    result = compare(_repeated(ours), _repeated(lambda: _by_hand(_FACTS)), ROUNDS)
    return [
        Line(
            name="eligibility decisions (12 rules, 25 facts, in process)",
            reached=f"{result.subject_per_second:,.0f}/s ({1e6 / result.subject_per_second:.2f} us)",
            baseline=f"hand-written Python {result.baseline_per_second:,.0f}/s",
            ratio=f"{result.ratio:.2f}",
            aim=f">= {AIM_PER_SECOND:,}/s",
        )
    ]
