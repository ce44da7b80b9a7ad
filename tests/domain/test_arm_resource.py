"""Reading scale sets as ARM and `az` write them, and giving them back."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.examples import FLATTENED, NESTED, WEB, changed
from tidegate.domain.arm_resource import RESOURCE_TYPE, read_scale_set, strip_secrets, to_resource
from tidegate.domain.extension import Extension, ExtensionType
from tidegate.domain.refusal import FieldViolation, MalformedRequest, MalformedResource, TemplateExpression
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference, ScaleSet
from tidegate.domain.version import Version

ROLLING = "properties.upgradePolicy.rollingUpgradePolicy"
EXTENSIONS = "properties.virtualMachineProfile.extensionProfile.extensions"


def read(resource: Mapping[str, Any], location: str | None = None) -> ScaleSet:
    return read_scale_set(WEB, resource, location=location, etag="7")


def refused(resource: Mapping[str, Any]) -> dict[str, str]:
    """The violations of a resource that is refused, description by path."""
    with pytest.raises(MalformedRequest) as refusal:
        read(resource)
    return {wrong.field: wrong.description for wrong in refusal.value.violations}


@pytest.mark.parametrize("resource", [NESTED, FLATTENED], ids=["as ARM writes it", "as az prints it"])
def test_every_part_is_read_from_both_spellings(resource: Mapping[str, Any]) -> None:
    scale_set = read(resource)
    assert scale_set.scale_set_id == WEB
    assert scale_set.location == "westeurope"
    assert scale_set.capacity == 6
    assert scale_set.zones == ("1", "2")
    assert scale_set.tags == {"team": "edge"}
    assert scale_set.upgrade_mode == "Rolling"
    assert scale_set.orchestration_mode == "Uniform"
    assert scale_set.fault_domain_count == 1
    assert scale_set.image == ImageReference(publisher="Canonical", offer="noble", sku="server", version="24.04.1")
    assert scale_set.has_health_probe
    assert scale_set.has_application_health_extension
    assert not scale_set.is_service_fabric
    assert scale_set.etag == "7"
    assert scale_set.rolling_upgrade_policy == RollingUpgradePolicy(
        max_batch_instance_percent=40,
        max_unhealthy_instance_percent=30,
        max_unhealthy_upgraded_instance_percent=0,
        pause_between_batches_seconds=120.0,
        enable_cross_zone_upgrade=True,
        prioritize_unhealthy_instances=True,
        rollback_failed_instances_on_policy_breach=True,
        max_surge=True,
    )
    assert scale_set.extensions == (
        Extension(
            name="AppHealth",
            extension_type=ExtensionType(publisher="Microsoft.ManagedServices", type="ApplicationHealthLinux"),
            type_handler_version=Version("2.0"),
            auto_upgrade_minor_version=True,
            enable_automatic_upgrade=True,
            suppress_failures=True,
            provision_after=("Monitor",),
        ),
        Extension(
            name="Monitor",
            extension_type=ExtensionType(publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent"),
            type_handler_version=Version("1.10"),
            auto_upgrade_minor_version=False,
            enable_automatic_upgrade=False,
            suppress_failures=False,
            provision_after=(),
        ),
    )


def test_a_resource_that_says_nothing_has_the_defaults() -> None:
    scale_set = read({"location": "westeurope"})
    assert scale_set.capacity == 0
    assert scale_set.zones == ()
    assert scale_set.extensions == ()
    assert scale_set.upgrade_mode == "Manual"
    assert scale_set.orchestration_mode == "Uniform"
    assert scale_set.fault_domain_count == 5
    assert scale_set.rolling_upgrade_policy == RollingUpgradePolicy()
    assert not scale_set.has_probe


def test_null_is_the_same_as_absent_everywhere() -> None:
    nothing = dict.fromkeys(("sku", "zones", "tags", "properties", "id", "name", "type", "apiVersion"))
    assert read({"location": "x", **nothing}).capacity == 0
    profile = {"extensionProfile": {"extensions": None}, "networkProfile": None, "storageProfile": None}
    assert read({"location": "x", "properties": {"virtualMachineProfile": profile}}).extensions == ()


@pytest.mark.parametrize(
    ("path", "value", "fault_domains"),
    [("zones", [], 5), ("zones", ["1"], 1), ("properties.orchestrationMode", "Flexible", 1)],
)
def test_fault_domains_follow_zones_and_orchestration(path: str, value: object, fault_domains: int) -> None:
    assert read(changed(path, value, {"location": "x"})).fault_domain_count == fault_domains


def test_fault_domains_that_are_given_count() -> None:
    assert read(changed("properties.platformFaultDomainCount", 3)).fault_domain_count == 3


def test_names_of_properties_may_differ_in_case() -> None:
    assert read({"Location": "x", "SKU": {"Capacity": 4}}).capacity == 4


def test_enumerations_may_differ_in_case_and_come_out_as_azure_spells_them() -> None:
    assert read(changed("properties.upgradePolicy.mode", "rolling")).upgrade_mode == "Rolling"


def test_the_location_of_the_address_goes_before_that_of_the_resource() -> None:
    assert read({"location": "[resourceGroup().location]"}, location="northeurope").location == "northeurope"


@pytest.mark.parametrize(
    ("path", "value", "at", "says"),
    [
        ("location", None, "$.location", "is missing"),
        ("location", "", "$.location", "is empty"),
        ("sku", {"name": "Standard_D2s_v5"}, "$.sku.capacity", "is missing"),
        ("sku", "Standard_D2s_v5", "$.sku", "is text; write an object"),
        ("sku.capacity", -1, "$.sku.capacity", "from 0 to 200000"),
        ("sku.capacity", 200_001, "$.sku.capacity", "from 0 to 200000"),
        ("sku.capacity", 2.5, "$.sku.capacity", "from 0 to 200000"),
        ("sku.capacity", True, "$.sku.capacity", "is true; write a whole number"),
        ("zones", "1", "$.zones", "is text; write an array"),
        ("zones", ["1", 2], "$.zones[1]", "is the number 2; write text"),
        ("tags", {"a b": ["x"]}, "$.tags['a b']", "is an array; write text"),
        ("properties.upgradePolicy.mode", "Sometimes", "$.properties.upgradePolicy.mode", "Automatic, Manual, Rolling"),
        ("properties.orchestrationMode", "Both", "$.properties.orchestrationMode", "Uniform, Flexible"),
        ("properties.platformFaultDomainCount", 6, "$.properties.platformFaultDomainCount", "from 1 to 5"),
        (f"{ROLLING}.maxBatchInstancePercent", 4, f"$.{ROLLING}.maxBatchInstancePercent", "from 5 to 100"),
        (f"{ROLLING}.maxBatchInstancePercent", 101, f"$.{ROLLING}.maxBatchInstancePercent", "from 5 to 100"),
        (f"{ROLLING}.maxUnhealthyInstancePercent", 0, f"$.{ROLLING}.maxUnhealthyInstancePercent", "from 5 to 100"),
        (
            f"{ROLLING}.maxUnhealthyUpgradedInstancePercent",
            -1,
            f"$.{ROLLING}.maxUnhealthyUpgradedInstancePercent",
            "from 0 to 100",
        ),
        (f"{ROLLING}.pauseTimeBetweenBatches", "P1M", f"$.{ROLLING}.pauseTimeBetweenBatches", "ISO 8601"),
        (f"{ROLLING}.pauseTimeBetweenBatches", "P8D", f"$.{ROLLING}.pauseTimeBetweenBatches", "longer than a week"),
        (f"{ROLLING}.maxSurge", "yes", f"$.{ROLLING}.maxSurge", "write true or false"),
        (f"{EXTENSIONS}", {}, f"$.{EXTENSIONS}", "is an object; write an array"),
        (f"{EXTENSIONS}.1.name", None, f"$.{EXTENSIONS}[1].name", "is missing"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(path: str, value: object, at: str, says: str) -> None:
    found = refused(changed(path, value))
    assert list(found) == [at]
    assert says in found[at]


def test_all_problems_are_told_at_once() -> None:
    resource = changed("sku.capacity", "many", changed("zones", {}, changed(f"{EXTENSIONS}.0.name", 3)))
    assert sorted(refused(resource)) == sorted(["$.sku.capacity", "$.zones", f"$.{EXTENSIONS}[0].name"])


def test_a_number_written_as_text_or_as_a_float_is_taken_as_azure_takes_it() -> None:
    assert read(changed("sku.capacity", "5")).capacity == 5
    assert read(changed("sku.capacity", 5.0)).capacity == 5


def test_two_extensions_of_one_name_are_refused() -> None:
    found = refused(changed(f"{EXTENSIONS}.1.name", "apphealth"))
    assert list(found) == [f"$.{EXTENSIONS}[1].name"]
    assert f"$.{EXTENSIONS}[0]" in found[f"$.{EXTENSIONS}[1].name"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", str(WEB).replace("web", "api")),
        ("name", "api"),
        ("type", "Microsoft.Compute/virtualMachines"),
    ],
)
def test_a_resource_that_says_it_is_another_one_is_refused(member: str, value: str) -> None:
    assert list(refused({**NESTED, member: value})) == [f"$.{member}"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", str(WEB).upper()),
        ("id", "[resourceId('Microsoft.Compute/virtualMachineScaleSets', 'web')]"),
        ("name", "WEB"),
        ("name", "[parameters('name')]"),
        ("type", RESOURCE_TYPE.lower()),
    ],
)
def test_a_resource_that_says_it_is_this_one_or_cannot_say_is_taken(member: str, value: str) -> None:
    assert read({**NESTED, member: value}).scale_set_id == WEB


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("location", "$.location"),
        ("sku", "$.sku"),
        ("sku.capacity", "$.sku.capacity"),
        ("tags", "$.tags"),
        ("tags.team", "$.tags.team"),
        ("zones", "$.zones"),
        ("properties", "$.properties"),
        ("properties.upgradePolicy.mode", "$.properties.upgradePolicy.mode"),
        (f"{EXTENSIONS}", f"$.{EXTENSIONS}"),
        (f"{EXTENSIONS}.0", f"$.{EXTENSIONS}[0]"),
        (f"{EXTENSIONS}.0.properties.typeHandlerVersion", f"$.{EXTENSIONS}[0].properties.typeHandlerVersion"),
    ],
)
def test_a_template_expression_where_something_is_read_is_refused_and_says_how_to_mend_it(path: str, at: str) -> None:
    with pytest.raises(TemplateExpression) as refusal:
        read(changed(path, "[parameters('x')]"))
    assert [wrong.field for wrong in refusal.value.violations] == [at]
    assert "[parameters('x')]" in refusal.value.message
    assert "what-if" in refusal.value.message


def test_expressions_come_first_and_the_rest_is_told_with_them() -> None:
    with pytest.raises(TemplateExpression) as refusal:
        read(changed("location", "[resourceGroup().location]", changed("sku.capacity", -1)))
    assert [wrong.field for wrong in refusal.value.violations] == ["$.location", "$.sku.capacity"]


def test_a_copy_loop_of_extensions_is_refused_since_nobody_knows_what_it_makes() -> None:
    path = "properties.virtualMachineProfile.extensionProfile.copy"
    with pytest.raises(TemplateExpression) as refusal:
        read(changed(path, [{"name": "extensions", "count": 2, "input": {}}]))
    assert [wrong.field for wrong in refusal.value.violations] == [f"$.{path}"]


def test_expressions_where_nothing_is_read_are_kept() -> None:
    resource = changed("properties.virtualMachineProfile.osProfile", "[variables('os')]")
    assert "[variables('os')]" in read(resource).resource_json


def test_an_escaped_bracket_is_text() -> None:
    assert read(changed("tags.team", "[[edge]")).tags == {"team": "[edge]"}
    assert read(changed("tags.team", "[edge")).tags == {"team": "[edge"}


@pytest.mark.parametrize(
    ("publisher", "handler", "is_service_fabric"),
    [
        ("Microsoft.Azure.ServiceFabric", "ServiceFabricNode", True),
        ("Microsoft.Azure.ServiceFabric", "ServiceFabricLinuxNode", True),
        ("microsoft.azure.servicefabric", "servicefabricnode", True),
        ("Microsoft.Azure.ServiceFabric.Test", "ServiceFabricMCNode", True),
        ("Microsoft.Azure.ServiceFabricMesh", "Node", False),
        ("Contoso", "ServiceFabricNode", False),
    ],
)
def test_service_fabric_is_known_by_its_publisher(publisher: str, handler: str, is_service_fabric: bool) -> None:
    resource = changed(f"{EXTENSIONS}.1.properties.publisher", publisher)
    resource = changed(f"{EXTENSIONS}.1.properties.type", handler, resource)
    assert read(resource).is_service_fabric is is_service_fabric


@pytest.mark.parametrize(
    ("publisher", "handler", "reports_health"),
    [
        ("Microsoft.ManagedServices", "ApplicationHealthWindows", True),
        ("microsoft.managedservices", "applicationhealthlinux", True),
        ("Microsoft.ManagedServices", "Something", False),
        ("Contoso", "ApplicationHealthLinux", False),
    ],
)
def test_application_health_is_known_by_publisher_and_type(publisher: str, handler: str, reports_health: bool) -> None:
    resource = changed(f"{EXTENSIONS}.0.properties.publisher", publisher)
    resource = changed(f"{EXTENSIONS}.0.properties.type", handler, resource)
    assert read(resource).has_application_health_extension is reports_health


@pytest.mark.parametrize("probe", [None, {}, {"id": None}])
def test_a_health_probe_without_an_id_is_none(probe: object) -> None:
    assert not read(changed("properties.virtualMachineProfile.networkProfile.healthProbe", probe)).has_health_probe


def test_what_is_given_back_is_what_was_put_with_its_identity_filled_in() -> None:
    resource = {"location": "westeurope", "future": {"thing": [1, None, "é"]}, "sku": {"capacity": 2}}
    given_back = to_resource(read(resource))
    assert given_back == {**resource, "id": str(WEB), "name": "web", "type": RESOURCE_TYPE, "etag": "7"}
    assert list(given_back)[:3] == list(resource)


def test_an_expression_in_the_identity_is_replaced_where_it_stands() -> None:
    given_back = to_resource(read({"Name": "[parameters('x')]", "Location": "[x()]"}, location="northeurope"))
    assert given_back["Name"] == "web"
    assert given_back["Location"] == "northeurope"
    assert "name" not in given_back
    assert "location" not in given_back


def test_secrets_are_not_kept() -> None:
    resource = changed(f"{EXTENSIONS}.0.properties.protectedSettings", {"key": "hunter2"})
    resource = changed("properties.virtualMachineProfile.osProfile", {"adminPassword": "hunter2"}, resource)
    assert "hunter2" not in read(resource).resource_json


def test_a_refusal_does_not_repeat_a_secret() -> None:
    resource = changed(f"{EXTENSIONS}.0.properties.protectedSettings", {"key": "hunter2"})
    assert "hunter2" not in repr(refused(changed("sku.capacity", -1, resource)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("[f()]"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
READ_PATHS = [
    "location", "zones", "tags", "sku", "sku.capacity", "properties", "properties.upgradePolicy", ROLLING,
    "properties.virtualMachineProfile", "properties.virtualMachineProfile.extensionProfile", EXTENSIONS,
    f"{EXTENSIONS}.0", f"{EXTENSIONS}.0.properties", f"{EXTENSIONS}.0.properties.typeHandlerVersion", "apiVersion",
]  # fmt: skip


def assert_taken_or_refused(resource: dict[str, Any], location: str | None = None) -> None:
    """No other exception comes out, and a refusal has a path for each problem."""
    violations: tuple[FieldViolation, ...] = ()
    try:
        assert 0 <= read(resource, location).capacity <= 200_000
    except (MalformedResource, TemplateExpression) as refusal:
        violations = refusal.violations
    assert all(wrong.field.startswith("$") for wrong in violations)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_json_object_is_taken_or_refused(resource: dict[str, Any]) -> None:
    assert_taken_or_refused(resource, location="westeurope")


@given(st.sampled_from(READ_PATHS), JSON)
def test_any_value_where_something_is_read_is_taken_or_refused(path: str, value: object) -> None:
    assert_taken_or_refused(changed(path, value))


@given(st.dictionaries(st.text(min_size=1, max_size=8).map(lambda name: f"x{name}"), JSON, max_size=4))
def test_unknown_properties_of_whatever_is_taken_are_given_back(unknown: dict[str, Any]) -> None:
    resource = {**unknown, **NESTED}
    resource = changed("properties.virtualMachineProfile.unknown", unknown, resource)
    try:
        scale_set = read(resource)
    except MalformedResource:
        return
    given_back = to_resource(scale_set)
    identity = {"id", "name", "type", "etag"}
    assert {name: value for name, value in given_back.items() if name not in identity} == strip_secrets(resource)
    assert json.loads(scale_set.resource_json) == strip_secrets(resource)
    assert read(given_back).extensions == scale_set.extensions
