"""What the story of the demo is told with; its outcome is tried in `test_demo_hosts_verb`."""

import json
from importlib.resources import files

from tidegate.cli.demo_hosts.handler_package import PUBLISHER, TYPE
from tidegate.cli.demo_hosts.story import SCALE_SET, policies_folder
from tidegate.cli.policy_folder import read_policies
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.probe import ProbeProtocol
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.policy_keeper import PolicyKeeper


def test_its_policy_is_sound() -> None:
    keeper = PolicyKeeper(read_policies(policies_folder(), "policies"))
    assert [policy.name for policy in keeper.policies()] == ["a-quarter-at-a-time"]


def test_its_scale_set_has_the_demos_handler_and_a_probe_that_asks_every_second() -> None:
    resource = json.loads(files("tidegate.cli.demo_hosts").joinpath("web.json").read_text(encoding="utf-8"))
    scale_set = read_scale_set(ScaleSetId.parse(SCALE_SET), resource, etag="1")
    (extension,) = scale_set.extensions
    assert str(extension.extension_type) == f"{PUBLISHER}/{TYPE}"
    assert extension.auto_upgrade_minor_version
    probe = scale_set.health_probe
    assert probe is not None
    assert (probe.protocol, probe.request_path, probe.interval_seconds) == (ProbeProtocol.HTTP, "/health", 1.0)
