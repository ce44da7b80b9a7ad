"""Builds what the tests of the core begin with: a policy in a few words, instances, a started upgrade."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tidegate.domain.extension import Extension, ExtensionState, ExtensionType, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference, ScaleSet
from tidegate.domain.version import Version
from tidegate.policy.compiled import CompiledPolicy, compile_policy
from tidegate.policy.source import PolicySource
from tidegate.upgrade.circumstances import extension_facts, scale_set_facts
from tidegate.upgrade.events import UpgradeStarted
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.plan import ExtensionTarget, ImageTarget, Target, Trigger, UpgradeKind
from tidegate.upgrade.planner import PlannedUpgrade, plan_upgrade
from tidegate.upgrade.state import Upgrade

START_MS = 1_700_000_000_000
SCALE_SET = ScaleSetId(subscription="sub", resource_group="shop", name="web")
AGENT = ExtensionType(publisher="Contoso.Agents", type="Agent")


def policy_source(
    batching: Mapping[str, object], halt: Sequence[Mapping[str, object]] = (), eligibility: Sequence[object] = ()
) -> PolicySource:
    """A policy with one batching rule, `pace`; JSON is YAML too."""
    document = {
        "apiVersion": "tidegate/v1",
        "kind": "Policy",
        "name": "test",
        "description": "A policy of a test.",
        **({"eligibility": list(eligibility)} if eligibility else {}),
        "batching": [{"name": "pace", "because": "the test says so", **batching}],
        **({"halt": list(halt)} if halt else {}),
    }
    return PolicySource(file="test.yaml", text=json.dumps(document, indent=1))


def policy(
    batching: Mapping[str, object] | None = None,
    halt: Sequence[Mapping[str, object]] = (),
    eligibility: Sequence[object] = (),
) -> CompiledPolicy:
    """The compiled policy; without a word about it, batches of 20%."""
    return compile_policy(policy_source(batching or {"batch": "20%"}, halt, eligibility))


def halt_rule(
    at: str, fact: str, operator: str, value: object, then: str = "halt", **more: object
) -> dict[str, object]:
    """A halt rule about one progress.* fact."""
    return {
        "name": f"{then}-{at}-{fact}".lower(),
        "at": at,
        "when": {"fact": f"progress.{fact}", operator: value},
        "then": then,
        "because": f"{{progress.{fact}}} is {operator} {value}",
        **more,
    }


AZURE_HALTS = (
    halt_rule(
        "beforeBatch",
        "unhealthyInstancePercent",
        "greaterThan",
        "20%",
        code="MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade",
    ),
    halt_rule(
        "afterBatch",
        "unhealthyUpgradedPercent",
        "greaterThan",
        "20%",
        code="MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
    ),
)
"""Azure's two checks at their default percentages."""


def instance(
    instance_id: str,
    *,
    versions: Mapping[str, str] | None = None,
    zone: str = "",
    fault_domain: int = 0,
    probe: ProbeState = ProbeState.HEALTHY,
    image_version: str = "1.0",
    is_protected: bool = False,
    failed_extensions: Iterable[str] = (),
) -> Instance:
    """An instance that runs the extension `agent` at 1.0, unless told otherwise."""
    running = {"agent": "1.0"} if versions is None else versions
    failed = set(failed_extensions)
    return Instance(
        instance_id=instance_id,
        zone=zone,
        fault_domain=fault_domain,
        extensions={
            name: ExtensionState(
                name=name,
                version=Version(version),
                provisioning_state=ProvisioningState.FAILED if name in failed else ProvisioningState.SUCCEEDED,
            )
            for name, version in running.items()
        },
        probe=probe,
        image_version=image_version,
        is_protected=is_protected,
    )


def instances(count: int, zones: Sequence[str] = ("",), fault_domain_count: int = 1) -> tuple[Instance, ...]:
    """Instances 0, 1, 2, ... dealt out to zones in turn, and within those to fault domains."""
    return tuple(
        instance(
            str(number),
            zone=zones[number % len(zones)],
            fault_domain=number // len(zones) % fault_domain_count,
        )
        for number in range(count)
    )


