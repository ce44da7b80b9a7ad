"""The synchronous client: one method for each method of the contract.

What a method returns is the message its answer holds; where an answer holds more than one thing, the whole answer.
Lists are iterators that ask for the next page when it is needed. `timeout_seconds` bounds one call with all its
attempts (by default as the client was made); for lists it bounds each page. Every method raises TidegateError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike

from tidegate_client import policy_calls, register_calls, scale_set_calls, upgrade_calls
from tidegate_client.connection import OnBreak, Watch
from tidegate_client.host_methods import HostMethods
from tidegate_client.messages import (
    CheckPoliciesResponse,
    EligibilityScope,
    EvaluateEligibilityResponse,
    ExplainInstanceResponse,
    ExtensionType,
    ExtensionVersion,
    GetRollingUpgradeResponse,
    Instance,
    ListPoliciesResponse,
    Plan,
    Policy,
    PublishExtensionPackageResponse,
    PublishExtensionVersionResponse,
    PutScaleSetResponse,
    RollingUpgrade,
    ScaleSet,
    Subscription,
    UpgradeKind,
)
from tidegate_client.scale_set_calls import Resource
from tidegate_client.uploading import OnProgress
from tidegate_client.wording import FactLike


class Client(HostMethods):
    """A client of one Tidegate server; may be used by many threads at once.

    >>> with Client("127.0.0.1:50551") as tidegate:
    ...     upgrade = tidegate.start_extension_rolling_upgrade(scale_set)
    ...     for item in tidegate.watch_rolling_upgrade(upgrade.name):
    ...         ...
    """

    # --- rolling upgrades ----------------------------------------------------------------------------------------

    def start_extension_rolling_upgrade(
        self,
        scale_set: str,
        *,
        force: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> RollingUpgrade:
        """Moves every eligible extension of every instance to its newest eligible version.

        `force` skips halt rules, never eligibility. `request_id` makes repeating this call safe over restarts of the
        caller; without one a random id is used, which makes it safe over lost connections. `validate_only` starts
        nothing: the answer has no name.

        Raises:
            NotEligible: rules deny it; `denials` names them all.
            UpgradeInProgress: the scale set has an active upgrade; `resource` is its name.
            NotFound: no such scale set was put.
        """
        call = upgrade_calls.start_extension_rolling_upgrade(
            scale_set, force=force, request_id=request_id, validate_only=validate_only
        )
        return self._send(call, timeout_seconds)

    def start_os_rolling_upgrade(
        self,
        scale_set: str,
        *,
        image_version: str = "",
        force: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> RollingUpgrade:
        """Moves every instance to an operating system image, such as 22.04.202410010; extensions are not looked at.

        Without `image_version` the exact version in the scale set's own image reference is taken. The rest, errors
        included, as for `start_extension_rolling_upgrade`.
        """
        call = upgrade_calls.start_os_rolling_upgrade(
            scale_set, image_version=image_version, force=force, request_id=request_id, validate_only=validate_only
        )
        return self._send(call, timeout_seconds)

    def get_latest_rolling_upgrade(self, scale_set: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """The most recent upgrade of a scale set, of either kind.

        Raises:
            NotFound: there is no such scale set, or none of its upgrades was ever started (NO_UPGRADE_EVER).
        """
        return self._send(upgrade_calls.get_latest_rolling_upgrade(scale_set), timeout_seconds)

    def get_rolling_upgrade(
        self, name: str, *, include_instances: bool = False, timeout_seconds: float | None = None
    ) -> GetRollingUpgradeResponse:
        """One upgrade by its name, with every instance's part in it where that is asked for."""
        return self._send(upgrade_calls.get_rolling_upgrade(name, include_instances=include_instances), timeout_seconds)

    def list_rolling_upgrades(
        self,
        *,
        scale_set: str = "",
        filter_terms: str = "",
        order_by: str = "",
        page_size: int = 0,
        timeout_seconds: float | None = None,
    ) -> Iterator[RollingUpgrade]:
        """Upgrades, the newest first unless `order_by` is `start_time`.

        `filter_terms` are joined by ` AND `: `kind = EXTENSION`, `trigger = AUTOMATIC`, `status = Faulted`.
        """
        return self._pages(
            lambda token: upgrade_calls.list_rolling_upgrades(
                scale_set=scale_set, filter_terms=filter_terms, order_by=order_by, page_size=page_size, page_token=token
            ),
            timeout_seconds,
        )

    def cancel_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """Begins nothing new; what was begun finishes, then it is Cancelled. `name` may be the scale set's id."""
        return self._send(upgrade_calls.cancel_rolling_upgrade(name), timeout_seconds)

    def pause_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """Begins nothing new until it is resumed. `name` may be the scale set's id."""
        return self._send(upgrade_calls.pause_rolling_upgrade(name), timeout_seconds)

    def resume_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """Goes on with a paused upgrade. `name` may be the scale set's id."""
        return self._send(upgrade_calls.resume_rolling_upgrade(name), timeout_seconds)

    def plan_rolling_upgrade(
        self,
        scale_set: str,
        *,
        kind: UpgradeKind.ValueType = UpgradeKind.UPGRADE_KIND_EXTENSION,
        image_version: str = "",
        timeout_seconds: float | None = None,
    ) -> Plan:
        """What a start would do now: every batch in order, and what is left alone and why. Starts nothing."""
        call = upgrade_calls.plan_rolling_upgrade(scale_set, kind=kind, image_version=image_version)
        return self._send(call, timeout_seconds)

    def explain_instance(
        self, scale_set: str, instance_id: str, *, rolling_upgrade: str = "", timeout_seconds: float | None = None
    ) -> ExplainInstanceResponse:
        """Why an instance stands where it stands, in the upgrade named, or else in the latest."""
        call = upgrade_calls.explain_instance(scale_set, instance_id, rolling_upgrade=rolling_upgrade)
        return self._send(call, timeout_seconds)

    def watch_rolling_upgrade(self, name: str, *, resume_token: str = "", on_break: OnBreak | None = None) -> Watch:
        """Follows one upgrade to its end: a snapshot, then every event once and in order.

        `name` may be the scale set's id for its latest upgrade. With a `resume_token` of an earlier watch of the same
        name there is no snapshot: events go on right after it. Breaks of the connection are survived; `on_break` is
        told of each.
        """
        return self._watch(upgrade_calls.watch_rolling_upgrade(name), resume_token, on_break)

    def watch_scale_set_upgrades(
        self, scale_set: str, *, resume_token: str = "", on_break: OnBreak | None = None
    ) -> Watch:
        """Follows all upgrades of a scale set, one after the other, until the watch is closed."""
        return self._watch(upgrade_calls.watch_scale_set_upgrades(scale_set), resume_token, on_break)

    # --- scale sets ----------------------------------------------------------------------------------------------

    def put_scale_set(
        self,
        name: str,
        resource: Resource,
        *,
        location: str = "",
        etag: str = "",
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> PutScaleSetResponse:
        """Creates or replaces a scale set from its ARM resource, as templates have it or as `az vmss show` prints it.

        `location` stands in for the resource's own. With an `etag` it is only replaced if it is still that; `*` means
        only if there is none yet.

        Raises:
            InvalidRequest: the resource cannot be read; `violations` names every JSON path.
            Conflict: the etag is another by now.
        """
        call = scale_set_calls.put_scale_set(name, resource, location=location, etag=etag, validate_only=validate_only)
        return self._send(call, timeout_seconds)

    def put_scale_set_extension(
        self, name: str, resource: Resource, *, etag: str = "", timeout_seconds: float | None = None
    ) -> ScaleSet:
        """Adds or replaces one extension; `name` is `{scale set id}/extensions/{extension name}`."""
        return self._send(scale_set_calls.put_scale_set_extension(name, resource, etag=etag), timeout_seconds)

    def get_scale_set(self, name: str, *, timeout_seconds: float | None = None) -> ScaleSet:
        """One scale set by its ARM id."""
        return self._send(scale_set_calls.get_scale_set(name), timeout_seconds)

    def list_scale_sets(
        self, *, subscription: str = "", page_size: int = 0, timeout_seconds: float | None = None
    ) -> Iterator[ScaleSet]:
        """Scale sets in the order of their ids, of one subscription or of all; without their `resource_json`."""
        return self._pages(
            lambda token: scale_set_calls.list_scale_sets(
                subscription=subscription, page_size=page_size, page_token=token
            ),
            timeout_seconds,
        )

    def delete_scale_set(self, name: str, *, etag: str = "", timeout_seconds: float | None = None) -> None:
        """Forgets a scale set; refused while an upgrade of it is active. Its past upgrades stay."""
        self._send(scale_set_calls.delete_scale_set(name, etag=etag), timeout_seconds)

    def list_instances(
        self, scale_set: str, *, page_size: int = 0, timeout_seconds: float | None = None
    ) -> Iterator[Instance]:
        """The instances of a scale set with their extensions and health, in the fleet's order."""
        return self._pages(
            lambda token: scale_set_calls.list_instances(scale_set, page_size=page_size, page_token=token),
            timeout_seconds,
        )

    # --- subscriptions and extension versions --------------------------------------------------------------------

    def enroll_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """Lets every scale set of the subscription take part, present and future. Twice changes nothing."""
        return self._send(register_calls.enroll_subscription(name), timeout_seconds)

    def withdraw_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """Takes part no longer; upgrades under way go on."""
        return self._send(register_calls.withdraw_subscription(name), timeout_seconds)

    def get_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """One subscription."""
        return self._send(register_calls.get_subscription(name), timeout_seconds)

    def list_subscriptions(self, *, page_size: int = 0, timeout_seconds: float | None = None) -> Iterator[Subscription]:
        """All subscriptions that ever took part."""
        return self._pages(
            lambda token: register_calls.list_subscriptions(page_size=page_size, page_token=token), timeout_seconds
        )

    def publish_extension_version(
        self, publisher: str, type_name: str, version: str, *, timeout_seconds: float | None = None
    ) -> PublishExtensionVersionResponse:
        """Makes a version available; upgrades follow for every scale set that takes part, is eligible and has it."""
        return self._send(register_calls.publish_extension_version(publisher, type_name, version), timeout_seconds)

    def publish_extension_package(
        self,
        path: str | PathLike[str],
        publisher: str,
        type_name: str,
        version: str,
        *,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> PublishExtensionPackageResponse:
        """Makes a version available with the handler package in the file at `path`, which hosts then fetch.

        `on_progress` is told how many bytes have been handed over, and of how many; in a thread of grpc's. By default a
        second is added to the usual time for each MiB. Never sent twice, unless the server said that it took nothing.

        Raises:
            InvalidRequest: it is no handler package that can be used; `violations` names every place in it.
            Conflict: the version has another package already.
            OSError: the file cannot be read.
        """
        upload = register_calls.publish_extension_package(path, publisher, type_name, version)
        return self._upload(upload, on_progress, timeout_seconds)

    def withdraw_extension_version(
        self, publisher: str, type_name: str, version: str, *, timeout_seconds: float | None = None
    ) -> None:
        """Takes a version back: no upgrade that starts later goes to it."""
        self._send(register_calls.withdraw_extension_version(publisher, type_name, version), timeout_seconds)

    def list_extension_types(
        self, *, page_size: int = 0, timeout_seconds: float | None = None
    ) -> Iterator[ExtensionType]:
        """Types with at least one published version."""
        return self._pages(
            lambda token: register_calls.list_extension_types(page_size=page_size, page_token=token), timeout_seconds
        )

    def list_extension_versions(
        self, publisher: str, type_name: str, *, timeout_seconds: float | None = None
    ) -> Sequence[ExtensionVersion]:
        """The versions of one type, the oldest number first."""
        return self._send(register_calls.list_extension_versions(publisher, type_name), timeout_seconds)

    # --- policies ------------------------------------------------------------------------------------------------

    def list_policies(self, *, timeout_seconds: float | None = None) -> ListPoliciesResponse:
        """The policies in force, and the problems of newer files that were not taken."""
        return self._send(policy_calls.list_policies(), timeout_seconds)

    def get_policy(self, name: str, *, timeout_seconds: float | None = None) -> Policy:
        """One policy with its text."""
        return self._send(policy_calls.get_policy(name), timeout_seconds)

    def check_policies(
        self, files: Mapping[str, str], *, timeout_seconds: float | None = None
    ) -> CheckPoliciesResponse:
        """Reads YAML texts, by what problems shall call them, together as a set; names every problem."""
        return self._send(policy_calls.check_policies(files), timeout_seconds)

    def evaluate_eligibility(
        self,
        facts: Mapping[str, FactLike],
        *,
        policy: str = "",
        scope: EligibilityScope.ValueType = EligibilityScope.ELIGIBILITY_SCOPE_SCALE_SET,
        timeout_seconds: float | None = None,
    ) -> EvaluateEligibilityResponse:
        """Decides by the given facts (others are neutral), with a trace; without `policy`, by the one they choose."""
        return self._send(policy_calls.evaluate_eligibility(facts, policy=policy, scope=scope), timeout_seconds)
