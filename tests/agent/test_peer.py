"""Our agent beside Debian's `waagent`, on the same handler packages and goal states: they do the same.

Nothing looks into either of them: the handlers tell what ran and what they found, and the rest is read from the disk.
Before that the peer is held to recorded traces of the real agent, so that it is known to be what it is taken for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.agent.peer.ours import Ours
from tests.agent.peer.packages import CONTRACT, PREFIX, RECORD, Shelf
from tests.agent.peer.scenarios import SCENARIOS, WITHOUT_ITS_COMMAND, Scenario
from tests.agent.peer.sight import Seen, differences
from tests.agent.peer.traces import Command, Traced, read_traces
from tests.agent.peer.waagent import Waagent
from tidegate_handler.commands import AgentCode

ALWAYS = ("EXTENSION_PATH", "EXTENSION_VERSION", "EXTENSION_SUPPORTED_FEATURES", "WIRE_PROTOCOL_ADDRESS")
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="session")
def unpacked(repository: Path) -> Path:
    """The folder that Debian's package was unpacked into; without it the test is skipped, and fails in CI."""
    folder = Path(os.environ.get("TIDEGATE_WAAGENT") or repository / ".venv/waagent")
    if (folder / ".whole").is_file():
        return folder
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(f"there is no waagent in {folder}, and in CI there must be: .ci/run fetches it with .ci/waagent")
    pytest.skip("needs Debian's waagent, unpacked and not installed: run .ci/waagent")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent's own environment wins over what it adds, so it must be without the contract's variables."""
    for name in list(os.environ):
        if name in CONTRACT or name.startswith(PREFIX):
            monkeypatch.delenv(name)


async def watch(scenario: Scenario, folder: Path, unpacked: Path) -> Sequence[Seen]:
    """What the peer does with each goal state of a scenario."""
    peer = Waagent(unpacked, folder, Shelf(folder, scenario.recipes))
    try:
        return [await peer.apply(step) for step in scenario.steps]
    finally:
        await peer.close()


def as_traced(seen: Seen) -> list[Command]:
    """The commands in the words of the traces."""
    commands = list[Command]()
    for deed, found in zip(seen.deeds, seen.environments, strict=True):
        moment, _, version, command = deed.split(" ")
        if moment == "begin":
            own = {"moment", "folder", "mrseq", "ConfigSequenceNumber", *(PREFIX + name for name in ALWAYS)}
            added = {name: value for name, value in found.items() if name not in own}
            commands.append(Command(version=version, command=command, environment=added))
    return commands


def states_by_version(seen: Seen) -> Mapping[str, str]:
    return {name.split(" ")[1]: state for name, state in seen.states.items()}


def check_against(traced: Traced, seen: Seen) -> None:
    assert as_traced(seen) == traced.commands, traced.title
    if traced.states is not None:
        assert states_by_version(seen) == traced.states, traced.title


async def test_the_peer_lives_as_its_trace_says(shared_data: Path, unpacked: Path, tmp_path: Path) -> None:
    traces = read_traces(shared_data / "agent-traces/debian-waagent-2.7.3-lifecycle.txt")
    recorded = [steps[0] for steps in traces.values()]
    scenario = BY_NAME["a whole life"]
    seen = await watch(scenario, tmp_path, unpacked)
    asked = [each for step, each in zip(scenario.steps, seen, strict=True) if not step.after_restart]
    assert len(asked) == 11
    for traced, each in zip(recorded, asked, strict=False):
        check_against(traced, each)


FAILURES = {
    "old disable fails": "old disable fails, continueOnUpdateFailure absent",
    "old disable fails and the new version goes on": "old disable fails, NEW manifest continueOnUpdateFailure=true",
    "old uninstall fails": "old uninstall fails, continueOnUpdateFailure absent",
    "new install fails": "new install fails",
    "new update fails although the new version goes on": "new update fails even with continueOnUpdateFailure=true",
}


@pytest.mark.parametrize("name", FAILURES)
async def test_the_peer_fails_to_update_as_the_newer_agents_trace_says(
    name: str, shared_data: Path, unpacked: Path, tmp_path: Path
) -> None:
    traced = read_traces(shared_data / "agent-traces/walinuxagent-2.15-update-failures.txt")[FAILURES[name]]
    seen = await watch(BY_NAME[name], tmp_path, unpacked)
    # What follows the upgrade and its repetition differs from trace to trace.
    for recorded, each in list(zip(traced, seen, strict=False))[:3]:
        check_against(recorded, each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A difference that there is and that is meant; one that is named here and not there any more fails the test."""

    scenario: str
    """The names of the scenarios, as a pattern."""
    difference: str
    """The line that tells it, as a pattern."""
    because: str


