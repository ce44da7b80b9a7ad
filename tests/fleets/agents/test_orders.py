"""An order becomes a goal state, and the goal state's result becomes its answer."""

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.domain.examples import WEB
from tests.fleets.agents.cards import card, entry, placed, report
from tests.fleets.agents.world import AGENT, World, put_packages, world
from tests.fleets.orders import Answers, order, to_image, to_version
from tidegate.domain.host import ExtensionFailure, GoalStateResult
from tidegate.fleets.agents.goal_making import leaving_handler
from tidegate.fleets.agents.orders import Orders, carried_on


class Bench:
    """The orders of one host."""

    def __init__(self, made: World) -> None:
        self.book = made.fleet.book
        self.orders = Orders(self.book)
        self.answers = Answers()
        self.card = card()
        self.book.add(self.card)

    async def ready(self) -> None:
        """The host stands with version 2.0 at goal state 1."""
        self.card.wanted = {AGENT.key: "2.0"}
        self.card.goal_incarnation = 1
        self.finish(1)
        await self.kept()

    def take(self, operation: str, *versions: str) -> None:
        """Give an order that moves the agent, to each version in turn where there are several."""
        moves = [to_version(version) for version in versions]
        self.orders.take(self.card, order("a", *moves, operation=operation), self.answers)

    def finish(
        self,
        incarnation: int,
        operation_id: str = "",
        *,
        installed: str = "2.0",
        failures: Sequence[ExtensionFailure] = (),
    ) -> None:
        """The host worked a goal state through."""
        self.orders.finish(
            self.card,
            GoalStateResult(
                incarnation=incarnation,
                operation_id=operation_id,
                failures=tuple(failures),
                handlers=(report(installed),),
            ),
        )

    async def kept(self) -> Answers:
        """Everything is kept, and what followed from it has followed."""
        await self.book.keeping.kept()
        return self.answers


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with world() as made:
        await put_packages(made.packages, ["2.0", "2.5"])
        await made.fleet.place(placed(entry("Agent"), entry("Monitor", "1.10")))
        bench = Bench(made)
        await bench.ready()
        yield bench


FAILURE = ExtensionFailure(extension_name="agent", code=51, message="no disk")


async def test_an_order_is_a_new_goal_state_with_its_operation(bench: Bench) -> None:
    bench.take("up", "2.5")
    under_way = bench.card.under_way
    assert under_way is not None
    assert (under_way.incarnation, bench.card.goal_incarnation) == (2, 2)
    assert bench.card.wanted[AGENT.key] == "2.5"
    assert (await bench.kept()).all == []


async def test_its_result_is_its_answer_once_that_is_kept(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="2.5")
    assert bench.answers.all == []
    assert (await bench.kept()).codes == [("a", [])]
    assert bench.card.under_way is None
    assert bench.card.ran_well[AGENT.key] == "2.5"


