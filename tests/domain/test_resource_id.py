"""Ids of ARM: one shape each, and the same whatever the case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.resource_id import MalformedId, ScaleSetId, UpgradeName, parse_subscription

TEXT = "/subscriptions/0000/resourceGroups/Fleet_1/providers/Microsoft.Compute/virtualMachineScaleSets/web.api-1"
SEGMENTS = st.from_regex(r"[A-Za-z0-9_.()\-]{1,90}", fullmatch=True)


def test_an_id_gives_its_parts_and_its_text_back() -> None:
    found = ScaleSetId.parse(TEXT)
    assert (found.subscription, found.resource_group, found.name) == ("0000", "Fleet_1", "web.api-1")
    assert str(found) == TEXT


def test_spellings_that_differ_in_case_are_the_same_id() -> None:
    assert ScaleSetId.parse(TEXT) == ScaleSetId.parse(TEXT.upper())
    assert len({ScaleSetId.parse(TEXT), ScaleSetId.parse(TEXT.lower())}) == 1
    assert ScaleSetId.parse(TEXT).key == TEXT.lower()
    assert ScaleSetId.parse(TEXT) != ScaleSetId.parse(TEXT + "2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web",
        TEXT + "/",
        TEXT + "/extensions/a",
        " " + TEXT,
        TEXT + "\n",
        TEXT.replace("0000", ""),
        TEXT.replace("virtualMachineScaleSets", "virtualMachines"),
        TEXT.replace("web.api-1", "w eb"),
        TEXT.replace("web.api-1", "w" * 91),
        TEXT.replace("web.api-1", "wéb"),
    ],
)
def test_anything_else_is_refused_with_the_shape_it_should_have(text: str) -> None:
    with pytest.raises(MalformedId, match=r"virtualMachineScaleSets/\{name\}") as refusal:
        ScaleSetId.parse(text)
    assert refusal.value.text == text


@given(SEGMENTS, SEGMENTS, SEGMENTS)
def test_every_id_that_can_be_made_can_be_read(subscription: str, group: str, name: str) -> None:
    made = ScaleSetId(subscription=subscription, resource_group=group, name=name)
    assert ScaleSetId.parse(str(made)) == made
    assert ScaleSetId.parse(made.key) == made


def test_an_upgrade_has_its_scale_sets_id_and_one_of_its_own() -> None:
    name = UpgradeName.parse(f"{TEXT}/rollingUpgrades/u-1")
    assert name == UpgradeName(scale_set=ScaleSetId.parse(TEXT), upgrade_id="u-1")
    assert str(name) == f"{TEXT}/rollingUpgrades/u-1"
    assert UpgradeName.parse(f"{TEXT}/ROLLINGUPGRADES/u-1") == name


@pytest.mark.parametrize(
    "text", [TEXT, f"{TEXT}/rollingUpgrades/", f"{TEXT}/rollingUpgrades/a/b", "/rollingUpgrades/a"]
)
def test_what_is_no_upgrade_is_refused(text: str) -> None:
    with pytest.raises(MalformedId):
        UpgradeName.parse(text)


@pytest.mark.parametrize("text", ["Sub-1", "/subscriptions/Sub-1", "/SUBSCRIPTIONS/sub-1"])
def test_a_subscription_may_be_bare_or_a_path(text: str) -> None:
    assert parse_subscription(text) == "sub-1"


@pytest.mark.parametrize("text", ["", "/subscriptions/", "/subscriptions/a/b", "a b"])
def test_what_is_no_subscription_is_refused(text: str) -> None:
    with pytest.raises(MalformedId, match=r"/subscriptions/\{subscription\}"):
        parse_subscription(text)
