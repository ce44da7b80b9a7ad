"""What an order does to a machine, step by step."""

import dataclasses
from collections.abc import Callable

from tests.fleets.orders import order, to_image, to_version
from tests.fleets.test_faults import INSTANCE
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.order import ExtensionMove, ImageMove, Move
from tidegate.fleets.faults import InstallFails
from tidegate.fleets.moves import NOT_INSTALLED, all_failed, begun, carried_out, undone

BROKEN = InstallFails(code="Broken", message="It does not start.")


def failing(kind: type[Move] | None) -> Callable[[Move], InstallFails | None]:
    return lambda move: BROKEN if kind is not None and isinstance(move, kind) else None


def test_what_an_order_moves_is_updating_while_it_is_under_way() -> None:
    states = begun(INSTANCE, order(0, to_version("2.5", "AGENT")))
    assert states["Agent"].provisioning_state is ProvisioningState.UPDATING
    assert str(states["Agent"].version) == "2.1.0.0"
    assert states["Broken"] == INSTANCE.extensions["Broken"]


def test_an_order_that_is_dropped_leaves_everything_as_it_was() -> None:
    under_way = dataclasses.replace(INSTANCE, extensions=begun(INSTANCE, order(0, to_version("3.5", "Broken"))))
    assert undone(under_way, INSTANCE.extensions) == INSTANCE.extensions


def test_a_move_that_succeeds_clears_an_older_failure() -> None:
    states, image, failures = carried_out(INSTANCE, order(0, to_version("3.5", "broken")), failing(None))
    assert states["Broken"] == ExtensionState(name="Broken", version=to_version("3.5").version)
    assert (image, failures) == (INSTANCE.image_version, ())


def test_a_move_that_fails_keeps_the_version_and_says_why() -> None:
    states, _, failures = carried_out(INSTANCE, order(0, to_version("2.5")), failing(ExtensionMove))
    assert (str(states["Agent"].version), states["Agent"].provisioning_state) == ("2.1.0.0", ProvisioningState.FAILED)
    assert (states["Agent"].code, states["Agent"].message) == ("Broken", "It does not start.")
    assert [(each.extension_name, each.code) for each in failures] == [("Agent", "Broken")]


def test_each_move_is_applied_on_its_own() -> None:
    both = order(0, to_version("2.5"), to_image("24.04.2"))
    states, image, failures = carried_out(INSTANCE, both, failing(ImageMove))
    assert str(states["Agent"].version) == "2.5"
    assert image == "24.04.1"
    assert [(each.extension_name, each.code) for each in failures] == [("", "Broken")]
    _, image, _ = carried_out(INSTANCE, both, failing(ExtensionMove))
    assert image == "24.04.2"


def test_an_extension_that_is_not_there_cannot_be_moved() -> None:
    states, _, failures = carried_out(INSTANCE, order(0, to_version("2.5", "Missing")), failing(None))
    assert states == INSTANCE.extensions
    assert [(each.extension_name, each.code) for each in failures] == [("Missing", NOT_INSTALLED)]


def test_all_moves_of_an_order_may_fail_for_one_reason() -> None:
    failures = all_failed(order(0, to_version("2.5"), to_image("2")), "Gone", "It is gone.")
    assert [(each.extension_name, each.code, each.message) for each in failures] == [
        ("Agent", "Gone", "It is gone."),
        ("", "Gone", "It is gone."),
    ]
