"""Scale sets and instances on the wire: everything that is known of them, and no secret."""

from tests.executor.world import SUBSCRIPTION, extension, resource, scale_set_id
from tidegate.api.present_scale_set import present_instance, present_rolling_policy, present_scale_set
from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.version import Version
from tidegate.v1 import rolling_upgrade_pb2
from tidegate.v1 import scale_set_service_pb2 as pb


def test_a_scale_set_tells_what_was_read_and_what_was_put() -> None:
    put = resource(12, zones=("1", "2"), tags={"team": "shop"}, rolling={"maxBatchInstancePercent": 30})
    scale_set = read_scale_set(scale_set_id("web"), put, etag="e1")
    told = present_scale_set(scale_set, is_enrolled=True)
    assert (told.name, told.location, told.capacity) == (str(scale_set_id("web")), "westeurope", 12)
    assert (list(told.zones), dict(told.tags)) == (["1", "2"], {"team": "shop"})
    assert list(told.extensions) == [
        pb.Extension(
            name="agent",
            publisher="Contoso.Monitor",
            type="Agent",
            type_handler_version="1.0",
            auto_upgrade_minor_version=True,
        )
    ]
    assert told.rolling_upgrade_policy.max_batch_instance_percent == 30
    assert (told.upgrade_mode, told.etag, told.is_enrolled) == ("Rolling", "e1", True)
    assert told.has_health_probe
    assert not told.is_service_fabric
    assert told.resource_json == scale_set.resource_json
    assert SUBSCRIPTION in told.name


def test_a_list_leaves_the_resource_out() -> None:
    scale_set = read_scale_set(scale_set_id("web"), resource(1, extensions=[extension()]), etag="e1")
    assert present_scale_set(scale_set, is_enrolled=False, with_resource=False).resource_json == ""


def test_a_rolling_policy_keeps_every_setting() -> None:
    policy = RollingUpgradePolicy(
        max_batch_instance_percent=1,
        max_unhealthy_instance_percent=2,
        max_unhealthy_upgraded_instance_percent=3,
        pause_between_batches_seconds=1.5,
        enable_cross_zone_upgrade=True,
        prioritize_unhealthy_instances=True,
        rollback_failed_instances_on_policy_breach=True,
        max_surge=True,
    )
    told = present_rolling_policy(policy)
    assert told.pause_time_between_batches.ToMilliseconds() == 1_500
    told.ClearField("pause_time_between_batches")
    assert told == rolling_upgrade_pb2.RollingUpgradePolicy(
        max_batch_instance_percent=1,
        max_unhealthy_instance_percent=2,
        max_unhealthy_upgraded_instance_percent=3,
        enable_cross_zone_upgrade=True,
        prioritize_unhealthy_instances=True,
        rollback_failed_instances_on_policy_breach=True,
        max_surge=True,
    )


def test_an_instance_tells_what_it_runs_and_how_it_is() -> None:
    state = ExtensionState(
        name="agent", version=Version("1.1"), provisioning_state=ProvisioningState.FAILED, code="C", message="M"
    )
    instance = Instance(
        instance_id="7",
        zone="2",
        fault_domain=3,
        extensions={"agent": state},
        probe=ProbeState.UNHEALTHY,
        image_version="22.04.1",
        is_protected=True,
        is_reachable=False,
    )
    assert present_instance(instance) == pb.Instance(
        instance_id="7",
        zone="2",
        fault_domain=3,
        probe=pb.PROBE_STATE_UNHEALTHY,
        extensions=[
            pb.InstanceExtension(
                name="agent", version="1.1", provisioning_state=pb.PROVISIONING_STATE_FAILED, code="C", message="M"
            )
        ],
        image_version="22.04.1",
        is_protected=True,
        is_reachable=False,
    )


def test_every_state_has_its_name_on_the_wire() -> None:
    for probe in ProbeState:
        instance = Instance(instance_id="", zone="", fault_domain=0, extensions={}, probe=probe, image_version="")
        assert pb.ProbeState.Name(present_instance(instance).probe) == f"PROBE_STATE_{probe.name}"
    for provisioning in ProvisioningState:
        state = ExtensionState(name="", version=Version("1"), provisioning_state=provisioning)
        instance = Instance(
            instance_id="", zone="", fault_domain=0, extensions={"": state}, probe=ProbeState.NONE, image_version=""
        )
        told = present_instance(instance).extensions[0].provisioning_state
        assert pb.ProvisioningState.Name(told) == f"PROVISIONING_STATE_{provisioning.name}"
