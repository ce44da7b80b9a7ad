"""`tidegate demo-hosts`, as `make demo-hosts` runs it where nobody looks: processes, kills, and hosts brought back."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines of one run, in a process of its own that leaves nothing behind, neither a file nor a process."""
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-c", "from tidegate.cli.main import main; main()", "demo-hosts"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "COLUMNS": "160"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert list(home.iterdir()) == []
    assert not any(str(home) in line for line in command_lines())
    return done.stdout.splitlines()


def command_lines() -> list[str]:
    """How every process of this machine was begun; nothing where the system does not tell."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # One that has ended meanwhile has no line.
        with suppress(OSError):
            lines.append(path.read_bytes().decode("utf-8", "replace"))
    return lines


def hosts_tables(told: list[str]) -> list[list[str]]:
    """The rows of each table of hosts."""
    begins = [number + 2 for number, line in enumerate(told) if line.startswith("$ tidegate host list")]
    return [told[begin : begin + 8] for begin in begins]


pytestmark = [pytest.mark.xdist_group("demo-hosts"), pytest.mark.skipif(sys.platform == "win32", reason="runs sh")]


def test_real_web_services_answer_with_the_version_that_their_host_runs(told: list[str]) -> None:
    tables = hosts_tables(told)
    for rows, version in zip(tables, ("1.0.0", "1.1.0", "1.1.0"), strict=True):
        assert [row.split()[0] for row in rows] == [f"web-{number}" for number in range(1, 9)]
        assert all(row.rstrip().endswith(f"{version}  200 web {version}") for row in rows)


def test_a_killed_agent_and_a_killed_server_do_not_stop_the_good_version(told: list[str]) -> None:
    (agent,) = [
        line for line in told if re.match(r"kill -9 \d+: the agent of web-\d, in the middle of its update", line)
    ]
    (server,) = [line for line in told if re.match(r"kill -9 \d+: the server, in the middle of a batch", line)]
    ended = next(number for number, line in enumerate(told) if "Completed after" in line)
    assert told.index(agent) < told.index(server) < ended
    assert told[ended].endswith("8 done, 0 failed, 0 under way, 0 waiting")


def test_the_bad_version_stops_after_its_first_batch_and_those_hosts_are_brought_back(told: list[str]) -> None:
    (stop,) = [number for number, line in enumerate(told) if "stopped: roll back failed" in line]
    assert "an-upgraded-host-is-unwell  policies/a-quarter-at-a-time.yaml:" in told[stop]
    assert any("progress.unhealthyUpgradedPercent = 100" in line for line in told[stop : stop + 4])
    assert any(line.endswith("0 done, 2 failed, 0 under way, 6 waiting, 2 brought back") for line in told)
    asked = next(number for number, line in enumerate(told) if line.startswith("$ tidegate explain"))
    assert "back at the old version" in told[asked + 1]
