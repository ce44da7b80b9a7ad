"""The parts of a server joined, and everything that may keep it from starting."""

import asyncio
import dataclasses
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.cli.samples import SCALE_SET, arm_resource, scale_set_id
from tests.packages.packing import package
from tidegate.cli.assembly import CannotServe, assemble
from tidegate.cli.settings import Address, FleetKind, Settings
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate_agent.identity import IdentityFolder
from tidegate_agent.join_token import read_join_token
from tidegate_agent.joining import HostDescription, join
from tidegate_agent.problems import Refused
from tidegate_client import AsyncClient, NotFound, TidegateError, TooMany


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A server with the shipped policies on a free port; its data lies in `tmp_path`/data."""
    return Settings(
        address=Address(host="127.0.0.1", port=0),
        data=tmp_path / "data",
        policies=shipped_rules_path(),
        policies_shown_as="rules",
    )


async def serve_once(settings: Settings) -> None:
    """Starts and stops a server."""
    async with assemble(settings):
        pass


async def test_it_serves_where_it_says(settings: Settings) -> None:
    async with assemble(settings) as house:
        assert house.address.port != 0
        async with AsyncClient(str(house.address)) as client:
            names = [policy.name for policy in (await client.list_policies()).policies]
            assert "azure-default" in names
            assert (await client.get_policy("azure-default")).file == "rules/azure-default.yaml"


async def test_what_it_was_told_is_there_when_it_starts_again(settings: Settings) -> None:
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        assert (await client.get_scale_set(SCALE_SET)).capacity == 4
        assert len([each async for each in client.list_instances(SCALE_SET)]) == 4


async def test_packages_are_there_when_it_starts_again(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "handler.zip"
    file.write_bytes(package())
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        published = await client.publish_extension_package(file, "P", "T", "1.1")
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        assert list(await client.list_extension_versions("P", "T")) == [published.extension_version]


async def test_a_fleet_of_agents_makes_no_machines_and_remembers_the_hosts_that_joined(
    settings: Settings, tmp_path: Path
) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS)
    async with assemble(agents) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        assert [each async for each in client.list_instances(SCALE_SET)] == []
        await join_one(tmp_path / "host", str(house.address), (await client.create_join_token(SCALE_SET)).token, "a")
    async with assemble(agents) as house, AsyncClient(str(house.address)) as client:
        assert [each.instance_id async for each in client.list_instances(SCALE_SET)] == ["a"]


async def test_a_mixed_fleet_has_simulated_machines_and_beside_them_the_hosts_that_join(
    settings: Settings, tmp_path: Path
) -> None:
    mixed = dataclasses.replace(settings, fleet=FleetKind.MIXED)
    async with assemble(mixed) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        token = (await client.create_join_token(SCALE_SET)).token
        with pytest.raises(Refused, match=r"Another host is .*/virtualMachines/3 already"):
            await join_one(tmp_path / "host", str(house.address), token, "3")
        await join_one(tmp_path / "host", str(house.address), token, "a")
        assert [each.instance_id async for each in client.list_instances(SCALE_SET)] == ["0", "1", "2", "3", "a"]


async def test_a_simulated_fleet_takes_no_hosts_and_says_how_to_start_one_that_does(settings: Settings) -> None:
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        with pytest.raises(TidegateError) as refused:
            await client.create_join_token(SCALE_SET)
    assert (refused.value.reason, "--fleet agents" in refused.value.advice) == ("HOSTS_NOT_TAKEN", True)


async def test_hosts_that_wait_for_a_package_hear_of_it(settings: Settings, tmp_path: Path) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS)
    file = tmp_path / "handler.zip"
    file.write_bytes(package())
    async with assemble(agents) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        token = (await client.create_join_token(SCALE_SET)).token
        name = await join_one(tmp_path / "host", str(house.address), token, "a")
        before = (await client.get_host(name)).goal_incarnation
        await client.publish_extension_package(file, "Tests", "Agent", "1.0")
        assert (await client.get_host(name)).goal_incarnation > before


async def test_a_host_that_joins_gets_no_version_that_was_taken_back(settings: Settings, tmp_path: Path) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS)
    async with assemble(agents) as house, AsyncClient(str(house.address)) as client:
        for version in ("1.0.1", "1.0.2"):
            file = tmp_path / f"{version}.zip"
            file.write_bytes(package(version))
            await client.publish_extension_package(file, "Tests", "Agent", version)
        await client.withdraw_extension_version("Tests", "Agent", "1.0.2")
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        token = (await client.create_join_token(SCALE_SET)).token
        await join_one(tmp_path / "host", str(house.address), token, "a")
        (instance,) = [each async for each in client.list_instances(SCALE_SET)]
        assert [each.version for each in instance.extensions] == ["1.0.1"]


async def join_one(root: Path, server: str, token: str, instance_id: str) -> str:
    """Lets a host join, as its agent does; its name."""
    description = HostDescription(instance_id=instance_id)
    joined = await join(IdentityFolder(root), server=server, token=read_join_token(token), description=description)
    return joined.host


async def test_a_package_whose_bytes_were_taken_away_is_told_in_the_log(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "handler.zip"
    file.write_bytes(package())
    async with assemble(settings) as house, AsyncClient(str(house.address)) as client:
        await client.publish_extension_package(file, "P", "T", "1.1")
    (kept,) = (tmp_path / "data" / "packages").glob("*.zip")
    kept.unlink()
    with capture_logs() as told:
        await serve_once(settings)
    (lost,) = [each for each in told if each["event"] == "package_lost"]
    assert (lost["extension"], lost["version"], lost["sha256"]) == ("P/T", "1.1", kept.stem)


async def test_memory_forgets(settings: Settings, tmp_path: Path) -> None:
    in_memory = dataclasses.replace(settings, data=None)
    async with assemble(in_memory) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
    async with assemble(in_memory) as house, AsyncClient(str(house.address)) as client:
        with pytest.raises(NotFound):
            await client.get_scale_set(SCALE_SET)
    assert not (tmp_path / "data").exists()


async def test_a_policy_that_changes_on_disk_is_taken_up(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    text = (shipped_rules_path() / "azure-default.yaml").read_text()
    (folder / "p.yaml").write_text(text)
    watched = dataclasses.replace(settings, policies=folder, policies_shown_as="mine", policies_poll_seconds=0.01)
    async with assemble(watched) as house, AsyncClient(str(house.address)) as client:
        (folder / "p.yaml").write_text(text.replace("name: no-service-fabric", "name: no-fabric"))
        async with asyncio.timeout(10):
            while "no-fabric" not in (await client.get_policy("azure-default")).rules:
                pass
        (folder / "p.yaml").unlink()
        async with asyncio.timeout(10):
            while not (await client.list_policies()).problems:
                pass
        assert "no-fabric" in (await client.get_policy("azure-default")).rules


async def test_no_more_upgrades_run_than_it_is_told_to_take(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "stuck.yaml").write_text("faults: [{neverAnswers: {}}]\n")
    bounded = dataclasses.replace(settings, scenario=tmp_path / "stuck.yaml", max_active=1)
    async with assemble(bounded) as house, AsyncClient(str(house.address)) as client:
        for name in ("one", "two"):
            await client.put_scale_set(scale_set_id(name), arm_resource(name))
        await client.start_os_rolling_upgrade(scale_set_id("one"), image_version="2.0")
        with pytest.raises(TooMany):
            await client.start_os_rolling_upgrade(scale_set_id("two"), image_version="2.0")


async def test_a_port_that_is_taken_is_told(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = Address(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(CannotServe, match="cannot be listened on"):
            await serve_once(dataclasses.replace(settings, address=address))
    await serve_once(settings)


async def test_a_journal_of_a_newer_server_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    await serve_once(settings)
    _set_version(tmp_path / "data" / "journal.sqlite", 999)
    with pytest.raises(CannotServe, match=r"version 999.*Start the newer server"):
        await serve_once(settings)


async def test_a_fleet_of_another_version_is_told(settings: Settings, tmp_path: Path) -> None:
    await serve_once(settings)
    _set_version(tmp_path / "data" / "simulated-fleet.sqlite", 999)
    with pytest.raises(CannotServe, match="format 999"):
        await serve_once(settings)


async def test_hosts_of_another_version_are_told(settings: Settings, tmp_path: Path) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS)
    await serve_once(agents)
    _set_version(tmp_path / "data" / "hosts.sqlite", 999)
    with pytest.raises(CannotServe, match="format 999"):
        await serve_once(agents)


async def test_hosts_that_cannot_be_read_are_told(settings: Settings, tmp_path: Path) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS)
    async with assemble(agents) as house, AsyncClient(str(house.address)) as client:
        await client.put_scale_set(SCALE_SET, arm_resource("web"))
        await join_one(tmp_path / "host", str(house.address), (await client.create_join_token(SCALE_SET)).token, "a")
    with closing(sqlite3.connect(tmp_path / "data" / "hosts.sqlite")) as connection, connection:
        connection.execute("UPDATE host SET identity = 'nonsense'")
    with pytest.raises(CannotServe, match=r"hosts\.sqlite is damaged, .*; put a copy from a backup there"):
        await serve_once(agents)


async def test_a_version_without_its_package_is_remarked_upon_where_there_are_hosts(settings: Settings) -> None:
    async def remarks(fleet: FleetKind) -> list[str]:
        told = dataclasses.replace(settings, fleet=fleet, data=None)
        async with assemble(told) as house, AsyncClient(str(house.address)) as client:
            return list((await client.publish_extension_version("P", "T", "1.1")).remarks)

    assert await remarks(FleetKind.SIMULATED) == []
    (remark,) = await remarks(FleetKind.AGENTS)
    assert "no package of it" in remark


async def test_a_network_of_probes_that_is_none_is_told(settings: Settings) -> None:
    agents = dataclasses.replace(settings, fleet=FleetKind.AGENTS, probe_networks=("10.0.0.0/8", "nowhere"))
    with pytest.raises(CannotServe, match="'nowhere' is no network"):
        await serve_once(agents)


def _set_version(file: Path, version: int) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def _no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")


def _no_journal(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.sqlite").write_bytes(b"nonsense" * 1_000)


def _no_packages(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "packages").write_text("")


def _no_hosts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hosts.sqlite").write_bytes(b"nonsense" * 1_000)


def _no_fleet(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "simulated-fleet.sqlite").write_bytes(b"nonsense" * 1_000)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_folder, r"The data folder \S+ cannot be used: "),
        (_no_journal, "The journal cannot be used: "),
        (_no_packages, r"The folder \S+/packages cannot be used: "),
        (_no_hosts, "The file of the hosts .* cannot be opened: "),
        (_no_fleet, "The file of the simulated fleet .* cannot be opened: "),
    ],
)
async def test_files_that_cannot_be_used_are_told(
    settings: Settings, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(tmp_path)
    with pytest.raises(CannotServe, match=said):
        await serve_once(dataclasses.replace(settings, fleet=FleetKind.MIXED))


async def test_policies_that_have_problems_are_told_with_their_places(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    mine = dataclasses.replace(settings, policies=folder, policies_shown_as="mine")
    with pytest.raises(CannotServe, match="cannot be read"):
        await serve_once(mine)
    folder.mkdir()
    with pytest.raises(CannotServe, match="There is no policy"):
        await serve_once(mine)
    (folder / "p.yaml").write_text("kind: Policy\n")
    with pytest.raises(CannotServe, match=r"mine/p\.yaml:1:1: "):
        await serve_once(mine)


async def test_a_scenario_that_has_problems_is_told_with_their_places(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    spoiled = dataclasses.replace(settings, scenario=file)
    with pytest.raises(CannotServe, match="cannot be read"):
        await serve_once(spoiled)
    file.write_text("seed: 1\nupgradeSecond: 2\n")
    with pytest.raises(CannotServe, match=r"scenario\.yaml:2:"):
        await serve_once(spoiled)
