"""A card remembers the newest operations of its host."""

from tests.fleets.agents.cards import card, identity
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer
from tidegate.fleets.agents.host_card import REMEMBERED_OPERATIONS, Part


def answer(operation_id: str) -> InstanceAnswer:
    return InstanceAnswer(operation_id=operation_id, instance_id="a", failures=(), probe=ProbeState.NONE)


def test_the_newest_operations_are_remembered_and_the_oldest_let_go() -> None:
    host = card()
    for number in range(REMEMBERED_OPERATIONS + 2):
        host.remember(answer(f"op/{number}"))
    assert len(host.finished) == REMEMBERED_OPERATIONS
    assert host.answer_of("op/1") is None
    assert host.answer_of("op/2") == answer("op/2")


def test_a_card_is_called_as_its_host() -> None:
    host = card("web-0", uid="4f2a")
    assert (host.uid, host.instance_id, str(host.name).rsplit("/", 1)[1]) == ("4f2a", "web-0", "web-0")


def test_nothing_secret_is_shown() -> None:
    shown = repr(identity())
    assert "dddd" not in shown
    assert "PEM" not in shown


def test_all_parts_are_all() -> None:
    assert Part.IDENTITY | Part.WORK | Part.REPORT == Part.ALL
    assert Part.NONE not in (Part.IDENTITY, Part.WORK, Part.REPORT)
