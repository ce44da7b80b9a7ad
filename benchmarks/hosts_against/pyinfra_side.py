"""The upgrade by pyinfra: local connections, all hosts of a batch at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.hosts_against.contest import HANDLER, Contest
from benchmarks.hosts_against.spent import Spent, run
from benchmarks.hosts_against.tools import Tool, install

DEPLOY = Path(__file__).with_name("pyinfra_deploy.py")


def tool() -> Tool:
    """pyinfra."""
    return install("pyinfra")


def upgrade(pyinfra: Tool, contest: Contest) -> Spent:
    """One whole run."""
    names, size = contest.names, contest.batch_size
    told = contest.hosts.parent / "pyinfra.json"
    told.write_text(
        json.dumps(
            {
                "batches": [
                    {name: str(contest.hosts / name) for name in names[start : start + size]}
                    for start in range(0, len(names), size)
                ],
                "shared": {
                    "archive": str(contest.archive),
                    "old": f"{HANDLER}-{contest.old}",
                    "new": f"{HANDLER}-{contest.new}",
                },
            }
        )
    )
    return run([str(pyinfra.python), str(DEPLOY), str(told)], folder=contest.hosts.parent, environment=os.environ)
