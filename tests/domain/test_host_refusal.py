"""What is told of hosts and packages that are refused."""

from tidegate.domain import host_refusal as refusals
from tidegate.domain.refusal import FieldViolation


def test_every_refusal_says_how_to_mend_it() -> None:
    for refusal in (
        refusals.NotAuthenticated("No credential was shown.", "Join first: tidegate-agent join."),
        refusals.NotPermitted("The host web/1", "/tidegate.v1.PolicyService/ListPolicies"),
        refusals.JoinTokenInvalid("was used before"),
        refusals.HostNotFound("/web/virtualMachines/a"),
        refusals.InstanceIdTaken("/web/virtualMachines/a"),
        refusals.HostsNotTaken(),
        refusals.PackageConflict("Contoso/Agent", "1.1", "0" * 64),
        refusals.PackageNotFound("0" * 64),
        refusals.PackagesUnavailable("No space left on device"),
        refusals.AuthorityNotUsable("The authority ca expired on 2026-01-01"),
        refusals.StreamReplaced("/web/virtualMachines/a"),
    ):
        assert refusal.message.endswith(".")
        assert refusal.advice.endswith((".", "ZIP."))


def test_a_package_that_cannot_be_used_is_told_place_by_place() -> None:
    refusal = refusals.PackageInvalid([FieldViolation(field="HandlerManifest.json", description="is missing")])
    assert str(refusal) == "HandlerManifest.json: is missing"
    assert refusal.reason == "PACKAGE_INVALID"
