"""Messages as a server sends them, and what they look like on a page."""

from __future__ import annotations

import io
from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType

from tidegate_client.messages import (
    Decision,
    EventType,
    FactSeen,
    FactValue,
    InstanceProgress,
    InstanceStatus,
    Phase,
    Progress,
    RollingUpgrade,
    StatusCode,
    Trigger,
    UpgradeEvent,
    UpgradeKind,
    UpgradeSnapshot,
    UpgradeTarget,
    Verdict,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCALE_SET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web"
UPGRADE = f"{SCALE_SET}/rollingUpgrades/u1"
BEGAN_SECONDS = 1_767_225_600  # 2026-01-01 00:00:00 UTC

HALT = Decision(
    verdict=Verdict.VERDICT_HALT,
    rule="too-many-unhealthy",
    because="40% of instances are in an unhealthy state.",
    place="rules/azure-default.yaml:85:5",
    facts=[
        FactSeen(name="progress.unhealthyUpgradedPercent", value=FactValue(double_value=40.0), age_seconds=0.2),
        FactSeen(name="scaleSet.capacity", value=FactValue(int_value=10), age_seconds=72.0),
    ],
)


def page(renderable: RenderableType, *, width: int = 100, height: int = 40) -> str:
    """What a terminal without colours shows of it."""
    console = Console(
        file=io.StringIO(), width=width, height=height, no_color=True, markup=False, emoji=False, highlight=False
    )
    with console.capture() as captured:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def at(seconds: float) -> Timestamp:
    """So many seconds after the sample upgrade began."""
    return Timestamp(seconds=BEGAN_SECONDS + int(seconds), nanos=round(seconds % 1 * 1_000_000_000))


def instances(*statuses: InstanceStatus.ValueType, zone: str = "") -> list[InstanceProgress]:
    """Instances 0, 1, 2 and so on with these statuses."""
    return [
        InstanceProgress(instance_id=str(number), status=status, zone=zone) for number, status in enumerate(statuses)
    ]


def upgrade(**changes: object) -> RollingUpgrade:
    """An upgrade of ten instances in its second batch of five."""
    usual = RollingUpgrade(
        name=UPGRADE,
        scale_set=SCALE_SET,
        location="westeurope",
        kind=UpgradeKind.UPGRADE_KIND_EXTENSION,
        trigger=Trigger.TRIGGER_MANUAL,
        status=StatusCode.STATUS_CODE_ROLLING_FORWARD,
        phase=Phase.PHASE_UPGRADING,
        batch_number=2,
        planned_batch_count=5,
        progress=Progress(successful_instance_count=2, in_progress_instance_count=2, pending_instance_count=6),
        targets=[UpgradeTarget(extension_name="agent", publisher="P", type="Agent", version="1.4")],
        policy="azure-default",
        policy_digest="3f2a9c1b77",
        start_time=at(0),
        last_sequence=7,
    )
    usual.MergeFrom(RollingUpgrade(**changes))  # type: ignore[arg-type]  # fields of the message by name
    return usual


def snapshot(parts: Sequence[InstanceProgress], **changes: object) -> UpgradeSnapshot:
    """The upgrade with these instances."""
    return UpgradeSnapshot(rolling_upgrade=upgrade(**changes), instances=parts)


def event(sequence: int, kind: EventType.ValueType, *instance_ids: str, **more: object) -> UpgradeEvent:
    """An event of the upgrade, so many seconds after its beginning as its number says."""
    happened = UpgradeEvent(
        upgrade=UPGRADE,
        sequence=sequence,
        time=at(sequence),
        type=kind,
        instance_ids=instance_ids,
        batch_number=2,
        status=StatusCode.STATUS_CODE_ROLLING_FORWARD,
        phase=Phase.PHASE_UPGRADING,
    )
    happened.MergeFrom(UpgradeEvent(**more))  # type: ignore[arg-type]  # fields of the message by name
    return happened


def scale_set_id(name: str) -> str:
    """The ARM id of a scale set in the sample's group."""
    return SCALE_SET.removesuffix("web") + name


def arm_resource(
    name: str,
    *,
    capacity: int = 4,
    batch_percent: int = 50,
    pause: str = "PT0S",
    publisher: str = "Tests",
    zones: Sequence[str] = (),
) -> dict[str, object]:
    """A scale set as ARM writes it, with one extension that is to be upgraded from 1.0."""
    extension = {
        "publisher": publisher,
        "type": "Agent",
        "typeHandlerVersion": "1.0",
        "autoUpgradeMinorVersion": True,
    }
    return {
        "name": name,
        "location": "westeurope",
        "zones": list(zones),
        "sku": {"name": "Standard_D2s_v5", "capacity": capacity},
        "properties": {
            "upgradePolicy": {
                "mode": "Manual",
                "rollingUpgradePolicy": {"maxBatchInstancePercent": batch_percent, "pauseTimeBetweenBatches": pause},
            },
            "virtualMachineProfile": {
                "storageProfile": {
                    "imageReference": {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "1.0.0"}
                },
                "extensionProfile": {"extensions": [{"name": "agent", "properties": extension}]},
            },
        },
    }
