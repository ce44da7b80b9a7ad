"""The verbs about scale sets, against a real server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Tidegate
from tests.cli.samples import arm_resource, scale_set_id

Put = Callable[..., str]


def test_a_scale_set_is_put_from_a_file_or_from_stdin(tidegate: Tidegate, tmp_path: Path) -> None:
    file = tmp_path / "web.json"
    file.write_text(json.dumps(arm_resource("from-file")), encoding="utf-8-sig")
    told = tidegate("scale-set", "put", scale_set_id("from-file"), "-f", file)
    assert (told.exits, told.err) == (0, "The scale set is created.\n")
    assert "4 instances" in told.out
    again = tidegate("scale-set", "put", "-g", "shop", "-n", "from-file", stdin=json.dumps(arm_resource("from-file")))
    assert (again.exits, again.err) == (0, "The scale set is replaced.\n")


def test_validating_keeps_nothing(tidegate: Tidegate) -> None:
    resource = json.dumps(arm_resource("checked"))
    told = tidegate("scale-set", "put", scale_set_id("checked"), "--validate-only", stdin=resource)
    assert (told.exits, told.err) == (0, "The scale set would be created.\n")
    assert tidegate("scale-set", "get", scale_set_id("checked")).exits == 3


def test_every_wrong_field_of_a_resource_is_told(tidegate: Tidegate) -> None:
    resource = arm_resource("wrong")
    resource["sku"] = {"capacity": -1}
    del resource["location"]
    told = tidegate("scale-set", "put", scale_set_id("wrong"), stdin=json.dumps(resource))
    assert told.exits == 1
    assert "$.sku.capacity" in told.err
    assert "$.location" in told.err


def test_a_location_may_stand_in_for_the_resources_own(tidegate: Tidegate) -> None:
    resource = arm_resource("located")
    resource["location"] = "[resourceGroup().location]"
    told = tidegate(
        "scale-set", "put", scale_set_id("located"), "-l", "norwayeast", "-o", "json", stdin=json.dumps(resource)
    )
    assert told.document["location"] == "norwayeast"


def test_an_etag_keeps_two_people_apart(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("shared")
    resource = json.dumps(arm_resource("shared", capacity=5))
    etag = tidegate("scale-set", "get", scale_set, "-o", "json").document["etag"]
    assert tidegate("scale-set", "put", scale_set, "--if-etag", etag, stdin=resource).exits == 0
    told = tidegate("scale-set", "put", scale_set, "--if-etag", etag, stdin=resource)
    assert told.exits == 1
    assert "Read it again" in told.err
    assert tidegate("scale-set", "put", scale_set, "--only-new", stdin=resource).exits == 1
    assert tidegate("scale-set", "put", scale_set, "--only-new", "--if-etag", etag, stdin=resource).exits == 2
    assert tidegate("scale-set", "delete", scale_set, "--if-etag", etag).exits == 1


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_a_wrong_command_line(
    tidegate: Tidegate, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "web.json"
    if content is not None:
        file.write_bytes(content)
    told = tidegate("scale-set", "put", scale_set_id("x"), "-f", file)
    assert told.exits == 2
    assert "cannot be read" in " ".join(told.err.replace("│", " ").split())


def test_scale_sets_are_listed_and_forgotten(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("listed-set", zones=["1", "2"])
    assert "shop/listed-set" in tidegate("scale-set", "list").out
    names = [each["name"] for each in tidegate("scale-set", "list", "-o", "json").document]
    assert scale_set in names
    assert names == sorted(names, key=str.lower)
    other = "/subscriptions/00000000-0000-0000-0000-000000000099"
    assert tidegate("scale-set", "list", "--subscription", other, "-o", "json").document == []
    assert tidegate("scale-set", "delete", scale_set).exits == 0
    assert tidegate("scale-set", "delete", scale_set).exits == 3


def test_instances_are_listed(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("machines", zones=["1", "2"])
    told = tidegate("scale-set", "instances", scale_set)
    assert told.exits == 0
    assert told.out.splitlines()[1].split()[:3] == ["0", "1", "0"]
    document = tidegate("scale-set", "instances", scale_set, "-o", "json").document
    assert [each["instanceId"] for each in document] == ["0", "1", "2", "3"]
    assert document[0]["extensions"][0]["name"] == "agent"
