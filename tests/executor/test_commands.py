"""Cancel, pause, resume."""

import asyncio

import pytest

from tests.executor.world import World, virtual
from tidegate.domain.refusal import NoUpgradeInProgress, UpgradeNotPaused
from tidegate.executor.commands import Command, Verb, name_of, refusal_of
from tidegate.upgrade.reports import CancelRequested, PauseRequested, ResumeRequested


@virtual
async def test_each_verb_is_a_report_of_its_own() -> None:
    assert [Command.of(verb, 5).report for verb in Verb] == [
        CancelRequested(at_ms=5),
        PauseRequested(at_ms=5),
        ResumeRequested(at_ms=5),
    ]


@virtual
async def test_only_what_is_paused_is_resumed_and_nothing_that_has_ended_is_steered() -> None:
    async with World() as world:
        await world.put()
        await world.publish("1.1")
        running = await world.start()
        assert refusal_of(Verb.CANCEL, running) is None
        assert isinstance(refusal_of(Verb.RESUME, running), UpgradeNotPaused)
        ended = await world.ended()
        refusals = [refusal_of(verb, ended) for verb in Verb]
        assert all(isinstance(each, NoUpgradeInProgress) for each in refusals)
        assert "to pause" in str(refusals[1])
        assert name_of(ended) == f"{ended.scale_set}/rollingUpgrades/{ended.upgrade_id}"


@virtual
async def test_a_caller_who_has_gone_is_not_told() -> None:
    command = Command.of(Verb.CANCEL, 0)
    command.outcome.cancel()
    command.refuse(UpgradeNotPaused("u"))
    with pytest.raises(asyncio.CancelledError):
        command.outcome.result()
