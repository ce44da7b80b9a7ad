"""What a run spent: time on the wall, and processor time of the process and of all it has started and waited for."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One whole upgrade."""

    wall_seconds: float
    cpu_seconds: float
    """Of everything that took part, in user and kernel mode."""


def run(arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spent:
    """Run a command to its end, which must be a good one."""
    before, begin = _children_seconds(), time.perf_counter()
    done = subprocess.run(
        arguments, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False,
        timeout=LONGEST_SECONDS,
    )  # fmt: skip
    wall_seconds = time.perf_counter() - begin
    assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{done.stdout[-4_000:]}{done.stderr[-4_000:]}"
    return Spent(wall_seconds=wall_seconds, cpu_seconds=_children_seconds() - before)


def _children_seconds() -> float:
    """Of all children of this process that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