def extension(name: str = "agent", version: str = "1.0", auto_upgrade_minor_version: bool = True) -> Extension:
    """An entry of the profile; every extension here is of one type."""
    return Extension(
        name=name,
        extension_type=AGENT,
        type_handler_version=Version(version),
        auto_upgrade_minor_version=auto_upgrade_minor_version,
        enable_automatic_upgrade=True,
        suppress_failures=False,
        provision_after=(),
    )


def extension_target(name: str = "agent", version: str = "1.1") -> ExtensionTarget:
    """What the extension is to be brought to."""
    return ExtensionTarget(extension_name=name, extension_type=AGENT, version=Version(version))


def image_target(version: str = "2.0") -> ImageTarget:
    """What the image is to be brought to."""
    return ImageTarget(version=Version(version))


def scale_set(capacity: int = 10, extensions: Sequence[Extension] = (), zones: Sequence[str] = ()) -> ScaleSet:
    """A regional scale set with a load balancer probe."""
    return ScaleSet(
        scale_set_id=SCALE_SET,
        location="westeurope",
        capacity=capacity,
        zones=tuple(zones),
        tags={},
        extensions=tuple(extensions) or (extension(),),
        rolling_upgrade_policy=RollingUpgradePolicy(),
        upgrade_mode="Manual",
        orchestration_mode="Uniform",
        fault_domain_count=5,
        image=ImageReference(publisher="Canonical", offer="ubuntu", sku="server", version="latest"),
        has_health_probe=True,
        has_application_health_extension=False,
        is_service_fabric=False,
        resource_json="{}",
        etag="1",
    )


def planned(
    compiled: CompiledPolicy,
    fleet: Sequence[Instance],
    targets: Sequence[Target] = (),
    *,
    kind: UpgradeKind = UpgradeKind.EXTENSION,
    trigger: Trigger = Trigger.MANUAL,
    force: bool = False,
) -> PlannedUpgrade:
    """A plan for those instances; without a word about it, to `agent` 1.1."""
    wanted = tuple(targets) or (extension_target(),)
    return plan_upgrade(
        policy=compiled,
        kind=kind,
        facts=scale_set_facts(scale_set(len(fleet)), is_enrolled=True, kind=kind, trigger=trigger, force=force),
        instances=fleet,
        targets=wanted,
        extension_facts={
            target.extension_name: extension_facts(extension(target.extension_name), target.version, 86_400.0)
            for target in wanted
            if isinstance(target, ExtensionTarget)
        },
    )


def started(
    compiled: CompiledPolicy,
    fleet: Sequence[Instance],
    targets: Sequence[Target] = (),
    *,
    kind: UpgradeKind = UpgradeKind.EXTENSION,
    trigger: Trigger = Trigger.MANUAL,
    force: bool = False,
) -> UpgradeStarted:
    """The first event of an upgrade of those instances."""
    prepared = planned(compiled, fleet, targets, kind=kind, trigger=trigger, force=force)
    return UpgradeStarted(
        at_ms=START_MS,
        upgrade_id="u1",
        scale_set=str(SCALE_SET),
        location="westeurope",
        kind=kind,
        trigger=trigger,
        force=force,
        request_id="",
        policy_name=compiled.name,
        policy_digest=compiled.digest,
        policy_source=compiled.source,
        scale_set_policy=RollingUpgradePolicy(),
        facts=prepared.facts,
        has_probe=True,
        image=ImageReference(),
        plan=prepared.plan,
        eligibility=(),
    )


def upgrade(
    compiled: CompiledPolicy | None = None,
    fleet: Sequence[Instance] | None = None,
    targets: Sequence[Target] = (),
    *,
    kind: UpgradeKind = UpgradeKind.EXTENSION,
    trigger: Trigger = Trigger.MANUAL,
    force: bool = False,
) -> Upgrade:
    """An upgrade that has just started: of ten instances in batches of two, unless told otherwise."""
    return evolve(
        None,
        started(
            policy() if compiled is None else compiled,
            instances(10) if fleet is None else fleet,
            targets,
            kind=kind,
            trigger=trigger,
            force=force,
        ),
    )


def unhealthy(one: Instance) -> Instance:
    """The same instance, with a probe that says Unhealthy."""
    return replace(one, probe=ProbeState.UNHEALTHY)
