"""The extension profile inside a scale set's resource: its entries as child resources, added, replaced and removed.

Law: every function returns a new resource and leaves whatever it was not asked about as it is. The result is a
resource to be read again, so that no change gets around `read_scale_set`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tidegate.domain.arm_extension import RESOURCE_TYPE, is_automatic_by_default, properties_of, read_extension
from tidegate.domain.json_reading import Problems, Reading, find_name, is_expression, read_document
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.write_only import strip_secrets

_NOT_OF_THE_ENTRY = frozenset({"id", "name", "apiversion", "dependson", "etag"})
"""What a child resource has by standing alone, in lower case."""


def put_extension(scale_set: ScaleSet, name: str, extension_resource: Mapping[str, object]) -> dict[str, object]:
    """The scale set's resource with the child resource `name` in its profile: added, or in place of the old one.

    Raises:
        TemplateExpression: a value of the child that is read is still an expression of a template.
        MalformedResource: the child is missing something, or is wrong; paths begin at the child.
    """
    problems = Problems()
    child = read_document(extension_resource, problems)
    _check_identity(scale_set.scale_set_id, name, child)
    read_extension(child, name=name, api_version=child.at("apiVersion"))
    problems.refuse_any()
    resource = _resource(scale_set)
    entry = _entry(name, child, is_automatic=_is_automatic(resource))
    entries = _entries(resource)
    at = _position(entries, name)
    if at is None:
        entries.append(entry)
    else:
        entries[at] = entry
    return resource


def remove_extension(scale_set: ScaleSet, name: str) -> dict[str, object]:
    """The scale set's resource without the extension `name`; the same resource where it has none of that name."""
    resource = _resource(scale_set)
    entries = _entries(resource)
    at = _position(entries, name)
    if at is None:
        return _resource(scale_set)
    del entries[at]
    return resource


def extension_resources(scale_set: ScaleSet) -> tuple[dict[str, object], ...]:
    """The profile's entries as child resources, with `id`, `name` and `type` filled in, in the profile's order."""
    entries = _entries(_resource(scale_set))
    return tuple(_child(scale_set.scale_set_id, entry) for entry in entries if isinstance(entry, dict))


def _resource(scale_set: ScaleSet) -> dict[str, object]:
    resource: dict[str, object] = json.loads(scale_set.resource_json)
    return resource


def _check_identity(scale_set_id: ScaleSetId, name: str, child: Reading) -> None:
    """What the child says of itself must not contradict its address; an expression contradicts nothing."""
    allowed = {
        "id": {f"{scale_set_id}/extensions/{name}".lower()},
        "name": {name.lower(), f"{scale_set_id.name}/{name}".lower()},
    }
    if not child.at("properties").is_absent:
        allowed["type"] = {RESOURCE_TYPE.lower(), "extensions"}
    for member, values in allowed.items():
        said = child.at(member)
        if isinstance(said.value, str) and is_expression(said.value):
            continue
        if said.text() and said.text().lower() not in values:
            said.refuse(f"does not belong to the extension {name!r} of {scale_set_id}; leave it out")


def _entry(name: str, child: Reading, *, is_automatic: bool) -> dict[str, object]:
    """The child as an entry. What its own api-version decides is written out where the profile's decides otherwise."""
    left_out = _NOT_OF_THE_ENTRY | ({"type"} if _type_is_the_resources(child) else frozenset())
    members = {spelled: value for spelled, value in child.members().items() if spelled.lower() not in left_out}
    entry = strip_secrets({"name": name, **members})
    wanted = is_automatic_by_default(child.at("apiVersion"))
    if properties_of(child).at("enableAutomaticUpgrade").is_absent and wanted != is_automatic:
        properties = entry[find_name(entry, "properties") or ""] if not child.at("properties").is_absent else entry
        assert isinstance(properties, dict), "an extension whose properties are no object was read"
        properties[find_name(properties, "enableAutomaticUpgrade") or "enableAutomaticUpgrade"] = wanted
    return entry


def _type_is_the_resources(child: Reading) -> bool:
    return not child.at("properties").is_absent or not child.at("typePropertiesType").is_absent


def _is_automatic(resource: dict[str, object]) -> bool:
    """What the scale set's own api-version says of an entry that does not say itself."""
    return is_automatic_by_default(read_document(resource, Problems()).at("apiVersion"))


def _entries(resource: dict[str, object]) -> list[object]:
    """The list of entries inside `resource`, made there where it is not."""
    at = resource
    steps = ["virtualMachineProfile", "extensionProfile"]
    nested = find_name(resource, "properties")
    if nested is not None and resource[nested] is not None:
        steps.insert(0, nested)
    for step in steps:
        at = _object_in(at, step)
    spelled = find_name(at, "extensions") or "extensions"
    entries = at.get(spelled)
    if not isinstance(entries, list):
        entries = at[spelled] = []
    return entries


def _object_in(members: dict[str, object], name: str) -> dict[str, object]:
    spelled = find_name(members, name) or name
    inner = members.get(spelled)
    if not isinstance(inner, dict):
        inner = members[spelled] = {}
    return inner


def _position(entries: list[object], name: str) -> int | None:
    for index, entry in enumerate(entries):
        if isinstance(entry, dict) and _name_of(entry).lower() == name.lower():
            return index
    return None


def _name_of(entry: dict[str, object]) -> str:
    return str(entry.get(find_name(entry, "name") or "name", ""))


def _child(scale_set_id: ScaleSetId, entry: dict[str, object]) -> dict[str, object]:
    name = _name_of(entry)
    identity: dict[str, object] = {"id": f"{scale_set_id}/extensions/{name}", "name": name}
    rest = {spelled: value for spelled, value in entry.items() if spelled.lower() not in {"id", "name"}}
    if _type_is_the_resources(Reading(path="$", value=entry, problems=Problems())):
        rest = {spelled: value for spelled, value in rest.items() if spelled.lower() != "type"}
        identity["type"] = RESOURCE_TYPE
    return identity | rest
