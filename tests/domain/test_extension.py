"""Extensions: a handler's identity does not depend on case, and what an instance runs is well until it failed."""

import pytest

from tidegate.domain.extension import ExtensionState, ExtensionType, ProvisioningState
from tidegate.domain.version import Version


def test_a_handler_is_the_same_in_any_case_and_shows_as_it_was_written() -> None:
    written = ExtensionType(publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent")
    other_case = ExtensionType(publisher="microsoft.azure.monitor", type="AZUREMONITORLINUXAGENT")
    assert written == other_case
    assert len({written, other_case}) == 1
    assert written.key == "microsoft.azure.monitor/azuremonitorlinuxagent"
    assert str(written) == "Microsoft.Azure.Monitor/AzureMonitorLinuxAgent"


@pytest.mark.parametrize(("publisher", "handler"), [("Contoso", "Agent"), ("Microsoft.Azure.Monitor", "Agent")])
def test_publisher_and_type_both_count(publisher: str, handler: str) -> None:
    other = ExtensionType(publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent")
    assert ExtensionType(publisher=publisher, type=handler) != other


def test_an_extension_that_says_nothing_of_its_state_has_succeeded() -> None:
    state = ExtensionState(name="a", version=Version("1.0"))
    assert state.provisioning_state is ProvisioningState.SUCCEEDED
    assert (state.code, state.message) == ("", "")


def test_provisioning_states_are_spelled_as_azure_spells_them() -> None:
    assert [str(state) for state in ProvisioningState] == ["Succeeded", "Failed", "Updating"]
