"""A fleet of hosts at work: what a restart, a wiped host, a changed profile and a thousand orders make of it."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.cards import card, entry, placed
from tests.fleets.agents.decrypting import decrypted
from tests.fleets.agents.peers import Peer
from tests.fleets.agents.world import AGENT, World, put_packages, until, world
from tests.fleets.orders import Answers, order, orders, to_version
from tests.packages.packing import manifest, offer, pieces, zipped
from tidegate.domain.extension import ExtensionType, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure, GoalStateResult, HandlerGoal, HostHello, Wanted
from tidegate.domain.refusal import FleetUnavailable
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_store import HostsNotKept
from tidegate.fleets.agents.limits import AgentLimits


@pytest.fixture
async def made() -> AsyncIterator[World]:
    async with world() as made:
        await put_packages(made.packages, ["2.0.0.0", "2.4", "2.5"])
        await made.fleet.place(placed(entry()))
        yield made


async def settled(peer: Peer, reached: int) -> None:
    """The host has worked that goal state through, and the fleet knows."""
    await until(lambda: peer.reached >= reached and not peer.results)


def succeeds(peer: Peer) -> str:
    """The version of the agent that the host runs."""
    return peer.installed[AGENT.key].installed_version


async def version_in(made: World) -> tuple[str, ProvisioningState]:
    (instance,) = await made.fleet.instances(WEB)
    state = instance.extensions["Agent"]
    return str(state.version), state.provisioning_state


async def test_a_host_that_comes_back_after_a_restart_is_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    async with world(file=file) as before:
        await put_packages(before.packages, ["2.0.0.0", "2.5"])
        await before.fleet.place(placed(entry()))
        peer = await before.add("a")
        await settled(peer, 1)
        await before.fleet.begin([order("a", to_version("2.5"))], Answers())
        await settled(peer, 2)
    async with world(file=file, packages=before.packages) as after:
        await after.fleet.place(placed(entry()))
        assert await version_in(after) == ("2.5", ProvisioningState.SUCCEEDED)
        assert (await after.fleet.observe(WEB)).initializing == {"a"}, "it is not heard of yet"
        again = again_of(peer, after)
        await until(lambda: bool(after.fleet.book.lines))
        assert not (await after.fleet.observe(WEB)).initializing
        assert again.worked == [], "it has reached everything"
        answers = Answers()
        await after.fleet.begin([order("a", to_version("2.5"))], answers)
        assert (await answers.come(1))[0].failures == (), "a finished operation is remembered"
        assert again.worked == []
        await again.stop()


def again_of(peer: Peer, made: World) -> Peer:
    """The same host, connected to another server."""
    again = Peer(made.desk, peer.credential, peer.failing)
    again.reached, again.installed, again.results = peer.reached, dict(peer.installed), list(peer.results)
    again.start()
    return again


async def test_a_result_that_came_while_nobody_served_is_the_answer_of_the_order_given_again(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    async with world(file=file) as before:
        await put_packages(before.packages, ["2.0.0.0", "2.5"])
        await before.fleet.place(placed(entry()))
        peer = await before.add("a")
        await settled(peer, 1)
        await peer.stop()
        lost = Answers()
        await before.fleet.begin([order("a", to_version("2.5"))], lost)
        card = before.fleet.book.cards[0]
        goal = await before.fleet.making.goal_state(card, before.fleet.book.site(WEB).profile)
    # The server is gone; the host works, and cannot tell.
    peer.results.append(peer.work_through(goal))
    async with world(file=file, packages=before.packages) as after:
        await after.fleet.place(placed(entry()))
        again = again_of(peer, after)
        await until(lambda: not again.results)
        answers = Answers()
        await after.fleet.begin([order("a", to_version("2.5"))], answers)
        await answers.come(1)
        assert answers.codes == [("a", [])]
        assert again.worked == [], "nothing is done twice"
        assert lost.all == []
        await again.stop()


async def test_an_order_under_way_is_given_again_after_a_restart_and_answered_once(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    async with world(file=file) as before:
        await put_packages(before.packages, ["2.0.0.0", "2.5"])
        await before.fleet.place(placed(entry()))
        peer = await before.add("a")
        await settled(peer, 1)
        peer.may_work.clear()
        await before.fleet.begin([order("a", to_version("2.5"))], Answers())
    async with world(file=file, packages=before.packages) as after:
        await after.fleet.place(placed(entry()))
        answers = Answers()
        await after.fleet.begin([order("a", to_version("2.5"))], answers)
        again = again_of(peer, after)
        await answers.come(1)
        assert [goal.operation_id for goal in again.worked] == ["op/a"]
        await again.stop()


async def test_a_host_that_lost_its_root_is_told_everything_again(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    await peer.stop()
    peer.reached, peer.installed = 0, {}
    peer.start()
    await until(lambda: len(peer.worked) == 2 and not peer.results)
    assert await version_in(made) == ("2.0.0.0", ProvisioningState.SUCCEEDED)


async def test_a_host_that_is_ahead_of_a_server_which_lost_its_memory_is_told_what_is_newer(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    await peer.stop()
    answers = Answers()
    await made.fleet.begin([order("a", to_version("2.5"))], answers)
    peer.reached = 41
    peer.start()
    await answers.come(1)
    assert (peer.reached, succeeds(peer)) == (42, "2.5")


async def test_changed_settings_come_to_every_host_and_nothing_else_does(made: World) -> None:
    peers = [await made.add(name) for name in "ab"]
    for peer in peers:
        await settled(peer, 1)
    await made.fleet.place(placed(entry(settings={"a": 1}), etag="2"))
    for peer in peers:
        await settled(peer, 2)
    await made.fleet.place(placed(entry(settings={"a": 1}), etag="3"))
    goal = peers[0].worked[-1]
    assert (goal.incarnation, goal.operation_id) == (2, "")
    (extension,) = goal.handlers[0].extensions
    assert (extension.public_settings_json, extension.sequence_number) == ('{"a":1}', 1)
    assert {peer.reached for peer in peers} == {2}


class Catalogue:
    """Tells late which versions are published, as one does that lies on a disk."""

    def __init__(self, *versions: str) -> None:
        self.versions = {Version(version) for version in versions}
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self.is_asked = asyncio.Event()

    async def published(self, extension_type: ExtensionType) -> set[Version]:
        self.is_asked.set()
        await self.may_tell.wait()
        return self.versions

    def hold(self) -> None:
        self.may_tell.clear()
        self.is_asked.clear()


async def test_settings_that_change_are_told_with_their_own_number_alone() -> None:
    catalogue = Catalogue("2.0.0.0")
    async with world(published=catalogue.published) as made:
        await put_packages(made.packages, ["2.0.0.0", "2.5"])
        await made.fleet.place(placed(entry(settings={"a": 1})))
        peer = await made.add("a")
        await settled(peer, 1)
        catalogue.hold()
        placing = asyncio.ensure_future(made.fleet.place(placed(entry(settings={"a": 2}), etag="2")))
        await catalogue.is_asked.wait()
        await made.fleet.begin([order("a", to_version("2.5"))], Answers())
        await settled(peer, 2)
        catalogue.may_tell.set()
        await placing
        await settled(peer, 3)
        told = [goal.handlers[0].extensions[0] for goal in peer.worked]
        assert [(each.sequence_number, each.public_settings_json) for each in told] == [
            (0, '{"a":1}'),
            (0, '{"a":1}'),
            (1, '{"a":2}'),
        ]


async def test_a_host_that_was_ordered_to_a_version_meanwhile_is_given_no_first_one() -> None:
    catalogue = Catalogue("2.0.7")
    async with world(published=catalogue.published) as made:
        await made.fleet.place(placed(entry()))
        peer = await made.add("a")
        await settled(peer, 1)
        await put_packages(made.packages, ["2.0.7", "2.5"])
        catalogue.hold()
        telling = asyncio.ensure_future(made.desk.packages_changed(AGENT))
        await catalogue.is_asked.wait()
        await made.fleet.begin([order("a", to_version("2.5"))], Answers())
        catalogue.may_tell.set()
        await telling
        await settled(peer, 2)
        assert await version_in(made) == ("2.5", ProvisioningState.SUCCEEDED)
        assert len(peer.worked) == 2


async def test_who_publishes_is_told_where_the_hosts_that_wait_cannot_be_kept() -> None:
    async with world() as made:
        await made.fleet.place(placed(entry()))
        peer = await made.add("a")
        await settled(peer, 1)
        await put_packages(made.packages, ["2.0.7"])
        made.store._connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON work BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
        with pytest.raises(FleetUnavailable, match="full"):
            await made.desk.packages_changed(AGENT)
        made.store._connection.execute("DROP TRIGGER full")


async def test_settings_go_on_counting_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    for value in range(3):
        async with world(file=file) as made:
            await made.fleet.place(placed(entry(settings={"a": value})))
            (kept,) = made.store.settings()
            assert kept.number == value


async def test_protected_settings_come_encrypted_for_the_host(made: World, tmp_path: Path) -> None:
    made.safe.keep(WEB.key, "Agent", b'{"key":"Tr0ub4dor&3"}')
    await made.fleet.place(placed(entry(), etag="2"))
    peer = await made.add("a")
    await settled(peer, 1)
    (extension,) = peer.worked[-1].handlers[0].extensions
    assert extension.has_settings
    assert decrypted(extension.protected_settings, 0, tmp_path) == b'{"key":"Tr0ub4dor&3"}'
    made.safe.keep(WEB.key, "Agent", b"{}")
    await made.fleet.place(placed(entry(), etag="3"))
    await settled(peer, 2)
    (extension,) = peer.worked[-1].handlers[0].extensions
    assert extension.sequence_number == 2
    assert decrypted(extension.protected_settings, 0, tmp_path) == b"{}"


async def test_a_profile_that_changes_while_an_order_is_under_way_loses_neither(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    peer.may_work.clear()
    answers = Answers()
    await made.fleet.begin([order("a", to_version("2.5"))], answers)
    await until(lambda: made.fleet.book.cards[0].kept_incarnation == 2)
    await made.fleet.place(placed(entry(settings={"a": 1}), etag="2"))
    peer.may_work.set()
    await answers.come(1)
    assert answers.codes == [("a", [])]
    await until(lambda: peer.worked[-1].handlers[0].extensions[0].public_settings_json != "")
    assert peer.worked[-1].operation_id == "", "a host that knows the operation would take it for done"
    assert succeeds(peer) == "2.5"


async def test_an_extension_that_left_the_profile_is_uninstalled_and_then_not_named_any_more(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    await made.fleet.place(placed(etag="2"))
    await settled(peer, 2)
    assert [(goal.extension_type, goal.wanted) for goal in peer.worked[-1].handlers] == [(AGENT, Wanted.UNINSTALL)]
    assert (peer.installed, (await made.fleet.instances(WEB))[0].extensions) == ({}, {})
    await made.fleet.place(placed(entry("Monitor", "1.10"), etag="3"))
    await settled(peer, 3)
    assert [goal.extension_type.type for goal in peer.worked[-1].handlers] == ["Monitor"]


async def test_a_host_without_a_package_fails_and_gets_it_as_soon_as_there_is_one() -> None:
    async with world() as made:
        await made.fleet.place(placed(entry()))
        peer = await made.add("a")
        await settled(peer, 1)
        (instance,) = await made.fleet.instances(WEB)
        assert (instance.extensions["Agent"].code, instance.has_failed_extension) == ("-1", True)
        await put_packages(made.packages, ["2.1"])
        await made.desk.packages_changed(AGENT)
        assert peer.reached == 1, "2.1 is not what the profile asks for"
        await put_packages(made.packages, ["2.0.7"])
        await made.desk.packages_changed(AGENT)
        await settled(peer, 2)
        assert await version_in(made) == ("2.0.7", ProvisioningState.SUCCEEDED)


async def test_a_thousand_orders_are_one_transaction(made: World) -> None:
    for number in range(1_000):
        made.fleet.book.add(card(str(number)))
    writes: list[str] = []
    made.store._connection.set_trace_callback(lambda sql: writes.append(sql) if sql == "COMMIT" else None)
    await made.fleet.begin(orders(range(1_000), to_version("2.5")), Answers())
    assert writes == ["COMMIT"]
    assert {each.kept_incarnation for each in made.fleet.book.cards} == {1}


async def test_orders_that_cannot_be_kept_are_refused_reach_no_host_and_may_be_given_again(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    connection = made.store._connection
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON work BEGIN SELECT RAISE(FAIL, 'full'); END")
    answers = Answers()
    with pytest.raises(HostsNotKept, match="full"):
        await made.fleet.begin([order("a", to_version("2.5"))], answers)
    await asyncio.sleep(0.02)
    assert peer.reached == 1
    connection.execute("DROP TRIGGER full")
    await made.fleet.begin([order("a", to_version("2.5"))], answers)
    await answers.come(1)
    assert answers.codes == [("a", [])]
    assert [goal.operation_id for goal in peer.worked] == ["", "op/a"]


async def test_a_host_goes_back_down_after_a_failure(made: World) -> None:
    def too_new(handler: HandlerGoal) -> ExtensionFailure | None:
        bad = handler.version == Version("2.5")
        return ExtensionFailure(extension_name="", code=9, message="no") if bad else None

    peer = await made.add("a", failing=too_new)
    await settled(peer, 1)
    answers = Answers()
    await made.fleet.begin([order("a", to_version("2.5"), operation="up")], answers)
    await answers.come(1)
    assert await version_in(made) == ("2.0.0.0", ProvisioningState.FAILED)
    await made.fleet.begin([order("a", to_version("2.0.0.0"), operation="down")], answers)
    await answers.come(2)
    assert answers.codes == [("a", ["9"]), ("a", [])]
    assert await version_in(made) == ("2.0.0.0", ProvisioningState.SUCCEEDED)


async def test_an_order_for_a_silent_host_waits_for_it() -> None:
    async with world(limits=AgentLimits(silence_seconds=0.05)) as made:
        await put_packages(made.packages, ["2.0.0.0", "2.5"])
        await made.fleet.place(placed(entry()))
        peer = await made.add("a")
        await settled(peer, 1)
        await peer.stop()
        async with asyncio.timeout(20):
            while not (await made.fleet.observe(WEB)).probe_unhealthy:  # noqa: ASYNC110 - it falls silent by itself
                await asyncio.sleep(0.005)
        (host,) = await made.desk.hosts(WEB, "", 1)
        assert host.is_silent
        answers = Answers()
        await made.fleet.begin([order("a", to_version("2.5"))], answers)
        await asyncio.sleep(0.02)
        assert answers.all == []
        peer.start()
        await answers.come(1)
        assert answers.codes == [("a", [])]


async def test_a_host_that_moved_is_probed_where_it_is_now(made: World) -> None:
    await made.fleet.place(scale_set())
    peer = await made.add("a")
    await settled(peer, 1)
    (instance,) = await made.fleet.instances(WEB)
    assert instance.probe is ProbeState.UNKNOWN, "it gave no address"
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await peer.stop()
    peer.probe_address = f"127.0.0.1:{port}"
    peer.start()
    await until(lambda: made.fleet.book.site(WEB).instances()[0].probe is ProbeState.HEALTHY)
    server.close()
    await server.wait_closed()


async def test_what_a_host_merely_reports_may_make_a_state_worse(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    line = await made.desk.connect(made.desk.authenticate(peer.credential), hello_of(peer))
    bad = dataclasses.replace(peer.installed[AGENT.key], status="Unresponsive", message="silent")
    line.reported([bad])
    assert (await version_in(made))[1] is ProvisioningState.FAILED
    line.reported([peer.installed[AGENT.key]])
    assert (await version_in(made))[1] is ProvisioningState.SUCCEEDED
    line.close()


def hello_of(peer: Peer) -> HostHello:
    return peer.hello()


async def test_a_result_is_acknowledged_only_where_it_is_kept_and_repeated_otherwise(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    made.store._connection.execute("CREATE TRIGGER full BEFORE INSERT ON work BEGIN SELECT RAISE(FAIL, 'full'); END")
    line = await made.desk.connect(made.desk.authenticate(peer.credential), hello_of(peer))
    result = GoalStateResult(incarnation=1, operation_id="", failures=(), handlers=tuple(peer.installed.values()))
    with pytest.raises(Exception, match="full"):
        await line.finished(result)
    made.store._connection.execute("DROP TRIGGER full")
    await line.finished(result)
    assert [type(each).__name__ for each in await line.next()] == ["Acknowledged"]
    line.close()


async def test_a_host_whose_line_could_not_begin_is_not_connected(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    await peer.stop()
    (host,) = await made.desk.hosts(WEB, "", 1)
    made.store._connection.execute("CREATE TRIGGER full BEFORE INSERT ON work BEGIN SELECT RAISE(FAIL, 'full'); END")
    with pytest.raises(FleetUnavailable, match="full"):
        await made.desk.connect(made.desk.authenticate(peer.credential), peer.hello(reached=7))
    assert not (await made.desk.host(host.name)).is_connected
    made.store._connection.execute("DROP TRIGGER full")
    line = await made.desk.connect(made.desk.authenticate(peer.credential), peer.hello(reached=7))
    assert (await made.desk.host(host.name)).is_connected
    line.close()


async def test_a_circle_of_extensions_is_placed_all_the_same(made: World) -> None:
    one, two = entry("one", provisionAfterExtensions=["two"]), entry("two", provisionAfterExtensions=["one"])
    await made.fleet.place(placed(one, two, etag="2"))
    peer = await made.add("a")
    await settled(peer, 1)
    assert [goal.extensions[0].dependency_level for goal in peer.worked[-1].handlers] == [0, 0]


async def test_a_handler_for_several_extensions_is_told_so() -> None:
    async with world() as made:
        content = zipped(
            {"HandlerManifest.json": manifest(supportsMultipleExtensions="true"), "bin/handler": "#!/bin/sh\n"}
        )
        await made.packages.add(offer(content, "2.0", AGENT), pieces(content))
        await made.fleet.place(placed(entry("one", type="Agent"), entry("two", type="Agent")))
        peer = await made.add("a")
        await settled(peer, 1)
        (handler,) = peer.worked[-1].handlers
        assert (handler.is_multi_config, len(handler.extensions)) == (True, 2)
        assert set((await made.fleet.instances(WEB))[0].extensions) == {"one", "two"}


async def test_the_capacity_makes_no_hosts_and_takes_none_away(made: World) -> None:
    peer = await made.add("a")
    await settled(peer, 1)
    for capacity in (0, 1_000):
        await made.fleet.place(dataclasses.replace(placed(entry()), capacity=capacity))
        assert len(await made.fleet.instances(WEB)) == 1
    assert peer.reached == 1, "and it is nothing that a host is to hear of"