KNOWN = (
    Known(
        scenario="old disable fails|old uninstall fails.*",
        difference=r"said of Alpha  code: -1, ours 1008",
        because="2.7.3 gave such a failure no code of its own; 2.15 says 1008, and so do we",
    ),
    Known(
        scenario="no settings",
        difference=r"(begin|end) Alpha 1\.1\.0 enable  AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE: 'NOT_RUN', ours '0'",
        because="an enable after an uninstall is told how that ended; 2.7.3 forgets it where there are no settings",
    ),
    Known(
        scenario="several extensions of a handler that supports one",
        difference=r"said of Gamma (one|two) operation: 'InvalidExtensionConfig', ours 'ExtensionProcessing'",
        because="the operation in a status that an agent writes itself is its own word",
    ),
    Known(
        scenario="several extensions and an update that fails",
        difference=r"said of Gamma (one|two) operation: 'Update', ours 'ExtensionProcessing'",
        because="the operation in a status that an agent writes itself is its own word",
    ),
    Known(
        scenario="several extensions of a handler that supports one",
        difference=r"Gamma 1\.0\.0 HandlerEnvironment\.json: None, ours .*",
        because="we write it with the folder, before the handler can be refused, and 2.7.3 writes it afterwards",
    ),
)


def unexplained(scenario: str, found: Sequence[str]) -> Sequence[str]:
    """The differences that are not known, and the known ones that are not there."""
    known = [each for each in KNOWN if re.fullmatch(each.scenario, scenario)]
    wrong = [line for line in found if not any(re.fullmatch(each.difference, line) for each in known)]
    gone = [each for each in known if not any(re.fullmatch(each.difference, line) for line in found)]
    return [*wrong, *(f"not there any more: {each.difference}" for each in gone)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_our_agent_does_what_the_peer_does(
    scenario: Scenario, unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, scenario.recipes)
    peer = Waagent(unpacked, tmp_path / "peer", shelf)
    monkeypatch.setenv(RECORD, str(tmp_path / "record"))
    ours = Ours(tmp_path / "ours", shelf, tmp_path / "record")
    found = list[str]()
    try:
        for step in scenario.steps:
            seen = await peer.apply(step)
            assert seen.deeds or seen.states or not step.handlers, "the peer did nothing, so it proves nothing"
            found += differences(seen, await ours.apply(step))
    finally:
        await ours.close()
        await peer.close()
    assert unexplained(scenario.name, found) == []


async def test_where_the_peer_stops_the_old_version_for_one_that_cannot_run_ours_lets_it_run_on(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one scenario in which we mean to be stricter: a package whose update command is not in it."""
    shelf = Shelf(tmp_path, WITHOUT_ITS_COMMAND.recipes)
    peer = Waagent(unpacked, tmp_path / "peer", shelf)
    monkeypatch.setenv(RECORD, str(tmp_path / "record"))
    ours = Ours(tmp_path / "ours", shelf, tmp_path / "record")
    try:
        fresh, broken = WITHOUT_ITS_COMMAND.steps
        assert list(differences(await peer.apply(fresh), await ours.apply(fresh))) == []
        theirs, seen = await peer.apply(broken), await ours.apply(broken)
    finally:
        await ours.close()
        await peer.close()
    assert theirs.states == {"Alpha 1.0.0": "Installed", "Alpha 1.1.0": "FailedUpgrade"}
    assert [said.code for said in theirs.said] == [AgentCode.UPDATE_FAILED]
    assert seen.states == {"Alpha 1.0.0": "Enabled"}
    assert [said.code for said in seen.said] == [AgentCode.PACKAGE_EXTRACTION_ERROR]
    assert seen.deeds == []


def test_a_difference_that_nobody_knows_is_found_and_so_is_one_that_is_gone() -> None:
    assert unexplained("new install fails", ["deeds: ['a'], ours ['b']"]) == ["deeds: ['a'], ours ['b']"]
    assert [line[:10] for line in unexplained("no settings", [])] == ["not there "]


def test_each_kind_of_difference_is_seen() -> None:
    one = Seen(deeds=["begin a"], environments=[{"moment": "a", "x": "1"}], states={"a": "b"}, papers={"p": 1}, said=[])
    same = replace(one)
    assert list(differences(one, same)) == []
    for other in (
        replace(one, deeds=[]),
        replace(one, environments=[{"moment": "a", "x": "2"}]),
        replace(one, states={}),
        replace(one, papers={"p": 2, "q": 3}),
    ):
        assert list(differences(one, other)) != []
