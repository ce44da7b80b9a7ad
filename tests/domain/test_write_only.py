"""Secrets are taken out of a resource wherever they stand, and nothing else is."""

import copy
from typing import Any

import pytest

from tests.domain.examples import FLATTENED, NESTED
from tidegate.domain.write_only import strip_secrets

EXTENSION = {"name": "a", "properties": {"settings": {"port": 80}}}


@pytest.mark.parametrize("resource", [{}, NESTED, FLATTENED])
def test_a_resource_without_secrets_is_given_back_as_it_was_in_the_same_order(resource: dict[str, Any]) -> None:
    stripped = strip_secrets(resource)
    assert stripped == resource
    assert list(stripped) == list(resource)


@pytest.mark.parametrize("name", ["protectedSettings", "adminPassword", "customData", "userData", "PROTECTEDSETTINGS"])
@pytest.mark.parametrize("value", ["hunter2", {"key": "hunter2"}, ["hunter2"]])
def test_a_secret_is_taken_out_however_it_is_spelled_and_wherever_it_stands(name: str, value: object) -> None:
    resource = {
        name: value,
        "location": "x",
        "properties": {"osProfile": {name: value, "adminUsername": "a"}, "extensions": [{**EXTENSION, name: value}]},
    }
    assert strip_secrets(resource) == {
        "location": "x",
        "properties": {"osProfile": {"adminUsername": "a"}, "extensions": [EXTENSION]},
    }


def test_a_secret_that_somebody_put_into_public_settings_is_taken_out_too() -> None:
    settings = {"settings": {"protectedSettings": {"key": "hunter2"}, "port": 80}}
    assert strip_secrets({"properties": settings}) == {"properties": {"settings": {"port": 80}}}


def test_the_content_of_an_unattended_set_up_is_taken_out_and_its_rest_is_kept() -> None:
    unattended = [{"passName": "OobeSystem", "settingName": "AutoLogon", "content": "<Password>hunter2</Password>"}]
    windows = {"windowsConfiguration": {"additionalUnattendContent": unattended}}
    kept = [{"passName": "OobeSystem", "settingName": "AutoLogon"}]
    assert strip_secrets(windows) == {"windowsConfiguration": {"additionalUnattendContent": kept}}


def test_content_elsewhere_and_references_to_a_vault_are_kept() -> None:
    resource = {
        "properties": {"content": "public", "protectedSettingsFromKeyVault": {"secretUrl": "https://vault/secret"}},
        "tags": {"customData": "a tag is anybody's to read"},
    }
    assert strip_secrets(resource) == resource


def test_what_was_given_is_not_changed() -> None:
    resource = {"properties": {"osProfile": {"adminPassword": "hunter2"}}}
    before = copy.deepcopy(resource)
    strip_secrets(resource)
    assert resource == before
