"""The closed list of facts: everything that a rule may ask about.

Law: a policy can ask for nothing that is not listed here, and no fact carries a secret: the settings of an extension
are not facts. Names are camelCase, as in Azure Resource Manager; the ranges of `rollingUpgradePolicy` are Azure's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tidegate.domain.version import Version
from tidegate.policy.fact import Fact, FactType, FactValue, Scope, Section

__all__ = ["FACTS", "Fact", "FactType", "FactValue", "Scope", "Section", "available"]

_SCOPES = {"extension": Scope.EXTENSION, "instance": Scope.INSTANCE}
_KNOWN_AT_THE_START = (
    "progress.totalInstanceCount",
    "progress.plannedInstanceCount",
    "progress.unhealthyInstanceCount",
    "progress.unhealthyInstancePercent",
)
_MONTH_SECONDS = 2_592_000.0


def _sections(name: str, type_: FactType) -> frozenset[Section]:
    """Where a fact may be asked for.

    What is about one machine counts before the upgrade begins, what has happened only while it is under way. The pace
    is set once, when the upgrade is planned: a batching rule that asked for what happens later would never hear of it.
    """
    family = name.partition(".")[0]
    if family in _SCOPES:
        return frozenset({Section.ELIGIBILITY})
    if family == "progress":
        return frozenset({Section.BATCHING, Section.HALT} if name in _KNOWN_AT_THE_START else {Section.HALT})
    selectable = type_ in (FactType.BOOLEAN, FactType.STRING, FactType.TAGS) and name != "upgrade.force"
    return frozenset(Section) if selectable else frozenset(Section) - {Section.APPLIES_TO}


def _fact(
    name: str, type_: FactType, usual: FactValue, doc: str, words: tuple[str, ...] = (), lowest: float | None = None
) -> Fact:
    """A fact whose scope, sections and bounds follow from the first part of its name and from its type."""
    measured = type_ in (FactType.INTEGER, FactType.PERCENT, FactType.DURATION)
    return Fact(
        name=name,
        type=type_,
        doc=doc,
        scope=_SCOPES.get(name.partition(".")[0], Scope.SCALE_SET),
        sections=_sections(name, type_),
        usual=usual,
        words=words,
        lowest=0.0 if measured and lowest is None else lowest,
        highest=100.0 if type_ is FactType.PERCENT else None,
    )


# fmt: off
_SUBSCRIPTION_AND_UPGRADE = (
    _fact("subscription.id", FactType.STRING, "00000000-0000-0000-0000-000000000001",
          "Id of the subscription that owns the scale set."),
    _fact("subscription.enrolled", FactType.BOOLEAN, True,
          "Whether the subscription is enrolled; enrolling covers every scale set in it, present and future."),
    _fact("upgrade.kind", FactType.STRING, "EXTENSION",
          "What is upgraded: the extensions or the operating system image.", ("EXTENSION", "OS_IMAGE")),
    _fact("upgrade.trigger", FactType.STRING, "AUTOMATIC",
          "What asked for the upgrade: somebody (MANUAL) or a publication (AUTOMATIC).", ("MANUAL", "AUTOMATIC")),
    _fact("upgrade.force", FactType.BOOLEAN, False,
          "Whether the caller asked to upgrade even where health stops would end it."),
)

_SCALE_SET = (
    _fact("scaleSet.name", FactType.STRING, "web", "Name of the scale set."),
    _fact("scaleSet.resourceGroup", FactType.STRING, "shop", "Name of the resource group that holds the scale set."),
    _fact("scaleSet.location", FactType.STRING, "westeurope", "Azure location of the scale set."),
    _fact("scaleSet.zones", FactType.STRINGS, (), "Availability zones of the scale set; empty for a regional one."),
    _fact("scaleSet.tags", FactType.TAGS, {}, "Tags of the scale set."),
    _fact("scaleSet.capacity", FactType.INTEGER, 10, "Number of instances that the scale set is meant to have."),
    _fact("scaleSet.isServiceFabric", FactType.BOOLEAN, False,
          "Whether the scale set is a node type of a Service Fabric cluster."),
    _fact("scaleSet.hasHealthProbe", FactType.BOOLEAN, True, "Whether a load balancer probe watches the instances."),
    _fact("scaleSet.hasApplicationHealthExtension", FactType.BOOLEAN, False,
          "Whether the Application Health extension reports the health of the instances."),
    _fact("scaleSet.upgradeMode", FactType.STRING, "Manual",
          "Upgrade mode: what a change of the model does to instances, not how extensions are upgraded.",
          ("Automatic", "Manual", "Rolling")),
    _fact("scaleSet.orchestrationMode", FactType.STRING, "Uniform", "Orchestration mode.", ("Uniform", "Flexible")),
    _fact("scaleSet.imagePublisher", FactType.STRING, "Canonical",
          "Publisher of the operating system image; empty for a custom image."),
    _fact("scaleSet.imageOffer", FactType.STRING, "ubuntu-24_04-lts",
          "Offer of the operating system image; empty for a custom image."),
    _fact("scaleSet.imageSku", FactType.STRING, "server",
          "Sku of the operating system image; empty for a custom image."),
    _fact("scaleSet.rollingUpgradePolicy.maxBatchInstancePercent", FactType.PERCENT, 20.0,
          "The scale set's own setting: largest share of all instances in one batch. Azure: 5% to 100%, default 20%."),
    _fact("scaleSet.rollingUpgradePolicy.maxUnhealthyInstancePercent", FactType.PERCENT, 20.0,
          "The scale set's own setting: largest unhealthy share of all instances before a batch. "
          "Azure: 5% to 100%, default 20%."),
    _fact("scaleSet.rollingUpgradePolicy.maxUnhealthyUpgradedInstancePercent", FactType.PERCENT, 20.0,
          "The scale set's own setting: largest unhealthy share of the upgraded instances after a batch. "
          "Azure: 0% to 100%, default 20%."),
    _fact("scaleSet.rollingUpgradePolicy.pauseTimeBetweenBatches", FactType.DURATION, 0.0,
          "The scale set's own setting: pause after one batch before the next. Azure: default PT0S."),
    _fact("scaleSet.rollingUpgradePolicy.enableCrossZoneUpgrade", FactType.BOOLEAN, False,
          "The scale set's own setting: whether a batch may reach over availability zones."),
    _fact("scaleSet.rollingUpgradePolicy.prioritizeUnhealthyInstances", FactType.BOOLEAN, False,
          "The scale set's own setting: whether unhealthy instances are upgraded first."),
    _fact("scaleSet.rollingUpgradePolicy.rollbackFailedInstancesOnPolicyBreach", FactType.BOOLEAN, False,
          "The scale set's own setting: whether failed instances go back to the previous version at a health stop."),
    _fact("scaleSet.rollingUpgradePolicy.maxSurge", FactType.BOOLEAN, False,
          "The scale set's own setting: whether new instances are made instead of upgrading the present ones."),
)

_EXTENSION_AND_INSTANCE = (
    _fact("extension.name", FactType.STRING, "agent", "Name of the extension in the profile of the scale set."),
    _fact("extension.publisher", FactType.STRING, "Microsoft.Azure.Monitor", "Publisher of the extension."),
    _fact("extension.type", FactType.STRING, "AzureMonitorLinuxAgent", "Type of the extension."),
    _fact("extension.typeHandlerVersion", FactType.VERSION, Version("1.0"), "Major.Minor that the profile asks for."),
    _fact("extension.autoUpgradeMinorVersion", FactType.BOOLEAN, True,
          "Whether the profile lets the minor version rise."),
    _fact("extension.enableAutomaticUpgrade", FactType.BOOLEAN, False,
          "Whether the profile asks for upgrades by the platform."),
    _fact("extension.suppressFailures", FactType.BOOLEAN, False,
          "Whether the profile asks to suppress failures that are not the extension's own, such as no connection."),
    _fact("extension.targetVersion", FactType.VERSION, Version("1.1"), "Version that the upgrade would bring."),
    _fact("extension.targetVersionAge", FactType.DURATION, _MONTH_SECONDS,
          "How long ago the target version was published; -PT1S where that is not known.", lowest=-1.0),
    _fact("instance.id", FactType.STRING, "0", "Id of the instance within the scale set."),
    _fact("instance.zone", FactType.STRING, "", "Availability zone of the instance; empty outside zones."),
    _fact("instance.faultDomain", FactType.INTEGER, 0, "Fault domain of the instance; -1 if it has none.", lowest=-1.0),
    _fact("instance.isHealthy", FactType.BOOLEAN, True,
          "Whether the instance is healthy; unknown counts as unhealthy."),
    _fact("instance.isProtected", FactType.BOOLEAN, False,
          "Whether the instance is protected from the scale set's actions (protectFromScaleSetActions)."),
)

_PROGRESS = (
    _fact("progress.totalInstanceCount", FactType.INTEGER, 10, "All instances of the scale set."),
    _fact("progress.plannedInstanceCount", FactType.INTEGER, 10, "Instances that this upgrade means to touch."),
    _fact("progress.unhealthyInstanceCount", FactType.INTEGER, 0,
          "Unhealthy instances of the whole scale set, for any reason."),
    _fact("progress.unhealthyInstancePercent", FactType.PERCENT, 0.0,
          "Unhealthy instances as a share of the whole scale set."),
    _fact("progress.upgradedInstanceCount", FactType.INTEGER, 0,
          "Instances whose upgrade was attempted and has ended, well or badly."),
    _fact("progress.unhealthyUpgradedInstanceCount", FactType.INTEGER, 0,
          "Those of the upgraded instances that are unhealthy."),
    _fact("progress.unhealthyUpgradedPercent", FactType.PERCENT, 0.0,
          "Unhealthy ones as a share of the upgraded instances; 0 while none is upgraded."),
    _fact("progress.failedInstanceCount", FactType.INTEGER, 0, "Instances whose upgrade failed."),
    _fact("progress.failedInstancePercent", FactType.PERCENT, 0.0,
          "Failed ones as a share of the attempted instances; 0 while none was attempted."),
    _fact("progress.batchNumber", FactType.INTEGER, 1,
          "Number of the batch that is about to begin, is under way, or has just ended; the first is 1.", lowest=1.0),
    _fact("progress.batchesCompleted", FactType.INTEGER, 0, "Batches that have ended."),
    _fact("progress.elapsed", FactType.DURATION, 0.0, "Time since the upgrade began."),
)
# fmt: on

FACTS: Mapping[str, Fact] = MappingProxyType(
    {fact.name: fact for fact in (*_SUBSCRIPTION_AND_UPGRADE, *_SCALE_SET, *_EXTENSION_AND_INSTANCE, *_PROGRESS)}
)
"""Every fact by its name, in the order of the documentation."""


def available(section: Section) -> tuple[str, ...]:
    """The names of the facts that this part of a policy may ask about."""
    return tuple(name for name, fact in FACTS.items() if section in fact.sections)
