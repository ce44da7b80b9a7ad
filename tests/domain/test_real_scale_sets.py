"""Real scale sets out of public templates: each is taken in as its index says, or refused with a JSON path.

The folder of the data is read only; the numbers below are exactly what came out when they were last looked at.
"""

import copy
import csv
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidegate.domain.arm_resource import put_extension, read_scale_set, to_resource
from tidegate.domain.json_reading import is_expression
from tidegate.domain.refusal import MalformedRequest, MalformedResource, TemplateExpression
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet

# `Any` in this module: JSON documents.

PLAIN: Mapping[str, Any] = {
    "autoUpgradeMinorVersion": True,
    "capacity": 3,
    "enableAutomaticUpgrade": True,
    "extensionProfile": {},
    "imageReference": {},
    "networkProfile": {},
    "platformFaultDomainCount": 1,
    "provisionAfterExtensions": [],
    "rollingUpgradePolicy": {},
    "tags": {},
    "typeHandlerVersion": "1.0",
    "zones": ["1"],
}
"""What a deployment could have made of an expression; plain text for all that is not named here."""

SECRETS = ("protectedSettings", "adminPassword", "customData")


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """One file: its row of the index, and the resource `as written` in the template or `resolved` as far as it goes."""

    row: Mapping[str, str]
    form: str
    resource: dict[str, Any]

    @property
    def is_extension(self) -> bool:
        return self.row["kind"].endswith("/extensions")


def real_ones(shared_data: Path, form: str) -> Iterator[Real]:
    folder = shared_data / "scale-sets"
    with (folder / "index.csv").open(newline="", encoding="utf-8") as index:
        for row in csv.DictReader(index):
            document = json.loads((folder / row["file"]).read_text(encoding="utf-8"))
            yield Real(row=row, form=form, resource=document[form])


def address(real: Real) -> ScaleSetId:
    """The id that the resource says it has, or one of the test's making."""
    said = real.resource.get("id")
    if isinstance(said, str) and not is_expression(said) and not real.is_extension:
        return ScaleSetId.parse(said)
    name = real.resource.get("name", "")
    is_plain = isinstance(name, str) and not is_expression(name) and "/" not in name
    return ScaleSetId(subscription="sub", resource_group="group", name=name if is_plain and name else "parent")


def take_in(real: Real) -> ScaleSet:
    """What a server does with it: a child resource goes into the profile of a small parent."""
    scale_set_id = address(real)
    if not real.is_extension:
        return read_scale_set(scale_set_id, real.resource, location="westeurope", etag="1")
    parent = read_scale_set(scale_set_id, {"sku": {"capacity": 3}}, location="westeurope", etag="1")
    return read_scale_set(scale_set_id, put_extension(parent, "child", real.resource), location="westeurope", etag="2")


def outcome(real: Real) -> ScaleSet | MalformedRequest:
    try:
        return take_in(real)
    except (MalformedResource, TemplateExpression) as refusal:
        return refusal


def extensions_in(row: Mapping[str, str]) -> list[tuple[str, bool]]:
    """`publisher/type@version` and autoUpgradeMinorVersion of each extension that the index names."""
    entries = [entry for entry in row["extensions"].split("; ") if entry]
    return [(entry.split(" ")[0], "aumv=true" in entry) for entry in entries]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("resource", {"taken": 10, "TemplateExpression": 88}),
        ("resolved", {"taken": 33, "TemplateExpression": 65}),
    ],
)
def test_every_real_scale_set_is_taken_in_or_refused_with_a_path(
    shared_data: Path, capsys: pytest.CaptureFixture[str], form: str, expected: Mapping[str, int]
) -> None:
    counted: Counter[str] = Counter()
    because: Counter[str] = Counter()
    for real in real_ones(shared_data, form):
        came_of_it = outcome(real)
        if isinstance(came_of_it, ScaleSet):
            counted["taken"] += 1
            continue
        counted[type(came_of_it).__name__] += 1
        assert all(wrong.field.startswith("$.") for wrong in came_of_it.violations), real.row["file"]
        because.update(sorted({wrong.field.rsplit(".", 1)[-1] for wrong in came_of_it.violations}))
    with capsys.disabled():
        print(f"\n{form}: {dict(counted)}; refused for {dict(because.most_common(4))}", end=" ")  # noqa: T201
    assert counted == expected


