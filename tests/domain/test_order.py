"""Orders and answers are values: the same order given twice is the same order."""

from tests.domain.examples import WEB
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceOrder, Move
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version


def order(scale_set: ScaleSetId, version: str) -> InstanceOrder:
    move = ExtensionMove(extension_name="Agent", version=Version(version))
    return InstanceOrder(operation_id="op", scale_set=scale_set, instance_id="0", moves=(move,))


def test_an_order_given_again_is_equal_to_the_first_however_it_is_spelled() -> None:
    spelled_otherwise = ScaleSetId.parse(str(WEB).upper())
    assert order(WEB, "2.1") == order(spelled_otherwise, "2.1.0.0")
    assert hash(order(WEB, "2.1")) == hash(order(spelled_otherwise, "2.1.0.0"))


def test_a_move_of_an_extension_is_not_a_move_of_the_image() -> None:
    moves: set[Move] = {ExtensionMove(extension_name="", version=Version("1")), ImageMove(version=Version("1"))}
    assert len(moves) == 2
