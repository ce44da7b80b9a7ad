"""Events, rows and resources to write into a journal: small, and complete."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionType
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference, ScaleSet
from tidegate.domain.version import Version
from tidegate.journal.promise import Entry, Journal
from tidegate.policy.decision import Decision, FactSeen, Verdict
from tidegate.policy.place import Place
from tidegate.policy.source import PolicySource
from tidegate.upgrade.events import (
    BatchJudged,
    BatchSettled,
    BatchStarted,
    CancelAccepted,
    Event,
    HaltDecided,
    HealthObserved,
    InstanceFailed,
    InstanceRestored,
    InstanceRestoreFailed,
    InstanceSettled,
    InstanceUpgraded,
    RestEnded,
    RestoreBegan,
    RollingBackBegan,
    SettlingBegan,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeFaulted,
    UpgradePaused,
    UpgradeResumed,
    UpgradeStarted,
    WaveBegan,
)
from tidegate.upgrade.plan import (
    ExtensionTarget,
    ImageTarget,
    Plan,
    PlannedBatch,
    PlannedInstance,
    SkippedInstances,
    SkipReason,
    Trigger,
    UpgradeKind,
)

DECISION = Decision(
    verdict=Verdict.GO_ON,
    rule="small-batches",
    because="20% of 3 instances",
    place=Place(file="azure-default.yaml", line=12, column=5),
    facts=(
        FactSeen(name="upgrade.force", value=False, age_seconds=0.0),
        FactSeen(name="scaleSet.capacity", value=3, age_seconds=1.5),
        FactSeen(name="progress.unhealthyInstancePercent", value=2.5, age_seconds=0.0),
        FactSeen(name="extension.targetVersion", value="1.10", age_seconds=0.0),
    ),
)
PLAN = Plan(
    targets=(
        ExtensionTarget(
            extension_name="monitor",
            extension_type=ExtensionType(publisher="Contoso.Agents", type="Monitor"),
            version=Version("1.10"),
        ),
        ImageTarget(version=Version("2024.6.1")),
    ),
    order=(
        PlannedInstance("0", "1", 0, (Version("1.9"), None)),
        PlannedInstance("1", "1", 1, (Version("1.9.0.0"), Version("2024.5.1"))),
        PlannedInstance("2", "2", 0, (Version("1.9"), None)),
    ),
    skipped=(
        SkippedInstances(reason=SkipReason.ALREADY_NEWEST, instance_ids=("3", "4"), decision=None),
        SkippedInstances(reason=SkipReason.DENIED, instance_ids=("5",), decision=DECISION),
    ),
    total_count=6,
    batches=(PlannedBatch(number=1, start=0, size=1), PlannedBatch(number=2, start=1, size=2)),
    pace=DECISION,
    digest="c0ffee",
)
STARTED = UpgradeStarted(
    at_ms=1_700_000_000_000,
    upgrade_id="u1",
    scale_set="/subscriptions/s1/resourceGroups/Shop/providers/Microsoft.Compute/virtualMachineScaleSets/Web",
    location="westeurope",
    kind=UpgradeKind.EXTENSION,
    trigger=Trigger.MANUAL,
    force=False,
    request_id="",
    policy_name="azure-default",
    policy_digest="feed",
    policy_source=PolicySource(file="azure-default.yaml", text="kind: Policy\n"),
    scale_set_policy=RollingUpgradePolicy(pause_between_batches_seconds=30.0),
    facts={
        "subscription.enrolled": True,
        "scaleSet.capacity": 6,
        "scaleSet.name": "Web",
        "scaleSet.zones": ("1", "2"),
        "scaleSet.tags": {"team": "shop"},
        "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent": 20.0,
    },
    has_probe=True,
    image=ImageReference(publisher="Canonical", offer="ubuntu", sku="server", version="latest"),
    plan=PLAN,
    eligibility=(DECISION,),
)
ONE_OF_EACH: tuple[Event, ...] = (
    STARTED,
    HealthObserved(at_ms=1, total_count=6, unhealthy_count=2, unhealthy_succeeded_count=1),
    BatchStarted(at_ms=1, number=1, start=0, size=1, decision=DECISION, unhealthy_instance_ids=("1",)),
    WaveBegan(at_ms=2, start=0, size=1, deadline_ms=902),
    InstanceUpgraded(at_ms=3, instance_id="0", is_settled=False),
    InstanceSettled(at_ms=4, instance_id="0"),
    InstanceFailed(at_ms=5, instance_id="1", code="VMExtensionProvisioningError", message="exit 1", extension_name="m"),
    SettlingBegan(at_ms=6, deadline_ms=306),
    BatchSettled(at_ms=7, number=1),
    BatchJudged(at_ms=8, number=1, decision=DECISION, resume_at_ms=9),
    RestEnded(at_ms=9),
    RestoreBegan(at_ms=9, instance_ids=("1", "2"), deadline_ms=909, next_position=2),
    InstanceRestored(at_ms=10, instance_id="1"),
    InstanceRestoreFailed(at_ms=11, instance_id="2", code="VMExtensionHandlerNonTransientError", message="exit 2"),
    HaltDecided(at_ms=12, decision=DECISION, code="MaxUnhealthyInstancePercentExceeded", unhealthy_instance_ids=("1",)),
    CancelAccepted(at_ms=13),
    UpgradePaused(at_ms=14, decision=None),
    UpgradeResumed(at_ms=15),
    RollingBackBegan(at_ms=16),
    UpgradeCompleted(at_ms=17),
    UpgradeCancelled(at_ms=18),
    UpgradeFaulted(at_ms=19),
)
"""An event of every kind, with something in every field."""


def scale_set_id(name: str = "web", subscription: str = "s1") -> ScaleSetId:
    """The id of a scale set in the resource group `shop`."""
    return ScaleSetId(subscription=subscription, resource_group="shop", name=name)


def started(upgrade_id: str = "u1", scale_set: str = "web", **changes: Any) -> UpgradeStarted:
    """The start of an upgrade of the scale set of that name. (`Any`: the fields have as many types as names.)"""
    return replace(STARTED, upgrade_id=upgrade_id, scale_set=str(scale_set_id(scale_set)), **changes)


def upgraded(count: int, first: int = 0) -> list[Event]:
    """So many events, one instance each."""
    return [InstanceUpgraded(at_ms=n, instance_id=str(n), is_settled=True) for n in range(first, first + count)]


def scale_set(name: str = "web", subscription: str = "s1", etag: str = "1", capacity: int = 3) -> ScaleSet:
    """A scale set as it is read from its resource."""
    resource = {
        "location": "westeurope",
        "sku": {"name": "Standard_B2s", "capacity": capacity},
        "zones": ["1", "2"],
        "tags": {"team": "shop"},
        "properties": {"upgradePolicy": {"mode": "Manual"}, "x-unknown": [1, 2.5, None, "é"]},
    }
    return read_scale_set(scale_set_id(name, subscription), resource, location=None, etag=etag)


async def everything(journal: Journal, upgrade_id: str, limit: int = 1_000) -> list[Entry]:
    """All entries of an upgrade, page by page."""
    entries: list[Entry] = []
    while page := await journal.read(upgrade_id, len(entries), limit):
        entries.extend(page)
    return entries


def events_of(entries: Sequence[Entry]) -> list[Event]:
    """The events, once it is sure that their numbers begin at 1 and have no gaps."""
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    return [entry.event for entry in entries]
