"""How a command line names things."""

import pytest
import typer

from tests.cli.samples import SCALE_SET, SUBSCRIPTION, UPGRADE
from tidegate.cli.naming import instance_of, scale_set_name, upgrade_or_scale_set

BY_PARTS = {"group": "shop", "name": "web", "subscription": SUBSCRIPTION}
NOTHING = {"group": "", "name": "", "subscription": ""}


def test_a_scale_set_is_named_by_its_id_or_by_its_parts() -> None:
    assert scale_set_name(SCALE_SET, **NOTHING) == SCALE_SET
    assert scale_set_name("", **BY_PARTS) == SCALE_SET
    assert scale_set_name("", group="shop", name="web", subscription=f"/subscriptions/{SUBSCRIPTION}") == SCALE_SET


def test_a_subscription_from_the_environment_does_not_contradict_an_id() -> None:
    assert scale_set_name(SCALE_SET, group="", name="", subscription="another") == SCALE_SET


@pytest.mark.parametrize(
    ("given", "parts", "said"),
    [
        (SCALE_SET, BY_PARTS, "not by both"),
        ("", NOTHING, "-g GROUP, -n NAME and --subscription ID are missing"),
        ("", {**BY_PARTS, "subscription": ""}, "--subscription ID is missing"),
        ("", {**BY_PARTS, "name": ""}, "-n NAME is missing"),
        ("web", NOTHING, "is not of the form /subscriptions/"),
        ("", {**BY_PARTS, "name": "we/b"}, "is not of the form /subscriptions/"),
    ],
)
def test_a_name_that_says_too_little_or_too_much_is_refused(given: str, parts: dict[str, str], said: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        scale_set_name(given, **parts)
    assert said in str(caught.value.message)


def test_an_upgrade_is_named_by_its_name_or_its_scale_set() -> None:
    assert upgrade_or_scale_set(UPGRADE, **NOTHING) == UPGRADE
    assert upgrade_or_scale_set(SCALE_SET, **NOTHING) == SCALE_SET
    assert upgrade_or_scale_set("", **BY_PARTS) == SCALE_SET


def test_a_broken_upgrade_name_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        upgrade_or_scale_set("/rollingUpgrades/u1", **NOTHING)
    with pytest.raises(typer.BadParameter):
        upgrade_or_scale_set(UPGRADE, **BY_PARTS)


def test_an_instance_is_named_in_three_ways() -> None:
    assert instance_of([SCALE_SET, "3"], **NOTHING) == (SCALE_SET, "3")
    assert instance_of(["3"], **BY_PARTS) == (SCALE_SET, "3")
    assert instance_of([f"{SCALE_SET}/virtualMachines/3"], **NOTHING) == (SCALE_SET, "3")
    assert instance_of([f"{SCALE_SET}/virtualmachines/3"], group="", name="", subscription="x") == (SCALE_SET, "3")


@pytest.mark.parametrize("words", [[], ["a", "b", "c"], ["3"]])
def test_no_instance_or_several_are_refused(words: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        instance_of(words, **NOTHING)