def test_what_is_taken_in_is_what_the_index_says(shared_data: Path) -> None:
    looked_at = 0
    for real in real_ones(shared_data, "resolved"):
        scale_set = outcome(real)
        if isinstance(scale_set, ScaleSet):
            assert_as_indexed(scale_set, real)
            looked_at += 1
    assert looked_at == 33


def test_once_their_expressions_are_filled_in_all_are_taken_in_as_the_index_says(shared_data: Path) -> None:
    """Filling in every value that a refusal names, and no other, is enough: the paths are right."""
    looked_at: Counter[str] = Counter()
    for real in real_ones(shared_data, "resolved"):
        filled_in = deployed(real)
        scale_set = take_in(filled_in)
        assert_as_indexed(scale_set, filled_in)
        looked_at["all"] += 1
        looked_at["Service Fabric"] += scale_set.is_service_fabric
        looked_at["extensions"] += len(scale_set.extensions)
    assert looked_at == {"all": 98, "Service Fabric": 34, "extensions": 140}


def deployed(real: Real) -> Real:
    """The same with something plain at every path at which a template expression was refused."""
    document = copy.deepcopy(real.resource)
    try:
        take_in(real)
    except TemplateExpression as refusal:
        for number, wrong in enumerate(refusal.violations):
            at: Any = document
            *steps, last = re.findall(r"\['([^']*)'\]|\.([^.\[]+)|\[(\d+)\]", wrong.field)
            for step in steps:
                at = at[index_or_name(step)]
            at[index_or_name(last)] = copy.deepcopy(PLAIN.get(last[1], f"plain{number}"))
    return dataclasses.replace(real, resource=document)


def index_or_name(step: tuple[str, str, str]) -> int | str:
    quoted, name, index = step
    return int(index) if index else quoted or name


def assert_as_indexed(scale_set: ScaleSet, real: Real) -> None:
    row = real.row
    read = [
        (f"{each.extension_type}@{each.type_handler_version}", each.auto_upgrade_minor_version)
        for each in scale_set.extensions
    ]
    indexed = extensions_in(row)
    assert len(read) == len(indexed) == int(row["n_extensions"]), row["file"]
    assert [each for each in indexed if "[" not in each[0]] == [
        ours for ours, each in zip(read, indexed, strict=True) if "[" not in each[0]
    ], row["file"]
    assert scale_set.is_service_fabric == (row["service_fabric"] == "True"), row["file"]
    assert scale_set.has_application_health_extension == (row["app_health_ext"] == "True"), row["file"]
    if real.is_extension:
        return
    assert scale_set.has_health_probe == (row["health_probe"] == "True"), row["file"]
    if row["capacity"].isdigit() or not row["capacity"]:
        assert scale_set.capacity == int(row["capacity"] or 0), row["file"]
    if row["upgrade_mode"] != "absent":
        assert scale_set.upgrade_mode == row["upgrade_mode"], row["file"]


def test_nothing_that_is_not_read_is_lost_and_no_secret_is_kept(shared_data: Path) -> None:
    for real in real_ones(shared_data, "resolved"):
        scale_set = outcome(real)
        if not isinstance(scale_set, ScaleSet) or real.is_extension:
            continue
        given_back = to_resource(scale_set)
        assert without(given_back, "id", "name", "type", "location", "etag") == without(
            without_secrets(real.resource), "id", "name", "type", "location", "etag"
        ), real.row["file"]
        assert not any(f'"{secret}"' in scale_set.resource_json for secret in SECRETS), real.row["file"]


def without(resource: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}


def without_secrets(value: Any) -> Any:
    """A second opinion on what a resource is without its secrets."""
    if isinstance(value, dict):
        return {name: without_secrets(inner) for name, inner in value.items() if name not in SECRETS}
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value
