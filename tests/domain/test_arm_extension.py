"""One extension, read from an entry of a profile or from a child resource."""

from collections.abc import Mapping
from typing import Any

import pytest

from tidegate.domain.arm_extension import RESOURCE_TYPE, read_extension
from tidegate.domain.extension import Extension
from tidegate.domain.json_reading import Problems, Reading, read_document
from tidegate.domain.refusal import MalformedRequest

AGENT = {"publisher": "Contoso", "type": "Agent", "typeHandlerVersion": "2.1"}


def read(entry: Mapping[str, Any], *, name: str | None = None, api_version: object = None) -> Extension:
    problems = Problems()
    version = Reading(path="$.apiVersion", value=api_version, problems=problems)
    extension = read_extension(read_document(entry, problems), name=name, api_version=version)
    problems.refuse_any()
    return extension


def refused(entry: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(MalformedRequest) as refusal:
        read(entry)
    return {wrong.field: wrong.description for wrong in refusal.value.violations}


def test_minor_versions_are_not_upgraded_unless_somebody_asked_for_it() -> None:
    assert not read({"name": "a", "properties": AGENT}).auto_upgrade_minor_version
    assert read({"name": "a", "properties": {**AGENT, "autoUpgradeMinorVersion": True}}).auto_upgrade_minor_version


@pytest.mark.parametrize(
    ("api_version", "is_automatic"),
    [(None, False), ("2024-11-01", False), ("2025-04-01", True), ("2025-04-01-preview", True), ("2026-04-01", True)],
)
def test_automatic_upgrade_is_the_default_since_the_api_version_that_made_it_so(
    api_version: str | None, is_automatic: bool
) -> None:
    assert read({"name": "a", "properties": AGENT}, api_version=api_version).enable_automatic_upgrade is is_automatic


@pytest.mark.parametrize("said", [True, False])
def test_automatic_upgrade_that_is_said_goes_before_any_default(said: bool) -> None:
    entry = {"name": "a", "properties": {**AGENT, "enableAutomaticUpgrade": said}}
    assert read(entry, api_version="2026-04-01").enable_automatic_upgrade is said
    assert read(entry, api_version="[variables('unread')]").enable_automatic_upgrade is said


def test_the_handler_of_a_flattened_extension_is_not_mistaken_for_the_resource_type() -> None:
    flattened = {"name": "a", **AGENT, "type": RESOURCE_TYPE, "typePropertiesType": "Agent"}
    assert str(read(flattened).extension_type) == "Contoso/Agent"
    assert str(read({"name": "a", **AGENT}).extension_type) == "Contoso/Agent"
    assert str(read({"name": "a", "type": RESOURCE_TYPE, "properties": AGENT}).extension_type) == "Contoso/Agent"


def test_a_flattened_extension_that_only_says_what_kind_of_resource_it_is_has_no_handler() -> None:
    assert "is missing" in refused({"name": "a", **AGENT, "type": RESOURCE_TYPE})["$.typePropertiesType"]


@pytest.mark.parametrize("text", ["2", "2.1", "10.0"])
def test_a_version_has_one_or_two_parts(text: str) -> None:
    entry = {"name": "a", "properties": {**AGENT, "typeHandlerVersion": text}}
    assert str(read(entry).type_handler_version) == text


@pytest.mark.parametrize("text", ["2.1.3", "2.1.3.4"])
def test_a_version_of_more_parts_is_refused_in_azures_words_with_what_to_write(text: str) -> None:
    found = refused({"name": "a", "properties": {**AGENT, "typeHandlerVersion": text}})
    assert list(found) == ["$.properties.typeHandlerVersion"]
    said = found["$.properties.typeHandlerVersion"]
    assert said.startswith("The value of parameter typeHandlerVersion is invalid.")
    assert "here 2.1;" in said


@pytest.mark.parametrize("value", ["", "latest", "2.x", 2.1, None, ["2.1"], "2." + "9" * 30])
def test_what_is_no_version_is_refused(value: object) -> None:
    assert list(refused({"name": "a", "properties": {**AGENT, "typeHandlerVersion": value}})) == [
        "$.properties.typeHandlerVersion"
    ]


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert list(refused({"properties": {}})) == [
        "$.name",
        "$.properties.publisher",
        "$.properties.type",
        "$.properties.typeHandlerVersion",
    ]


def test_the_name_of_a_child_resource_goes_before_its_own() -> None:
    assert read({"name": "[concat('x', '/agent')]", "properties": AGENT}, name="agent").name == "agent"


def test_an_extension_that_is_no_object_is_told_once() -> None:
    problems = Problems()
    absent = Reading(path="$.apiVersion", value=None, problems=problems)
    read_extension(Reading(path="$.x[0]", value="agent", problems=problems), api_version=absent)
    with pytest.raises(MalformedRequest) as refusal:
        problems.refuse_any()
    assert [wrong.field for wrong in refusal.value.violations] == ["$.x[0]"]
