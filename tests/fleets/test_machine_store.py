"""The file that stands for the machines: what goes in comes out, and a process that dies takes nothing with it."""

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.domain.examples import WEB, scale_set
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.order import InstanceAnswer, MoveFailure
from tidegate.domain.version import Version
from tidegate.fleets.machine_store import FORMAT, Kept, MachineStore, StoreOfAnotherFormat
from tidegate.fleets.machines import Change, Definition, Machines

FAILED = ExtensionState(
    name="Agent",
    version=Version("2.0.1"),
    provisioning_state=ProvisioningState.FAILED,
    code="Broken",
    message='It said "né".',
)


def placed(store: MachineStore, capacity: int = 3) -> Machines:
    definition = Definition.of(scale_set(capacity=capacity, zones=("1", "2"), image_version="24.04.1"))
    machines = Machines(dataclasses.replace(definition, capacity=0))
    changed, _ = machines.redefine(definition)
    store.save_placed(machines, changed)
    return machines


def save(store: MachineStore, machines: Machines, *names: str, spent: tuple[tuple[int, str, int], ...] = ()) -> None:
    store.save_changed([Change(machines=machines, instance_ids=names, spent=spent)])


def reopened(path: Path) -> list[Kept]:
    store = MachineStore(path)
    kept = list(store.load())
    store.close()
    return kept


def answer(number: int) -> InstanceAnswer:
    failure = MoveFailure(extension_name="Agent", code="Broken", message="née")
    return InstanceAnswer(
        operation_id=f"op/{number}", instance_id="1", failures=(failure,) * number, probe=ProbeState.UNHEALTHY
    )


def test_machines_come_out_as_they_went_in(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / "machines")
    machines = placed(store)
    machines.put_software(machines["1"], {"Agent": FAILED}, "24.04.2")
    machines.remember(answer(0))
    machines.remember(answer(2))
    save(store, machines, "1", spent=((4, "2", 9),))
    store.close()
    (kept,) = reopened(tmp_path / "machines")
    assert kept.machines.definition == machines.definition
    assert kept.machines.all() == machines.all()
    assert kept.machines.finished == machines.finished
    assert kept.machines.observe() == machines.observe()
    assert kept.spent == {(4, "2"): 9}


def test_what_was_updating_when_the_process_ended_is_not_updating_any_more(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / "machines")
    machines = placed(store)
    updating = dataclasses.replace(FAILED, provisioning_state=ProvisioningState.UPDATING)
    machines.put_software(machines["1"], {"Agent": updating})
    save(store, machines, "1")
    store.close()
    (kept,) = reopened(tmp_path / "machines")
    assert kept.machines["1"].extensions["Agent"].provisioning_state is ProvisioningState.SUCCEEDED


def test_a_change_of_nothing_writes_nothing(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / "machines")
    machines = placed(store)
    save(store, machines)
    store.save_changed([])
    store.close()
    assert reopened(tmp_path / "machines")[0].machines.all() == machines.all()


def test_machines_that_are_gone_are_gone_with_their_counts(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / "machines")
    machines = placed(store, capacity=12)
    save(store, machines, spent=((0, "3", 1), (0, "11", 1)))
    changed, _ = machines.redefine(Definition.of(scale_set(capacity=4)))
    store.save_placed(machines, changed)
    store.close()
    (kept,) = reopened(tmp_path / "machines")
    assert list(kept.machines) == ["0", "1", "2", "3"]
    assert kept.spent == {(0, "3"): 1}


def test_a_forgotten_scale_set_leaves_nothing_behind(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / "machines")
    save(store, placed(store), spent=((0, "1", 1),))
    store.forget(WEB)
    store.close()
    connection = sqlite3.connect(tmp_path / "machines")
    counts = [
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("scale_set", "machine", "spent")
    ]
    connection.close()
    assert counts == [0, 0, 0]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "machines")
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(StoreOfAnotherFormat, match=f"format {FORMAT + 1}"):
        MachineStore(tmp_path / "machines")


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.domain.examples import scale_set
from tests.fleets.orders import orders, to_version
from tidegate.fleets.machine_store import MachineStore
from tidegate.fleets.simulated import SimulatedFleet

heard = 0

def hear(answer):
    global heard
    heard += 1
    if heard == 40:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    fleet = SimulatedFleet(store=MachineStore(Path(sys.argv[1])))
    await fleet.place(scale_set(capacity=100))
    await fleet.begin(orders(range(40), to_version("2.5")), hear)
    await fleet.begin(orders(range(40, 100), to_version("2.6")), hear)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_what_was_answered_before_the_process_was_killed_is_kept(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "machines"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(repository), str(repository / "server")])}
    ended = subprocess.run([sys.executable, "-c", DIES, str(path)], env=environment, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    (kept,) = reopened(path)
    assert [str(kept.machines[str(number)].extensions["Agent"].version) for number in range(40)] == ["2.5"] * 40
    assert all(kept.machines.answer_of(str(number), f"op/{number}") for number in range(40))
