"""Fields of a request: read into words of the domain, or named by their path, all wrong ones at once."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.fields import MAX_RESOURCE_BYTES, Fields
from tidegate.api.upgrade_filter import UpgradeFilter
from tidegate.domain.extension import ExtensionType
from tidegate.domain.refusal import MalformedRequest
from tidegate.domain.resource_id import ScaleSetId, UpgradeName
from tidegate.domain.version import Version
from tidegate.upgrade.plan import UpgradeKind
from tidegate.v1 import extension_catalog_service_pb2 as catalog_pb

WEB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"
Read = Callable[[Fields], object]


def violations(read: Read) -> list[tuple[str, str]]:
    """What reading alone is refused with: paths and descriptions."""
    wrong = found(read)
    assert wrong, "nothing was wrong"
    return wrong


def found(read: Read) -> list[tuple[str, str]]:
    """As `violations`; none where nothing is wrong."""
    try:
        with Fields() as fields:
            read(fields)
    except MalformedRequest as refused:
        return [(wrong.field, wrong.description) for wrong in refused.violations]
    return []


def test_what_is_well_is_read() -> None:
    with Fields() as fields:
        assert fields.scale_set("scale_set", WEB) == ScaleSetId.parse(WEB)
        assert fields.upgrade("name", f"{WEB}/rollingUpgrades/u1") == UpgradeName.parse(f"{WEB}/rollingUpgrades/u1")
        assert fields.extension("name", f"{WEB}/extensions/agent") == (ScaleSetId.parse(WEB), "agent")
        assert fields.subscription("name", "/subscriptions/ABC") == "abc"
        assert fields.version("version", "2.1.6") == Version("2.1.6")
        assert fields.image_version("image_version", "") == ""
        assert fields.image_version("image_version", "22.04.202410010") == "22.04.202410010"
        assert fields.name("name", "azure-default", "a policy's name") == "azure-default"
        assert fields.request_id("request_id", "") == ""
        assert fields.request_id("request_id", "ä" * 128) == "ä" * 128
        assert fields.location("location", "") == ""
        assert fields.location("location", "West Europe") == "West Europe"
        assert fields.etag("etag", "*") == "*"
        assert fields.filter("filter", "kind = OS_IMAGE") == UpgradeFilter(kind=UpgradeKind.OS_IMAGE)
        assert fields.json_object("resource_json", '{"a": [1]}') == {"a": [1]}


def test_a_target_is_a_scale_set_or_an_upgrade() -> None:
    with Fields() as fields:
        assert fields.target("name", WEB) == ScaleSetId.parse(WEB)
        assert fields.target("name", f"{WEB}/ROLLINGupgrades/u1") == UpgradeName.parse(f"{WEB}/rollingUpgrades/u1")


def test_an_extension_type_has_both_its_parts() -> None:
    with Fields() as fields:
        message = catalog_pb.ExtensionType(publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent")
        wanted = ExtensionType(publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent")
        assert fields.extension_type("extension_type", message) == wanted


@pytest.mark.parametrize(
    ("given", "size"), [(0, 50), (1, 1), (1000, 1000)], ids=["none means the usual", "the least", "the most"]
)
def test_a_page_size_within_its_bounds_is_taken(given: int, size: int) -> None:
    with Fields() as fields:
        assert fields.page_size("page_size", given, usual=50, most=1_000) == size


@pytest.mark.parametrize(
    ("text", "newest_first"),
    [("", True), ("start_time desc", True), (" start_time   desc ", True), ("start_time", False)],
)
def test_an_order_is_read(text: str, newest_first: bool) -> None:
    with Fields() as fields:
        assert fields.newest_first("order_by", text) is newest_first


@pytest.mark.parametrize(
    ("read", "path", "said"),
    [
        (lambda fields: fields.scale_set("scale_set", "web"), "scale_set", "'web' is not of the form /subscriptions/"),
        (lambda fields: fields.scale_set("scale_set", ""), "scale_set", "'' is not of the form"),
        (lambda fields: fields.upgrade("name", WEB), "name", "/rollingUpgrades/{upgrade}"),
        (lambda fields: fields.target("name", f"{WEB}/rollingUpgrades/"), "name", "/rollingUpgrades/{upgrade}"),
        (lambda fields: fields.target("name", "x/rollingUpgrades/u"), "name", "is not of the form"),
        (lambda fields: fields.extension("name", WEB), "name", "{scale set id}/extensions/{name}"),
        (lambda fields: fields.extension("name", "web/extensions/agent"), "name", "'web' is not of the form"),
        (lambda fields: fields.subscription("name", "a/b"), "name", "/subscriptions/{subscription}"),
        (lambda fields: fields.version("version", "2.x"), "version", "'2.x' is no version"),
        (lambda fields: fields.image_version("image_version", "latest"), "image_version", "'latest' is no version"),
        (lambda fields: fields.name("name", "", "a policy's name"), "name", "write a policy's name"),
        (lambda fields: fields.name("name", "a\nb", "a policy's name"), "name", "printable"),
        (lambda fields: fields.request_id("request_id", "x" * 129), "request_id", "up to 128"),
        (lambda fields: fields.request_id("request_id", "a\tb"), "request_id", "printable"),
        (lambda fields: fields.etag("etag", "a\n"), "etag", "is no etag"),
        (lambda fields: fields.etag("etag", "a" * 129), "etag", "is no etag"),
        (lambda fields: fields.location("location", "[parameters('where')]"), "location", "is no location"),
        (lambda fields: fields.page_size("page_size", -1, usual=50, most=9), "page_size", "is -1; write 1 to 9"),
        (lambda fields: fields.page_size("page_size", 10, usual=50, most=9), "page_size", "is 10; write 1 to 9"),
        (lambda fields: fields.filter("filter", "kind"), "filter", "at character 5"),
        (lambda fields: fields.newest_first("order_by", "name"), "order_by", "'name' is no order"),
        (lambda fields: fields.json_object("resource_json", "{"), "resource_json", "at line 1, column 2"),
        (lambda fields: fields.json_object("resource_json", "[]"), "resource_json", "no object"),
        (lambda fields: fields.json_object("resource_json", "[" * 99_999), "resource_json", "too deep"),
        (lambda fields: fields.json_object("resource_json", "9" * 9_999), "resource_json", "thousands of digits"),
        (
            lambda fields: fields.json_object("resource_json", '"' + "ä" * (MAX_RESOURCE_BYTES // 2) + '"'),
            "resource_json",
            "is larger than 4194304 bytes",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(read: Read, path: str, said: str) -> None:
    ((field, description),) = violations(read)
    assert field == path
    assert said in description


def test_an_extension_type_is_wrong_part_by_part() -> None:
    message = catalog_pb.ExtensionType(publisher="a/b", type="")
    wrong = violations(lambda fields: fields.extension_type("extension_type", message))
    assert [path for path, _ in wrong] == ["extension_type.publisher", "extension_type.type"]


def test_all_wrong_fields_are_named_at_once() -> None:
    def read(fields: Fields) -> None:
        fields.scale_set("scale_set", "x")
        fields.request_id("request_id", "\n")
        fields.version("version", "v2")

    assert [path for path, _ in violations(read)] == ["scale_set", "request_id", "version"]


def test_another_exception_is_not_hidden_by_wrong_fields() -> None:
    def read() -> None:
        with Fields() as fields:
            fields.wrong("x", "is wrong")
            raise KeyError

    with pytest.raises(KeyError):
        read()


def test_nothing_of_a_resource_is_repeated() -> None:
    secret = "Tr0ub4dor"
    for text in (f'{{"adminPassword": "{secret}"', f'"{secret}"', f'{{"adminPassword": "{secret}", "a": 1e}}'):
        ((_, description),) = violations(partial(Fields.json_object, path="resource_json", text=text))
        assert secret not in description


@given(st.text())
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    message = catalog_pb.ExtensionType(publisher=text, type=text)
    reads: list[Read] = [
        lambda fields: fields.scale_set("a", text),
        lambda fields: fields.upgrade("a", text),
        lambda fields: fields.target("a", text),
        lambda fields: fields.extension("a", text),
        lambda fields: fields.subscription("a", text),
        lambda fields: fields.extension_type("a", message),
        lambda fields: fields.version("a", text),
        lambda fields: fields.newest_first("a", text),
        lambda fields: fields.location("a", text),
        lambda fields: fields.json_object("a", text),
    ]
    for read in reads:
        assert all(len(said) < 500 for _, said in found(read))


def test_a_very_long_id_is_refused_without_being_repeated() -> None:
    ((_, said),) = violations(lambda fields: fields.scale_set("scale_set", WEB + "x" * 4_000_000))
    assert len(said) < 400
