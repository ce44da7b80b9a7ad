"""Extensions as child resources: put into the scale set's profile, taken out of it, and listed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.domain.examples import FLATTENED, NESTED, WEB
from tidegate.domain.arm_extension import RESOURCE_TYPE
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension_profile import extension_resources, put_extension, remove_extension
from tidegate.domain.refusal import MalformedRequest, TemplateExpression
from tidegate.domain.scale_set import ScaleSet

BACKUP = {"properties": {"publisher": "Contoso", "type": "Backup", "typeHandlerVersion": "3.0"}}


def read(resource: Mapping[str, Any]) -> ScaleSet:
    return read_scale_set(WEB, resource, location="westeurope", etag="7")


def after_put(parent: Mapping[str, Any], name: str, child: Mapping[str, Any]) -> ScaleSet:
    return read(put_extension(read(parent), name, child))


@pytest.mark.parametrize("parent", [NESTED, FLATTENED], ids=["as ARM writes it", "as az prints it"])
def test_a_new_extension_is_added_after_the_others(parent: Mapping[str, Any]) -> None:
    names = [extension.name for extension in after_put(parent, "Backup", BACKUP).extensions]
    assert names == ["AppHealth", "Monitor", "Backup"]


@pytest.mark.parametrize("parent", [NESTED, FLATTENED], ids=["as ARM writes it", "as az prints it"])
def test_an_extension_of_that_name_is_replaced_where_it_stands(parent: Mapping[str, Any]) -> None:
    scale_set = after_put(parent, "apphealth", BACKUP)
    assert [extension.name for extension in scale_set.extensions] == ["apphealth", "Monitor"]
    assert scale_set.extensions[0].extension_type.type == "Backup"


@pytest.mark.parametrize("parent", [{}, {"properties": {}}, {"properties": {"virtualMachineProfile": None}}])
def test_a_scale_set_without_a_profile_gets_one(parent: Mapping[str, Any]) -> None:
    assert [extension.name for extension in after_put(parent, "Backup", BACKUP).extensions] == ["Backup"]


def test_everything_else_of_the_parent_is_left_as_it_is() -> None:
    resource = put_extension(read(NESTED), "Backup", BACKUP)
    added = resource["properties"]["virtualMachineProfile"]["extensionProfile"]["extensions"].pop()  # type: ignore[index]
    assert resource == NESTED
    assert added == {"name": "Backup", **BACKUP}


def test_a_flattened_child_can_be_put_into_a_nested_parent() -> None:
    child = {"id": f"{WEB}/extensions/Backup", "name": "Backup", "type": RESOURCE_TYPE, "typePropertiesType": "Backup"}
    scale_set = after_put(NESTED, "Backup", {**child, "publisher": "Contoso", "typeHandlerVersion": "3.0"})
    assert str(scale_set.extensions[2].extension_type) == "Contoso/Backup"


def test_what_a_child_says_of_standing_alone_does_not_go_into_the_profile() -> None:
    child = {**BACKUP, "type": RESOURCE_TYPE, "apiVersion": "2024-11-01", "dependsOn": ["x"], "name": "web/Backup"}
    entry = json.loads(after_put({}, "Backup", child).resource_json)["virtualMachineProfile"]["extensionProfile"]
    assert entry == {"extensions": [{"name": "Backup", **BACKUP}]}


@pytest.mark.parametrize(
    ("of_parent", "of_child", "is_automatic"),
    [
        (None, None, False),
        (None, "2025-04-01", True),
        ("2025-04-01", "2024-11-01", False),
        ("2025-04-01", "2026-04-01", True),
    ],
)
def test_what_the_childs_api_version_decides_stays_decided(
    of_parent: str | None, of_child: str | None, is_automatic: bool
) -> None:
    scale_set = after_put({"apiVersion": of_parent}, "Backup", {**BACKUP, "apiVersion": of_child})
    assert scale_set.extensions[0].enable_automatic_upgrade is is_automatic


def test_secrets_of_a_child_do_not_go_into_the_parent() -> None:
    child = {"properties": {**BACKUP["properties"], "protectedSettings": {"key": "hunter2"}}}
    assert "hunter2" not in repr(put_extension(read(NESTED), "Backup", child))


@pytest.mark.parametrize(
    ("member", "value"),
    [("name", "Restore"), ("name", "api/Backup"), ("id", f"{WEB}/extensions/Restore"), ("type", "x/y")],
)
def test_a_child_that_says_it_is_another_one_is_refused(member: str, value: str) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        put_extension(read(NESTED), "Backup", {**BACKUP, member: value})
    assert [wrong.field for wrong in refusal.value.violations] == [f"$.{member}"]


def test_paths_of_a_childs_problems_begin_at_the_child() -> None:
    child = {"properties": {"publisher": "[parameters('p')]", "type": "Backup", "typeHandlerVersion": "1.2.3"}}
    with pytest.raises(TemplateExpression) as refusal:
        put_extension(read(NESTED), "Backup", child)
    assert [wrong.field for wrong in refusal.value.violations] == [
        "$.properties.publisher",
        "$.properties.typeHandlerVersion",
    ]


@pytest.mark.parametrize("parent", [NESTED, FLATTENED], ids=["as ARM writes it", "as az prints it"])
def test_an_extension_is_removed_by_its_name_in_any_case(parent: Mapping[str, Any]) -> None:
    remaining = read(remove_extension(read(parent), "MONITOR")).extensions
    assert [extension.name for extension in remaining] == ["AppHealth"]


def test_removing_what_is_not_there_changes_nothing() -> None:
    parent = {"location": "westeurope"}
    assert remove_extension(read(parent), "Monitor") == parent


def test_extensions_are_listed_as_child_resources() -> None:
    first, second = extension_resources(read(NESTED))
    assert first["id"] == f"{WEB}/extensions/AppHealth"
    assert first["name"] == "AppHealth"
    assert first["type"] == RESOURCE_TYPE
    profile = NESTED["properties"]["virtualMachineProfile"]["extensionProfile"]
    assert second["properties"] == profile["extensions"][1]["properties"]


def test_what_is_listed_can_be_put_again() -> None:
    for parent in (NESTED, FLATTENED):
        scale_set = read(parent)
        for child in extension_resources(scale_set):
            assert after_put(parent, str(child["name"]), child).extensions == scale_set.extensions
