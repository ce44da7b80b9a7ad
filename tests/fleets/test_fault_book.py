"""The faults of one scale set: on whom they hold, and how often."""

import pytest

from tests.domain.examples import WEB
from tests.fleets.orders import order, to_version
from tidegate.domain.version import Version
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import AnswersTwice, Fault, InstallFails, NeverAnswers, Offline, Slow, Where

TEN = [str(number) for number in range(10)]
MOVE = to_version("2.1")


def book(*faults: Fault, instance_ids: list[str] = TEN) -> FaultBook:
    made = FaultBook(seed=7, scale_set=WEB, spent={})
    for number, fault in enumerate(faults):
        made.add(number, fault, instance_ids)
    return made


def test_a_fault_of_another_scale_set_is_not_taken_up() -> None:
    made = FaultBook(seed=7, scale_set=WEB, spent={})
    assert not made.add(0, InstallFails(where=Where(scale_set="api")), TEN)
    assert made.add(1, InstallFails(where=Where(scale_set="web")), TEN)
    assert [number for number, _ in made.of_kind(InstallFails)] == [1]


def test_a_fault_holds_on_the_instances_it_names() -> None:
    made = book(InstallFails(where=Where(instance_ids=frozenset({"3"}))))
    assert [name for name in TEN if made.failing(name, MOVE)] == ["3"]


@pytest.mark.parametrize(("share", "count"), [(0.3, 3), (0.05, 1), (1.0, 10), (0.31, 4)])
def test_a_share_is_rounded_up_and_drawn_by_the_seed(share: float, count: int) -> None:
    where = Where(share=share)
    drawn = [name for name in TEN if book(Offline(where=where)).concerns(0, name)]
    assert len(drawn) == count
    assert drawn == [name for name in TEN if book(Offline(where=where)).concerns(0, name)]


def test_seven_percent_of_a_hundred_are_seven_although_floats_say_a_little_more() -> None:
    hundred = [str(number) for number in range(100)]
    made = book(Offline(where=Where(share=0.07)), instance_ids=hundred)
    assert len([name for name in hundred if made.concerns(0, name)]) == 7


def test_a_larger_scale_set_keeps_the_drawn_and_adds_some() -> None:
    twenty = [str(number) for number in range(20)]
    made = book(Offline(where=Where(share=0.3)))
    before = {name for name in TEN if made.concerns(0, name)}
    made.resize(twenty)
    after = {name for name in twenty if made.concerns(0, name)}
    assert len(after) == 6
    assert len(before & after) >= 2


def test_names_and_share_narrow_each_other() -> None:
    made = book(Offline(where=Where(share=0.5, instance_ids=frozenset(TEN[:5]))))
    assert 0 < len([name for name in TEN if made.concerns(0, name)]) < 5


def test_a_fault_holds_so_many_times_on_each_instance() -> None:
    made = book(InstallFails(where=Where(times=2)))
    assert [bool(made.failing("0", MOVE)) for _ in range(4)] == [True, True, False, False]
    assert made.failing("1", MOVE)


def test_a_fault_that_does_not_fit_the_move_is_not_counted() -> None:
    made = book(InstallFails(where=Where(version=Version("2.1"), times=1)))
    assert not made.failing("0", to_version("2.0"))
    assert made.failing("0", MOVE)


def test_the_first_fault_that_holds_makes_a_move_fail() -> None:
    made = book(InstallFails(code="First", where=Where(times=1)), InstallFails(code="Second"))
    codes = [fault.code for _ in range(2) if (fault := made.failing("0", MOVE))]
    assert codes == ["First", "Second"]


def test_what_was_spent_before_a_restart_counts() -> None:
    made = FaultBook(seed=7, scale_set=WEB, spent={(0, "0"): 1})
    made.add(0, InstallFails(where=Where(times=1)), TEN)
    assert not made.failing("0", MOVE)
    assert made.failing("1", MOVE)


def test_counts_that_changed_are_taken_once() -> None:
    made = book(InstallFails(where=Where(times=5)))
    made.failing("0", MOVE)
    made.failing("0", MOVE)
    assert made.unsaved == ((0, "0", 2),)
    made.kept()
    assert not made.unsaved


def test_an_instance_that_is_gone_leaves_no_count_behind() -> None:
    made = book(InstallFails(where=Where(times=1)))
    made.failing("0", MOVE)
    made.drop(["0"])
    assert made.unsaved == ()
    assert made.failing("0", MOVE)


def test_delays_add_up_and_no_answer_beats_them() -> None:
    assert book().delay_seconds(order(0, MOVE)) == 0
    slow = Slow(seconds=5), Slow(seconds=7, where=Where(instance_ids=frozenset({"0"})))
    assert book(*slow).delay_seconds(order(0, MOVE)) == 12
    assert book(*slow).delay_seconds(order(1, MOVE)) == 5
    assert book(*slow, NeverAnswers()).delay_seconds(order(0, MOVE)) is None


def test_a_fault_of_orders_holds_where_one_of_the_moves_fits() -> None:
    made = book(AnswersTwice(where=Where(extension="Monitor")))
    assert made.held(order(0, MOVE, to_version("1.1", "Monitor")), AnswersTwice)
    assert not made.held(order(0, MOVE), AnswersTwice)
