"""Protected settings are taken out of a resource in both spellings, and are shown by nothing."""

import json
from typing import Any

import pytest

from tests.executor.world import AGENT, SHIELD, extension, resource, scale_set_id
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionType
from tidegate.domain.protected_settings import (
    ProtectedSettings,
    names_that_stay,
    protected_settings_of,
    protected_settings_of_child,
    texts_of,
)
from tidegate.domain.refusal import MalformedResource
from tidegate.domain.scale_set import ScaleSet

SECRET = {"password": "Tr0ub4dor&3", "name": "Zoë"}
TEXT = '{"password":"Tr0ub4dor&3","name":"Zoë"}'.encode()
NOTHING = ProtectedSettings(text=b"")


def nested(**said: object) -> dict[str, object]:
    entry: Any = extension()
    entry["properties"] |= said
    return resource(2, extensions=[entry, extension(SHIELD)])


def flattened(**said: object) -> dict[str, object]:
    """As `az vmss show` prints it."""
    entries = [
        {"name": each.type.lower(), "publisher": each.publisher, "typePropertiesType": each.type}
        | {"typeHandlerVersion": "1.0"}
        for each in (AGENT, SHIELD)
    ]
    profile = {"extensionProfile": {"extensions": [entries[0] | said, entries[1]]}}
    return {"location": "westeurope", "sku": {"capacity": 2}, "virtualMachineProfile": profile}


@pytest.mark.parametrize("shape", [nested, flattened])
@pytest.mark.parametrize("spelled", ["protectedSettings", "ProtectedSettings", "PROTECTEDSETTINGS"])
def test_they_are_found_in_both_spellings(shape: Any, spelled: str) -> None:
    put = shape(**{spelled: SECRET})
    assert protected_settings_of(put) == {"agent": ProtectedSettings(text=TEXT)}
    kept = read_scale_set(scale_set_id("web"), put, etag="e").resource_json
    assert "Tr0ub4dor" not in kept


@pytest.mark.parametrize("shape", [nested, flattened])
def test_absent_says_nothing_and_null_or_empty_says_nothing_more_is_kept(shape: Any) -> None:
    assert protected_settings_of(shape()) == {}
    assert protected_settings_of(shape(protectedSettingsFromKeyVault=None)) == {}
    nothings: tuple[object, ...] = (None, {})
    for nothing in nothings:
        assert protected_settings_of(shape(protectedSettings=nothing)) == {"agent": NOTHING}


def test_a_resource_without_a_profile_says_nothing() -> None:
    assert protected_settings_of({"location": "x"}) == {}
    assert protected_settings_of({"properties": None, "protectedSettings": SECRET}) == {}


@pytest.mark.parametrize("properties", [{"protectedSettings": SECRET}, {"settings": {"protectedSettings": {}}}])
def test_a_child_speaks_of_itself(properties: dict[str, object]) -> None:
    found = protected_settings_of_child("Agent", {"name": "web/agent", "properties": properties})
    assert found == ({"agent": ProtectedSettings(text=TEXT)} if "protectedSettings" in properties else {})
    assert protected_settings_of_child("agent", properties) == found


def test_they_are_shown_by_no_repr() -> None:
    found = protected_settings_of(nested(protectedSettings=SECRET))
    assert "Tr0ub4dor" not in f"{found} {found['agent']!r} {found['agent']}"


@pytest.mark.parametrize("shape", [nested, flattened])
@pytest.mark.parametrize(
    "wrong", ["Tr0ub4dor&3", "[parameters('Tr0ub4dor')]", ["Tr0ub4dor"], 4711, True, False, 0, "", []]
)
def test_what_is_no_object_is_refused_and_not_told(shape: Any, wrong: object) -> None:
    with pytest.raises(MalformedResource, match=r"protectedSettings: is no object; write a JSON object") as refused:
        protected_settings_of(shape(protectedSettings=wrong))
    assert "Tr0ub4dor" not in f"{refused.value} {refused.value.violations}"
    assert "4711" not in str(refused.value)


@pytest.mark.parametrize("vault", [{}, {"secretUrl": "https://vault"}, "https://vault"])
def test_a_key_vault_is_refused_with_the_way_out(vault: object) -> None:
    place = r"\$\.properties\.virtualMachineProfile\.extensionProfile\.extensions\[0\]\.properties"
    with pytest.raises(MalformedResource, match=rf"{place}\.protectedSettingsFromKeyVault: names a key vault"):
        protected_settings_of(nested(protectedSettingsFromKeyVault=vault))
    with pytest.raises(MalformedResource, match="write the settings into protectedSettings"):
        protected_settings_of_child("agent", {"properties": {"protectedSettingsFromKeyVault": vault}})


def with_extensions(**types: ExtensionType) -> ScaleSet:
    entries = [extension(each, name=name) for name, each in types.items()]
    return read_scale_set(scale_set_id("web"), resource(2, extensions=entries), etag="e")


def test_what_is_kept_stays_where_the_handler_does_and_nobody_asks_otherwise() -> None:
    before = with_extensions(a=AGENT, b=AGENT, c=AGENT, d=AGENT)
    wanted = with_extensions(A=AGENT, b=SHIELD, c=AGENT, e=AGENT)
    said = {"c": NOTHING, "e": ProtectedSettings(text=TEXT)}
    assert names_that_stay(before, wanted, said) == {"a"}
    assert names_that_stay(before, wanted, {"a": ProtectedSettings(text=TEXT)}) == {"a", "c"}
    assert names_that_stay(None, wanted, said) == frozenset()


def test_texts_are_kept_for_extensions_that_are_there() -> None:
    said = {"a": ProtectedSettings(text=TEXT), "b": NOTHING, "gone": ProtectedSettings(text=TEXT)}
    assert texts_of(with_extensions(A=AGENT, b=SHIELD), said) == {"a": TEXT}
    assert json.loads(TEXT) == SECRET
