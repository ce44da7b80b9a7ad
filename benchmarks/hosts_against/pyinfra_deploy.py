"""The upgrade by pyinfra's own API, run by the Python that has pyinfra: all batches in one process, one after another.

The command line knows no batches and would start anew for each. Hosts are reached by pyinfra's local connector, of
which pyinfra itself allows one; here each host of this machine has one.
"""

# ruff: noqa: E402 - gevent must have replaced the sockets and processes before anybody imports them
# mypy: disable-error-code="import-not-found, import-untyped, misc, untyped-decorator"

from gevent import monkey

monkey.patch_all()

import json
import sys
from pathlib import Path

from pyinfra import host
from pyinfra.api import Config, Inventory, State, deploy
from pyinfra.api.connect import connect_all
from pyinfra.api.deploy import add_deploy
from pyinfra.api.operations import run_ops
from pyinfra.connectors import local
from pyinfra.operations import server


class ManyLocalHosts(local.LocalConnector):
    """The local connector, under any name."""


@deploy("Upgrade the handler")
def upgrade_host() -> None:
    """The steps of one host; pyinfra takes each of them on all hosts of the batch at once."""
    data = host.data
    old, new = f"{data.root}/{data.old}", f"{data.root}/{data.new}"
    server.shell(name="Unpack the new version", commands=[f"mkdir {new} && tar xzf {data.archive} -C {new}"])
    server.shell(name="Disable the old version", commands=[f"{old}/bin/disable.sh"])
    server.shell(name="Update to the new version", commands=[f"{new}/bin/update.sh"])
    server.shell(name="Uninstall the old version", commands=[f"{old}/bin/uninstall.sh"])
    server.shell(name="Remove the old version", commands=[f"rm -rf {old}"])
    server.shell(name="Install the new version", commands=[f"{new}/bin/install.sh"])
    server.shell(name="Enable the new version", commands=[f"{new}/bin/enable.sh"])


def upgrade(batch: dict[str, str], shared: dict[str, str]) -> None:
    """One batch; the first failure ends the run."""
    names = [(name, {"root": root}) for name, root in batch.items()]
    state = State(Inventory((names, shared)), Config(FAIL_PERCENT=0))
    for each in state.inventory:
        each.connector_cls = ManyLocalHosts
        each.connector = ManyLocalHosts(state, each)
    connect_all(state)
    add_deploy(state, upgrade_host)
    run_ops(state)
    assert len(state.active_hosts) == len(batch), f"failed: {state.failed_hosts}"


def main() -> None:
    """Upgrade the batches that the file named by the first argument holds."""
    told = json.loads(Path(sys.argv[1]).read_text())
    for batch in told["batches"]:
        upgrade(batch, told["shared"])


main()
