"""The farm of the demo: a server and a host as processes, and nothing of them left."""

import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from tidegate.cli.demo_hosts.farm import Farm, wait_until_updating
from tidegate.cli.demo_hosts.handler_package import PUBLISHER, TYPE, build_package
from tidegate.cli.demo_hosts.story import SCALE_SET, policies_folder
from tidegate_client import Client

LONGEST_SECONDS = 60.0


def until(condition: Callable[[], bool]) -> None:
    """Look again and again until it holds: what it waits for are other processes."""
    latest = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.05)


def test_a_host_of_the_farm_answers_with_its_version_and_ends_with_the_farm(tmp_path: Path) -> None:
    with (
        Farm(tmp_path, policies=policies_folder(), host_count=1) as farm,
        Client(farm.address, timeout_seconds=30.0) as client,
    ):
        web = files("tidegate.cli.demo_hosts").joinpath("web.json").read_text(encoding="utf-8")
        client.put_scale_set(SCALE_SET, web)
        client.publish_extension_package(build_package("1.0.0", tmp_path), PUBLISHER, TYPE, "1.0.0")
        farm.add_hosts(client, SCALE_SET)
        (host,) = farm.hosts.values()
        assert (host.name, host.zone) == ("web-1", "1")
        assert wait_until_updating(host, "1.0.0")
        until(lambda: host.answer() == "200 web 1.0.0")
    assert host.answer().startswith("no answer: ")
