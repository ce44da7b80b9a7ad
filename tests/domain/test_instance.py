"""An instance knows whether one of its extensions failed."""

import pytest

from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.version import Version

SUCCEEDED, FAILED, UPDATING = ProvisioningState.SUCCEEDED, ProvisioningState.FAILED, ProvisioningState.UPDATING


@pytest.mark.parametrize(
    ("states", "has_failed"),
    [([], False), ([SUCCEEDED, UPDATING], False), ([SUCCEEDED, FAILED], True), ([FAILED, FAILED], True)],
)
def test_one_failed_extension_is_enough(states: list[ProvisioningState], has_failed: bool) -> None:
    extensions = {
        str(number): ExtensionState(name=str(number), version=Version("1.0"), provisioning_state=state)
        for number, state in enumerate(states)
    }
    instance = Instance(
        instance_id="0", zone="", fault_domain=0, extensions=extensions, probe=ProbeState.NONE, image_version=""
    )
    assert instance.has_failed_extension is has_failed
    assert instance.is_reachable
    assert not instance.is_protected
