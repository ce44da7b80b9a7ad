"""A real server, and the command line in front of it."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.cli.samples import SUBSCRIPTION, arm_resource, scale_set_id
from tests.cli.serving import Serving
from tidegate.cli.main import app
from tidegate_client import Client, NotFound

POLICY = """\
apiVersion: tidegate/v1
kind: Policy
name: open
description: Everybody may, but Service Fabric.
eligibility:
  - name: no-service-fabric
    when: {fact: scaleSet.isServiceFabric, equals: true}
    deny: The scale set {scaleSet.name} is a Service Fabric cluster.
batching:
  - name: as-the-scale-set-says
    because: the scale set says so
    batch: {fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent}
halt:
  - name: too-many-failed
    at: afterBatch
    when: {fact: progress.failedInstancePercent, greaterThan: 20%}
    then: halt
    because: "{progress.failedInstancePercent}% failed."
"""
SCENARIO = """\
faults:
  - {scaleSet: slow, slow: {seconds: 0.2}}
  - {scaleSet: stuck, neverAnswers: {}}
  - {scaleSet: stuck-watch, neverAnswers: {}}
  - {scaleSet: broken, slow: {seconds: 0.2}}
  - {scaleSet: broken, instances: ["6", "7"], installFails: {code: E51, message: It is broken.}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a command ended and what it wrote."""

    exits: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; its shape is what the tests are about."""
        return json.loads(self.out)


Tidegate = Callable[..., Told]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a real server listens: everything in memory, one open policy, machines with faults.

    It is a process of its own: grpc's asyncio and its threads are happiest with one loop in a process.
    """
    folder = tmp_path_factory.mktemp("served")
    (folder / "policies").mkdir()
    (folder / "policies" / "open.yaml").write_text(POLICY)
    (folder / "scenario.yaml").write_text(SCENARIO)
    options = ("--listen", "127.0.0.1:0", "--data", ":memory:", "--policies", "policies", "--scenario", "scenario.yaml")
    with Serving(*options, folder=folder) as serving:
        yield serving.address


@pytest.fixture(scope="package")
def client(server: str) -> Iterator[Client]:
    """A client of that server, which knows the versions 1.2 and 1.4 of the extension that every scale set has."""
    with Client(server) as connected:
        for version in ("1.2", "1.4"):
            connected.publish_extension_version("Tests", "Agent", version)
        yield connected


@pytest.fixture
def put(client: Client) -> Callable[..., str]:
    """Puts a scale set whose machines are new, and gives its id."""

    def put_one(name: str, **how: Any) -> str:  # as `arm_resource` takes it
        scale_set = scale_set_id(name)
        with contextlib.suppress(NotFound):
            client.delete_scale_set(scale_set)
        client.put_scale_set(scale_set, arm_resource(name, **how))
        return scale_set

    return put_one


@pytest.fixture
def tidegate(server: str, monkeypatch: pytest.MonkeyPatch) -> Tidegate:
    """Runs the command line in this process, as somebody would whose environment names the server."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)

    def run(*words: str | Path, stdin: str | None = None) -> Told:
        result = CliRunner().invoke(app, [str(word) for word in words], input=stdin, prog_name="tidegate")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(exits=result.exit_code, out=result.stdout, err=result.stderr)

    return run


def environment(server: str) -> Mapping[str, str]:
    """What the command line goes by."""
    return {
        "TIDEGATE_SERVER": server,
        "TIDEGATE_SUBSCRIPTION": SUBSCRIPTION,
        "COLUMNS": "160",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