async def test_what_failed_is_told_with_its_code_and_its_words(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", failures=[FAILURE])
    (failure,) = (await bench.kept()).all[0].failures
    assert (failure.code, failure.message) == ("51", "no disk")
    assert bench.card.ran_well[AGENT.key] == "2.0", "what ran well before"


async def test_what_failed_and_was_not_to_be_moved_is_none_of_the_orders_failures(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="2.5", failures=[ExtensionFailure(extension_name="Monitor", code=1, message="")])
    assert (await bench.kept()).codes == [("a", [])]


async def test_a_host_that_runs_another_version_than_it_was_told_has_not_done_it(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="2.4")
    assert (await bench.kept()).codes == [("a", ["AnotherVersion"])]


async def test_a_result_of_an_earlier_goal_state_does_not_end_an_order(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(1)
    bench.finish(1, "up/a")
    assert (await bench.kept()).all == []
    assert bench.card.under_way is not None


async def test_an_image_and_an_extension_that_is_not_there_fail_beside_what_can_be_done(bench: Bench) -> None:
    moves = (to_image("2"), to_version("1.0", "Missing"), to_version("2.5"))
    bench.orders.take(bench.card, order("a", *moves), bench.answers)
    bench.finish(2, "op/a", installed="2.5")
    assert (await bench.kept()).codes == [("a", ["ImageUpgradeNotSupported", "ExtensionNotFound"])]


async def test_where_nothing_can_be_done_it_is_answered_without_the_host(bench: Bench) -> None:
    bench.orders.take(bench.card, order("a", to_image("2")), bench.answers)
    assert (await bench.kept()).codes == [("a", ["ImageUpgradeNotSupported"])]
    assert bench.card.goal_incarnation == 1


async def test_an_extension_that_left_the_profile_meanwhile_was_not_moved(bench: Bench) -> None:
    bench.take("up", "2.5")
    site = bench.book.site(WEB)
    site.profile = type(site.profile)(handlers={}, circular=(), digest="")
    bench.finish(2, "up/a", installed="2.5")
    assert (await bench.kept()).codes == [("a", ["ExtensionNotFound"])]


async def test_a_newer_order_takes_the_place_of_the_one_under_way(bench: Bench) -> None:
    first = Answers()
    bench.orders.take(bench.card, order("a", to_version("2.5"), operation="one"), first)
    bench.take("two", "2.4")
    await bench.kept()
    assert first.codes == [("a", ["Superseded"])]
    bench.finish(2, "one/a", installed="2.5")
    assert bench.card.under_way is not None, "what the host did for the first is not what the second wants"
    bench.finish(bench.card.goal_incarnation, "two/a", installed="2.4")
    assert (await bench.kept()).codes == [("a", [])]
    assert len(first.all) == 1


async def test_what_a_dropped_order_moved_goes_back_where_the_newer_one_says_nothing(bench: Bench) -> None:
    bench.take("one", "2.5")
    incarnation = bench.card.goal_incarnation
    bench.orders.take(bench.card, order("a", to_image("2"), operation="two"), bench.answers)
    await bench.kept()
    assert bench.card.wanted[AGENT.key] == "2.0"
    assert bench.card.goal_incarnation > incarnation, "the host must hear of it"


async def test_an_order_that_a_later_goal_state_carried_on_is_told_of_without_it_once_more(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.card.goal_incarnation += 1
    bench.finish(2, "up/a", installed="2.5")
    assert (await bench.kept()).codes == [("a", [])]
    assert bench.card.goal_incarnation == 4, "a host takes 3 for done, since it knows the operation"


async def test_a_finished_operation_is_answered_again_and_nothing_else(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="2.5")
    await bench.kept()
    bench.take("up", "2.5")
    assert len((await bench.kept()).all) == 2
    assert bench.answers.all[0] == bench.answers.all[1]
    assert bench.card.goal_incarnation == 2


async def test_a_result_of_an_operation_that_nobody_knows_is_remembered(bench: Bench) -> None:
    bench.finish(1, "lost/a", failures=[FAILURE])
    await bench.kept()
    bench.take("lost", "2.5")
    assert (await bench.kept()).codes == [("a", ["51"])]


async def test_a_repeated_result_changes_nothing(bench: Bench) -> None:
    bench.take("up", "2.5")
    for _ in range(3):
        bench.finish(2, "up/a", installed="2.5")
    assert len((await bench.kept()).all) == 1
    assert len(bench.card.finished) == 1


async def test_an_old_result_does_not_hide_what_is_known_since(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="2.5")
    bench.finish(1, installed="2.0", failures=[FAILURE])
    assert bench.card.handlers[0].installed_version == "2.5"
    assert bench.card.failures == {}


async def test_a_handler_that_was_uninstalled_is_done_with(bench: Bench) -> None:
    for incarnation in (1, 2):
        leaving = leaving_handler(AGENT, "2.0", incarnation)
        assert leaving is not None
        bench.card.leaving[f"x/{incarnation}"] = leaving
    bench.finish(1)
    assert list(bench.card.leaving) == ["x/2"]


async def test_a_host_that_counts_anew_goes_on_with_its_order(bench: Bench) -> None:
    bench.take("up", "2.5")
    carried = carried_on(bench.card.under_way, 9)
    assert carried is not None
    assert (carried.order.operation_id, carried.incarnation) == ("up/a", 9)
    assert carried_on(None, 9) is None


async def test_a_version_that_is_none_is_not_what_ran_well(bench: Bench) -> None:
    bench.take("up", "2.5")
    bench.finish(2, "up/a", installed="latest")
    assert (await bench.kept()).codes == [("a", ["AnotherVersion"])]
    assert bench.card.ran_well[AGENT.key] == "2.0"
