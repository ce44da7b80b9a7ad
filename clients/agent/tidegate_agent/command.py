"""One command of a handler, run from its start to its end.

Law: the command leads a session and a process group of its own; when its time is over the whole group is killed. What
it leaves running behind itself, it may: only the command itself is waited for.

Source: WALinuxAgent 2.15, ga/cgroupconfigurator.py and ga/extensionprocessutil.py. That agent looks once a second
whether a command has ended and then waits another; how soon an agent notices is its own affair and nothing that a
handler could rely on, so this one is woken by the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate_agent.output import Output, both
from tidegate_agent.running import RunningNote, kill_group

_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.005, 0.1
_DYING_LOOKS = 1_000
"""How often, after that first pause each, a killed process is looked at: 5 seconds in all."""

# The shell waits for a line before it does anything, so that nothing begins before it is noted; should the agent die
# before, the line never comes. Afterwards the command's input is empty, as that of an agent's commands has always been.
_GATE = "read -r TIDEGATE_GO || exit 125\nunset TIDEGATE_GO\nexec </dev/null\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    exit_code: int | None
    """None where its time was over; negative where a signal ended it, as `subprocess` has it."""
    output: str
    """What it wrote, about 3,200 characters of it."""


async def run_command(
    line: str, *, folder: Path, environment: Mapping[str, str], timeout_seconds: float, run_folder: Path
) -> Ended:
    """Give the line to a shell, with `folder` as its working folder, and wait for its end.

    A caller that no longer wants to wait is obeyed: the group is killed before the cancellation goes on.

    Raises:
        OSError: the shell could not be started.
    """
    note = RunningNote(run_folder)
    await note.outlast()
    with contextlib.ExitStack() as held:
        standard_output, standard_error = (held.enter_context(contextlib.closing(Output(run_folder))) for _ in "oe")
        process = _start(line, folder, environment, standard_output.descriptor, standard_error.descriptor)
        try:
            _release(process, note, timeout_seconds)
            has_ended = await _ended(process, timeout_seconds, (standard_output, standard_error))
        finally:
            if await _is_over(process):
                note.clear()
        return Ended(
            exit_code=process.returncode if has_ended else None,
            output=both(standard_output.text(), standard_error.text()),
        )


def _start(
    line: str, folder: Path, environment: Mapping[str, str], standard_output: int, standard_error: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GATE + line],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=standard_output,
        stderr=standard_error,
        start_new_session=True,
    )


def _release(process: subprocess.Popen[bytes], note: RunningNote, timeout_seconds: float) -> None:
    assert process.stdin is not None, "asked for above"
    with process.stdin:
        note.write(process.pid, timeout_seconds)
        # A shell that somebody killed meanwhile takes no line, and its exit code says so.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"go\n")
            process.stdin.flush()


async def _ended(process: subprocess.Popen[bytes], timeout_seconds: float, outputs: tuple[Output, ...]) -> bool:
    """Whether it ended in time; looks after its outputs meanwhile."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + timeout_seconds
    look_seconds = _FIRST_LOOK_SECONDS
    with _end_of(process) as end:
        while True:
            remaining_seconds = ends_at - loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(look_seconds, remaining_seconds))):
                    await end.wait()
            for output in outputs:
                output.look()
            if process.poll() is not None:
                return True
            if remaining_seconds <= 0:
                return False
            look_seconds = min(_LONGEST_LOOK_SECONDS, look_seconds * 2)


async def _is_over(process: subprocess.Popen[bytes]) -> bool:
    """Kill the group where the command has not ended; whether it is gone then.

    A process that hangs in the kernel does not even die when it is killed. It is not waited for: the note stays, and
    nothing else begins on this host until it is gone.
    """
    if process.poll() is None:
        kill_group(process.pid)
    for _ in range(_DYING_LOOKS):
        if process.poll() is not None:
            return True
        await asyncio.sleep(_FIRST_LOOK_SECONDS)
    return False


@contextlib.contextmanager
def _end_of(process: subprocess.Popen[bytes]) -> Iterator[asyncio.Event]:
    """An event that is set when the process ends, where the kernel can tell; elsewhere looking has to do."""
    end = asyncio.Event()
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        yield end
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, end.set)
    try:
        yield end
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
