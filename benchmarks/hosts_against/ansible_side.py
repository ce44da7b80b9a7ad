"""The upgrade by Ansible: `serial`, local connections, as many forks as a batch has hosts."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.hosts_against.contest import HANDLER, Contest
from benchmarks.hosts_against.spent import Spent, run
from benchmarks.hosts_against.tools import Tool, install

PLAYBOOK = Path(__file__).with_name("playbook.yaml")


def tool() -> Tool:
    """ansible-core: `ansible` itself would add collections that nothing here uses."""
    return install("ansible-core")


def upgrade(ansible: Tool, contest: Contest) -> Spent:
    """One whole run of the playbook, with settings under which Ansible is as quick as it can be told to be."""
    folder = contest.hosts.parent
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps(_inventory(ansible, contest)))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "ansible" / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "ansible" / "remote"),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_NOCOWS": "True",
    }
    arguments = [
        str(ansible.binaries / "ansible-playbook"),
        "--inventory", str(inventory),
        "--forks", str(contest.batch_size),
        str(PLAYBOOK),
    ]  # fmt: skip
    return run(arguments, folder=folder, environment=environment)


def _inventory(ansible: Tool, contest: Contest) -> dict[str, object]:
    everybody = {
        "ansible_connection": "local",
        "ansible_python_interpreter": str(ansible.python),
        "archive": str(contest.archive),
        "old": f"{HANDLER}-{contest.old}",
        "new": f"{HANDLER}-{contest.new}",
    }
    hosts = {name: {"root": str(contest.hosts / name)} for name in contest.names}
    return {"all": {"hosts": hosts, "vars": everybody}}
