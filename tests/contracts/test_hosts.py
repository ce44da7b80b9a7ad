"""Real agents and a whole server: hosts come to the newest version by themselves, whenever they join."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.contracts.served import arm_id
from tests.executor.world import AGENT, RULES, SUBSCRIPTION, resource
from tests.fleets.agents.real_agents import SCRIPT, RealAgent
from tests.packages.packing import manifest, zipped
from tidegate.cli.assembly import assemble
from tidegate.cli.settings import Address, FleetKind, Settings
from tidegate_agent.joining import HostDescription
from tidegate_client import AsyncClient

WEB = arm_id("web")
BROKEN = "1.3"
"""The version whose enable command fails."""


class House:
    """A whole server, a client of it, and the hosts that join it."""

    def __init__(self, folder: Path, address: str, client: AsyncClient) -> None:
        self.folder = folder
        self.address = address
        self.client = client
        self.agents: dict[str, RealAgent] = {}

    async def put(self) -> None:
        """A scale set that takes part."""
        await self.client.enroll_subscription(SUBSCRIPTION)
        await self.client.put_scale_set(WEB, json.dumps(resource(0, has_probe=False)))

    async def publish(self, version: str) -> None:
        """A version with its package."""
        script = SCRIPT.format(hold=self.folder / "hold", version=version, broken=BROKEN)
        path = self.folder / f"{version}.zip"
        content = zipped({"HandlerManifest.json": manifest(), "bin/handler": script})
        await asyncio.to_thread(path.write_bytes, content)
        await self.client.publish_extension_package(path, AGENT.publisher, AGENT.type, version)

    async def join(self, name: str) -> None:
        """One more host."""
        token = await self.client.create_join_token(WEB)
        agent = self.agents[name] = RealAgent(self.folder / name, self.address)
        await agent.join(token.token, HostDescription(instance_id=name))
        agent.start()

    async def versions(self) -> dict[str, str]:
        """What each host runs of the extension."""
        return {
            instance.instance_id: instance.extensions[0].version async for instance in self.client.list_instances(WEB)
        }

    async def enabled(self) -> dict[str, str]:
        """What each host itself says that it has enabled."""
        found = {}
        for name in self.agents:
            (handler,) = (await self.client.get_host(f"{WEB}/virtualMachines/{name}")).handlers
            found[name] = handler.installed_version if handler.handler_state == "Enabled" else ""
        return found


async def become(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until it looks so; what it looked like in the end, where it does not."""
    seen: object = None
    try:
        async with asyncio.timeout(40):
            while seen != wanted:
                seen = await look()
                await asyncio.sleep(0.02)
    except TimeoutError:
        assert seen == wanted


@asynccontextmanager
async def house(folder: Path, *, data: Path | None = None, port: int = 0) -> AsyncIterator[House]:
    """A server for hosts while the block lasts; agents that run still then are killed before it goes."""
    settings = Settings(
        address=Address(host="127.0.0.1", port=port),
        data=data,
        policies=RULES,
        policies_shown_as="rules",
        fleet=FleetKind.AGENTS,
    )
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(assemble(settings))
        client = await stack.enter_async_context(AsyncClient(str(served.address)))
        made = House(folder, str(served.address), client)
        yield made
        for agent in made.agents.values():
            await agent.kill()


async def test_every_host_comes_to_the_newest_version_whenever_it_joins(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.put()
        for version in ("1.0", "1.1"):
            await made.publish(version)
        await made.join("early")
        await become(made.versions, {"early": "1.1"})
        await made.publish("1.2")
        await become(made.versions, {"early": "1.2"})
        await made.join("late")
        await become(made.versions, {"early": "1.2", "late": "1.2"})


async def test_a_version_that_does_not_start_is_taken_back_from_the_hosts_that_had_it(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.put()
        for version in ("1.0", "1.1"):
            await made.publish(version)
        for name in ("a", "b"):
            await made.join(name)
        await become(made.versions, {"a": "1.1", "b": "1.1"})
        await made.publish(BROKEN)

        async def outcome() -> str:
            upgrade = await made.client.get_latest_rolling_upgrade(WEB)
            return upgrade.error.code if upgrade.HasField("end_time") else ""

        await become(outcome, "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade")
        await become(made.enabled, {"a": "1.1", "b": "1.1"})
        await become(made.versions, {"a": "1.1", "b": "1.1"})


async def test_a_server_that_comes_back_finds_its_hosts_and_they_find_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with house(tmp_path, data=data) as before:
        await before.put()
        for version in ("1.0", "1.1"):
            await before.publish(version)
        await before.join("a")
        await become(before.versions, {"a": "1.1"})
        address = Address.parse(before.address)
        agents, before.agents = before.agents, {}
    async with house(tmp_path, data=data, port=address.port) as after:
        after.agents = agents
        await after.publish("1.2")
        await become(after.versions, {"a": "1.2"})
        host = await after.client.get_host(f"{WEB}/virtualMachines/a")
        assert host.is_connected
