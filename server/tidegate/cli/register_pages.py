"""Scale sets, instances, subscriptions, extension versions and policies in tables and on pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from tidegate.cli.console import facts_grid, table
from tidegate.cli.short_names import digest_start, group_and_name, moment_text, size_text
from tidegate_client import word
from tidegate_client.messages import (
    ExtensionType,
    ExtensionVersion,
    Instance,
    InstanceExtension,
    Policy,
    ProbeState,
    ProvisioningState,
    RollingUpgradePolicy,
    ScaleSet,
    Subscription,
)


def scale_set_page(scale_set: ScaleSet) -> RenderableType:
    """One scale set with its extensions."""
    extensions = table(
        ["extension", "publisher", "type", "version", "minor versions", "automatic"],
        (
            [
                extension.name,
                extension.publisher,
                extension.type,
                extension.type_handler_version,
                "wanted" if extension.auto_upgrade_minor_version else "pinned",
                _yes(extension.enable_automatic_upgrade),
            ]
            for extension in scale_set.extensions
        ),
        empty="It has no extensions.",
    )
    return Group(facts_grid(_facts(scale_set)), Text(), extensions)


def _facts(scale_set: ScaleSet) -> Iterator[tuple[str, RenderableType]]:
    yield "scale set", scale_set.name
    yield "location", scale_set.location
    yield "capacity", f"{scale_set.capacity} instances"
    yield "zones", ", ".join(scale_set.zones) or "none"
    if scale_set.tags:
        yield "tags", ", ".join(f"{name}={value}" for name, value in sorted(scale_set.tags.items()))
    yield "upgrade mode", scale_set.upgrade_mode
    yield "rolling policy", _rolling_policy(scale_set.rolling_upgrade_policy)
    yield "health probe", _yes(scale_set.has_health_probe)
    yield "takes part", _yes(scale_set.is_enrolled)
    if scale_set.is_service_fabric:
        yield "cluster", "Service Fabric"
    yield "etag", scale_set.etag


def _rolling_policy(policy: RollingUpgradePolicy) -> str:
    told = [
        f"batches of {policy.max_batch_instance_percent}%",
        f"at most {policy.max_unhealthy_instance_percent}% unhealthy,"
        f" {policy.max_unhealthy_upgraded_instance_percent}% of the upgraded",
        f"pause {policy.pause_time_between_batches.ToTimedelta().total_seconds():g} s",
    ]
    flags = {
        "across zones": policy.enable_cross_zone_upgrade,
        "unhealthy first": policy.prioritize_unhealthy_instances,
        "failed ones go back on a breach": policy.rollback_failed_instances_on_policy_breach,
        "max surge": policy.max_surge,
    }
    return "; ".join([*told, *(name for name, is_set in flags.items() if is_set)])


def scale_sets_table(scale_sets: Iterable[ScaleSet]) -> RenderableType:
    """One line for each scale set."""
    return table(
        ["scale set", "location", "capacity", "zones", "takes part", "extensions"],
        (
            [
                group_and_name(each.name),
                each.location,
                str(each.capacity),
                ",".join(each.zones) or "-",
                _yes(each.is_enrolled),
                ", ".join(f"{extension.type} {extension.type_handler_version}" for extension in each.extensions),
            ]
            for each in scale_sets
        ),
        empty="No scale set is known; put one: tidegate scale-set put ID FILE",
    )


def instances_table(instances: Iterable[Instance]) -> RenderableType:
    """One line for each instance."""
    return table(
        ["instance", "zone", "fault domain", "probe", "image", "extensions", ""],
        (
            [
                each.instance_id,
                each.zone or "-",
                str(each.fault_domain),
                _probe(each),
                each.image_version or "-",
                ", ".join(map(_extension, each.extensions)),
                ", ".join(filter(None, ["protected" * each.is_protected, "unreachable" * (not each.is_reachable)])),
            ]
            for each in instances
        ),
        empty="It has no instances.",
    )


def _probe(instance: Instance) -> Text:
    good = {ProbeState.PROBE_STATE_HEALTHY, ProbeState.PROBE_STATE_NONE}
    return Text(word(ProbeState, instance.probe), style="" if instance.probe in good else "red")


def _extension(extension: InstanceExtension) -> str:
    told = f"{extension.name} {extension.version}"
    if extension.provisioning_state == ProvisioningState.PROVISIONING_STATE_SUCCEEDED:
        return told
    why = f": {extension.code}" if extension.code else ""
    return f"{told} ({word(ProvisioningState, extension.provisioning_state)}{why})"


def subscriptions_table(subscriptions: Iterable[Subscription]) -> RenderableType:
    """One line for each subscription."""
    return table(
        ["subscription", "takes part", "since"],
        ([each.name, _yes(each.is_enrolled), moment_text(each.change_time)] for each in subscriptions),
        empty="No subscription ever took part; enroll one: tidegate subscription enroll ID",
    )


def extension_types_table(extension_types: Iterable[ExtensionType]) -> RenderableType:
    """One line for each type."""
    return table(
        ["publisher", "type"],
        ([each.publisher, each.type] for each in extension_types),
        empty="Nothing was ever published.",
    )


def extension_versions_table(versions: Iterable[ExtensionVersion]) -> RenderableType:
    """One line for each version; `-` where it has no package."""
    return table(
        ["version", "published", "package", "SHA-256"],
        (
            [
                each.version,
                moment_text(each.publish_time),
                size_text(each.package.size_bytes) if each.HasField("package") else "-",
                digest_start(each.package.sha256) or "-",
            ]
            for each in versions
        ),
        empty="It has no published version.",
    )


def extension_version_page(version: ExtensionVersion) -> RenderableType:
    """One version, with all that is known of its package."""
    return facts_grid(_version_facts(version))


def _version_facts(version: ExtensionVersion) -> Iterator[tuple[str, RenderableType]]:
    yield "extension", f"{version.extension_type.publisher} {version.extension_type.type}"
    yield "version", version.version
    yield "published", moment_text(version.publish_time)
    if not version.HasField("package"):
        yield "package", "none; hosts cannot fetch it from here"
        return
    yield "package", f"{size_text(version.package.size_bytes)} ({version.package.size_bytes} bytes)"
    yield "SHA-256", version.package.sha256
    if version.package.supports_multiple_extensions:
        yield "extensions", "several of them at once"


def policies_table(policies: Iterable[Policy]) -> RenderableType:
    """One line for each policy."""
    return table(
        ["policy", "digest", "file", "rules", "what it is for"],
        (
            [each.name, digest_start(each.digest), each.file, str(len(each.rules)), each.description]
            for each in policies
        ),
        empty="No policy is loaded.",
    )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
