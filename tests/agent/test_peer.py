"""Our agent beside Debian's `waagent`, on the same handler packages and goal states: they do the same.

Nothing looks into either of them: the handlers tell what ran and what they found, and the rest is read from the disk.
Before that the peer itself is held to recorded traces of the real agent, so that it is known to be what it is taken for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.agent.peer.packages import CONTRACT, PREFIX, Shelf
from tests.agent.peer.scenarios import SCENARIOS, Scenario
from tests.agent.peer.sight import Seen
from tests.agent.peer.traces import Command, Traced, read_traces
from tests.agent.peer.waagent import Waagent

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


def stage(scenario: Scenario, folder: Path, unpacked: Path) -> Waagent:
    """The peer with a scenario's packages, nothing run yet."""
    folder.mkdir()
    return Waagent(unpacked, folder, Shelf(folder, scenario.recipes))


async def watch(scenario: Scenario, folder: Path, unpacked: Path) -> Sequence[Seen]:
    """What the peer does with each goal state of a scenario."""
    peer = stage(scenario, folder, unpacked)
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
    seen = await watch(scenario, tmp_path / "peer", unpacked)
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
    seen = await watch(BY_NAME[name], tmp_path / "peer", unpacked)
    # What follows the upgrade and its repetition differs from trace to trace.
    for recorded, each in list(zip(traced, seen, strict=False))[:3]:
        check_against(recorded, each)
