"""The race: Tidegate, pyinfra and Ansible upgrade the same hosts on the same machine in one run.

Tidegate and pyinfra take turns, the median of their rounds counts; Ansible, which needs minutes, has one. The machine's
load changes both sides alike, so read the ratios.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.hosts_against import ansible_side, pyinfra_side, tidegate_hosts
from benchmarks.hosts_against.contest import Contest
from benchmarks.hosts_against.spent import Spent
from benchmarks.hosts_against.tools import Tool
from benchmarks.report import Line

ROUNDS = 3


def run(folder: Path, ansible: Tool, pyinfra: Tool, host_count: int = 50) -> dict[str, list[Spent]]:
    """What each spent in each of its rounds."""
    ours = Contest(hosts=folder / "tidegate", host_count=host_count)
    theirs = Contest(hosts=folder / "others", host_count=host_count)
    spent: dict[str, list[Spent]] = {"tidegate": [], "pyinfra": [], "ansible": []}
    with tidegate_hosts.hosts(ours) as hosts:
        for number in range(ROUNDS):
            hosts.contest = replace(ours, old=f"1.{number}", new=f"1.{number + 1}")
            spent["tidegate"].append(hosts.upgrade())
            hosts.contest.check()
            theirs.prepare()
            spent["pyinfra"].append(pyinfra_side.upgrade(pyinfra, theirs))
            theirs.check()
    theirs.prepare()
    spent["ansible"].append(ansible_side.upgrade(ansible, theirs))
    theirs.check()
    return spent


def measure() -> list[Line]:
    """One race, told in two lines for each of the others."""
    ansible, pyinfra = ansible_side.tool(), pyinfra_side.tool()
    with tempfile.TemporaryDirectory(prefix="tidegate-race-") as folder:
        contest = Contest(hosts=Path(folder))
        spent = run(Path(folder), ansible, pyinfra)
    middle = {name: _middle(rounds) for name, rounds in spent.items()}
    return [
        line
        for tool, aim in ((ansible, "at least 10 times less wall time"), (pyinfra, "never slower"))
        for line in _lines(contest, tool, middle["tidegate"], middle[tool.name.removesuffix("-core")], aim)
    ]


def _middle(rounds: Sequence[Spent]) -> Spent:
    return Spent(
        wall_seconds=statistics.median(each.wall_seconds for each in rounds),
        cpu_seconds=statistics.median(each.cpu_seconds for each in rounds),
    )


def _lines(contest: Contest, tool: Tool, ours: Spent, theirs: Spent, aim: str) -> Iterator[Line]:
    count = contest.host_count
    called = f"{tool.name} {tool.version}"
    yield Line(
        name=f"a handler upgrade of {count} hosts, batches of {contest.batch_percent} percent",
        reached=f"{ours.wall_seconds:.1f} s",
        baseline=f"{called}, {theirs.wall_seconds:.1f} s",
        ratio=f"{ours.wall_seconds / theirs.wall_seconds:.2f}",
        aim=aim,
    )
    yield Line(
        name="processor time of it for each host, all sides and commands",
        reached=f"{ours.cpu_seconds / count * 1000:.0f} ms",
        baseline=f"{called}, {theirs.cpu_seconds / count * 1000:.0f} ms",
        ratio=f"{ours.cpu_seconds / theirs.cpu_seconds:.2f}",
        aim="",
    )
