"""A goal state is the whole of what a host is to run, made from what is kept at that moment."""

from collections.abc import Sequence

import pytest

from tests.domain.examples import WEB
from tests.fleets.agents.cards import card, entry, profile
from tests.fleets.agents.world import AGENT, MONITOR, put_packages
from tests.packages.packing import offer, package, pieces
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import GoalState, Wanted
from tidegate.domain.order import InstanceOrder
from tidegate.domain.version import Version
from tidegate.fleets.agents.goal_making import GoalMaking, leaving_handler
from tidegate.fleets.agents.host_card import HostCard, UnderWay
from tidegate.fleets.agents.profile import Profile
from tidegate.fleets.agents.settings import SafeSettings, SettingsNumbers
from tidegate.packages.memory import MemoryPackageStore
from tidegate.trust.safe import Safe


class Maker:
    """Goal making with packages of the agent."""

    def __init__(self) -> None:
        self.packages = MemoryPackageStore()
        self.numbers = SettingsNumbers()
        self.making = GoalMaking(self.packages, SafeSettings(Safe.in_memory()), self.numbers)

    async def goal(self, host: HostCard, given: Profile) -> GoalState:
        self.numbers.take_up(WEB.key, given)
        return await self.making.goal_state(host, given)


@pytest.mark.parametrize(
    ("requested", "published", "first"),
    [
        ("2.0", ["1.9", "2.0", "2.0.1", "2.0.10", "2.1"], "2.0.10"),
        ("2.1", ["2.1.6.0", "2.10"], "2.1.6.0"),
        ("2.0", ["2.1", "3.0"], ""),
        ("2.0", [], ""),
    ],
)
async def test_a_new_host_gets_the_highest_that_begins_with_what_is_asked_for(
    requested: str, published: Sequence[str], first: str
) -> None:
    maker = Maker()
    await put_packages(maker.packages, published)
    handler = profile(entry("Agent", requested)).handlers[AGENT.key]
    assert await maker.making.first_version(handler) == first


async def test_a_version_that_was_taken_back_is_no_new_hosts_though_its_package_stays() -> None:
    packages, published = MemoryPackageStore(), {Version("2.0"), Version("2.0.1")}

    async def published_of(extension_type: ExtensionType) -> set[Version]:
        assert extension_type == AGENT
        return published

    await put_packages(packages, ["2.0", "2.0.1", "2.0.2"])
    making = GoalMaking(packages, SafeSettings(Safe.in_memory()), SettingsNumbers(), published_of)
    handler = profile(entry("Agent", "2.0")).handlers[AGENT.key]
    assert await making.first_version(handler) == "2.0.1"
    published.clear()
    assert await making.first_version(handler) == ""
    running = await making.goal_state(card(wanted={AGENT.key: "2.0.1"}), profile(entry("Agent", "2.0")))
    assert running.handlers[0].package is not None


async def test_every_handler_of_the_profile_is_named_with_its_package_and_its_settings() -> None:
    maker = Maker()
    await put_packages(maker.packages, ["2.5"])
    host = card(wanted={AGENT.key: "2.5", MONITOR.key: "1.10.3"}, goal_incarnation=7)
    goal = await maker.goal(host, profile(entry(settings={"a": 1}), entry("Monitor", "1.10")))
    agent, monitor = goal.handlers
    assert (goal.incarnation, goal.operation_id) == (7, "")
    assert (agent.extension_type, str(agent.version), agent.wanted) == (AGENT, "2.5", Wanted.ENABLED)
    assert agent.package is not None
    assert agent.package.version == Version("2.5")
    (extension,) = agent.extensions
    assert (extension.extension_name, extension.has_settings, extension.public_settings_json) == (
        "Agent",
        True,
        '{"a":1}',
    )
    assert monitor.package is None, "there is none of this version"
    assert not monitor.extensions[0].has_settings


async def test_settings_carry_how_often_they_changed() -> None:
    maker = Maker()
    host = card(wanted={AGENT.key: "2.5"})
    goals = [await maker.goal(host, profile(entry(settings={"a": value}))) for value in range(3)]
    assert [goal.handlers[0].extensions[0].sequence_number for goal in goals] == [0, 1, 2]


async def test_the_order_under_way_names_the_goal_state() -> None:
    order = InstanceOrder(operation_id="u1/a", scale_set=WEB, instance_id="a", moves=())
    host = card(wanted={AGENT.key: "2.5"}, under_way=UnderWay(order=order, incarnation=1, refused=()))
    assert (await Maker().goal(host, profile(entry()))).operation_id == "u1/a"


async def test_a_version_that_nobody_chose_yet_is_what_the_profile_asks_for_without_a_package() -> None:
    (handler,) = (await Maker().goal(card(wanted={AGENT.key: ""}), profile(entry("Agent", "2.0")))).handlers
    assert (str(handler.version), handler.package) == ("2.0", None)


async def test_two_extensions_of_one_handler_are_multi_config() -> None:
    goal = await Maker().goal(card(), profile(entry("one", type="Agent"), entry("two", type="Agent")))
    (handler,) = goal.handlers
    assert handler.is_multi_config
    assert [each.extension_name for each in handler.extensions] == ["one", "two"]


async def test_one_extension_is_multi_config_where_its_package_supports_that() -> None:
    maker = Maker()
    content = package("multi", supportsMultipleExtensions=True)
    await maker.packages.add(offer(content, "2.0", AGENT), pieces(content))
    goal = await maker.goal(card(wanted={AGENT.key: "2.0"}), profile(entry()))
    assert goal.handlers[0].is_multi_config
    assert not (await maker.goal(card(wanted={AGENT.key: "2.1"}), profile(entry()))).handlers[0].is_multi_config


async def test_a_handler_that_is_to_leave_is_named_first() -> None:
    leaving = leaving_handler(MONITOR, "1.10", 1)
    assert leaving is not None
    goal = await Maker().goal(card(leaving={MONITOR.key: leaving}), profile(entry()))
    first = goal.handlers[0]
    assert (first.extension_type, str(first.version), first.wanted) == (MONITOR, "1.10", Wanted.UNINSTALL)
    assert (first.package, first.extensions) == (None, ())


async def test_who_waits_for_whom_is_told() -> None:
    given = profile(entry("one"), entry("two", provisionAfterExtensions=["one"]))
    goal = await Maker().goal(card(), given)
    assert [each.extensions[0].dependency_level for each in goal.handlers] == [0, 1]


def test_a_version_that_is_none_cannot_be_uninstalled() -> None:
    assert leaving_handler(AGENT, "latest", 1) is None
