"""What the server knows, in tables."""

from tests.cli.samples import SCALE_SET, SUBSCRIPTION, at, page
from tidegate.cli.register_pages import (
    extension_types_table,
    extension_version_page,
    extension_versions_table,
    instances_table,
    policies_table,
    scale_set_page,
    scale_sets_table,
    subscriptions_table,
)
from tidegate_client.messages import (
    Extension,
    ExtensionPackage,
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

AGENT = Extension(
    name="agent", publisher="P", type="Agent", type_handler_version="1.2", auto_upgrade_minor_version=True
)
WEB = ScaleSet(
    name=SCALE_SET,
    location="westeurope",
    capacity=10,
    zones=["1", "2"],
    tags={"b": "2", "a": "1"},
    extensions=[AGENT, Extension(name="script", type="CustomScript", type_handler_version="2.1")],
    rolling_upgrade_policy=RollingUpgradePolicy(
        max_batch_instance_percent=20, max_unhealthy_instance_percent=25, enable_cross_zone_upgrade=True
    ),
    upgrade_mode="Manual",
    is_service_fabric=True,
    is_enrolled=True,
    etag="e1",
)


def test_a_scale_set_shows_what_upgrades_go_by() -> None:
    shown = page(scale_set_page(WEB), width=200)
    for text in (
        SCALE_SET,
        "10 instances",
        "1, 2",
        "a=1, b=2",
        "batches of 20%; at most 25% unhealthy, 0% of the upgraded; pause 0 s; across zones",
        "Service Fabric",
        "e1",
        "wanted",
        "pinned",
    ):
        assert text in shown


def test_scale_sets_have_a_line_each() -> None:
    lines = page(scale_sets_table([WEB]), width=200).splitlines()
    assert lines[1].split()[:5] == ["shop/web", "westeurope", "10", "1,2", "yes"]
    assert "Agent 1.2, CustomScript 2.1" in lines[1]
    assert "tidegate scale-set put" in page(scale_sets_table([]))


def test_instances_show_what_is_wrong_with_them() -> None:
    failed = InstanceExtension(
        name="agent", version="1.2.3.4", provisioning_state=ProvisioningState.PROVISIONING_STATE_FAILED, code="E51"
    )
    well = InstanceExtension(
        name="agent", version="1.2.3.4", provisioning_state=ProvisioningState.PROVISIONING_STATE_SUCCEEDED
    )
    unwell = Instance(
        instance_id="0",
        zone="1",
        probe=ProbeState.PROBE_STATE_UNHEALTHY,
        extensions=[failed],
        is_protected=True,
    )
    fine = Instance(instance_id="1", probe=ProbeState.PROBE_STATE_HEALTHY, extensions=[well], is_reachable=True)
    lines = page(instances_table([unwell, fine]), width=200).splitlines()
    assert "unhealthy" in lines[1]
    assert "agent 1.2.3.4 (failed: E51)" in lines[1]
    assert lines[1].endswith("protected, unreachable")
    assert lines[2].endswith("agent 1.2.3.4")


def test_the_rest_has_a_line_each() -> None:
    subscription = Subscription(name=f"/subscriptions/{SUBSCRIPTION}", is_enrolled=True, change_time=at(0))
    assert "yes         2026-01-01 00:00:00 UTC" in page(subscriptions_table([subscription]))
    assert "tidegate subscription enroll" in page(subscriptions_table([]))
    assert page(extension_types_table([ExtensionType(publisher="P", type="T")])).split() == [
        "publisher",
        "type",
        "P",
        "T",
    ]
    versions = [ExtensionVersion(version="1.4", publish_time=at(0))]
    assert "1.4      2026-01-01 00:00:00 UTC  -        -" in page(extension_versions_table(versions))
    policy = Policy(name="p", digest="3f2a9c1b77", file="rules/p.yaml", rules=["a", "b"], description="Slowly.")
    assert page(policies_table([policy])).splitlines()[1].split() == ["p", "3f2a9c1b", "rules/p.yaml", "2", "Slowly."]


def test_a_version_shows_its_package() -> None:
    version = ExtensionVersion(
        extension_type=ExtensionType(publisher="P", type="T"),
        version="1.4",
        publish_time=at(0),
        package=ExtensionPackage(sha256="3f2a9c1b" * 8, size_bytes=28_311_552, supports_multiple_extensions=True),
    )
    line = page(extension_versions_table([version]), width=200).splitlines()[1]
    assert line.split()[-3:] == ["27.0", "MiB", "3f2a9c1b"]
    shown = page(extension_version_page(version), width=200)
    for text in ("P T", "1.4", "27.0 MiB (28311552 bytes)", "3f2a9c1b" * 8, "several of them at once"):
        assert text in shown
    version.ClearField("package")
    assert "hosts cannot fetch it" in page(extension_version_page(version))
