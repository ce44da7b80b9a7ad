"""The story in the log."""

from structlog.testing import capture_logs

from tests.executor.world import World, virtual
from tidegate.fleets.faults import InstallFails, Where


@virtual
async def test_every_event_is_one_line_in_the_words_of_the_house() -> None:
    with capture_logs() as lines:
        async with World(faults=[InstallFails(where=Where(instance_ids=frozenset("0")))]) as world:
            await world.put()
            await world.publish("1.1")
            await world.start()
            ended = await world.ended()
    told = [line for line in lines if "sequence" in line]
    assert [line["sequence"] for line in told] == list(range(1, ended.sequence + 1))
    assert {line["log_level"] for line in told if "instance_id" in line} == {"debug"}
    first, last = told[0], told[-1]
    assert (first["event"], first["instances"], first["policy"]) == ("upgrade_started", 10, "azure-default")
    assert (last["event"], last["failed"], last["log_level"]) == ("upgrade_faulted", 1, "info")
    halt = next(line for line in told if line["event"] == "halt_decided")
    assert halt["verdict"] == "HALT"
    assert halt["rule"] == "too-many-unhealthy-after-a-batch"


@virtual
async def test_no_line_tells_what_an_extension_is_set_to() -> None:
    with capture_logs() as lines:
        async with World() as world:
            secret = {
                "name": "agent",
                "properties": {
                    "publisher": "Contoso.Monitor",
                    "type": "Agent",
                    "typeHandlerVersion": "1.0",
                    "autoUpgradeMinorVersion": True,
                    "settings": {"workspace": "open-sesame"},
                    "protectedSettings": {"key": "open-sesame"},
                },
            }
            await world.put(extensions=[secret])
            await world.publish("1.1")
            await world.start()
            await world.ended()
    assert lines
    assert "open-sesame" not in repr(lines)
