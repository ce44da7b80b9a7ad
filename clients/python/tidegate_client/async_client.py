"""The asyncio client: the same methods as the synchronous one, to be awaited; what they mean is written there.

Lists and watches are asynchronous iterators, and are not awaited themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from os import PathLike

from tidegate_client import policy_calls, register_calls, scale_set_calls, upgrade_calls
from tidegate_client.async_connection import AsyncWatch
from tidegate_client.async_host_methods import AsyncHostMethods
from tidegate_client.connection import OnBreak
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


class AsyncClient(AsyncHostMethods):
    """A client of one Tidegate server for one event loop; `async with` or `close` lets go of the connection.

    >>> async with AsyncClient("127.0.0.1:50551") as tidegate:
    ...     upgrade = await tidegate.start_extension_rolling_upgrade(scale_set)
    ...     async for item in tidegate.watch_rolling_upgrade(upgrade.name):
    ...         ...
    """

    # --- rolling upgrades ----------------------------------------------------------------------------------------

    async def start_extension_rolling_upgrade(
        self,
        scale_set: str,
        *,
        force: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> RollingUpgrade:
        """As `Client.start_extension_rolling_upgrade`."""
        call = upgrade_calls.start_extension_rolling_upgrade(
            scale_set, force=force, request_id=request_id, validate_only=validate_only
        )
        return await self._send(call, timeout_seconds)

    async def start_os_rolling_upgrade(
        self,
        scale_set: str,
        *,
        image_version: str = "",
        force: bool = False,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> RollingUpgrade:
        """As `Client.start_os_rolling_upgrade`."""
        call = upgrade_calls.start_os_rolling_upgrade(
            scale_set, image_version=image_version, force=force, request_id=request_id, validate_only=validate_only
        )
        return await self._send(call, timeout_seconds)

    async def get_latest_rolling_upgrade(
        self, scale_set: str, *, timeout_seconds: float | None = None
    ) -> RollingUpgrade:
        """As `Client.get_latest_rolling_upgrade`."""
        return await self._send(upgrade_calls.get_latest_rolling_upgrade(scale_set), timeout_seconds)

    async def get_rolling_upgrade(
        self, name: str, *, include_instances: bool = False, timeout_seconds: float | None = None
    ) -> GetRollingUpgradeResponse:
        """As `Client.get_rolling_upgrade`."""
        return await self._send(
            upgrade_calls.get_rolling_upgrade(name, include_instances=include_instances), timeout_seconds
        )

    def list_rolling_upgrades(
        self,
        *,
        scale_set: str = "",
        filter_terms: str = "",
        order_by: str = "",
        page_size: int = 0,
        timeout_seconds: float | None = None,
    ) -> AsyncIterator[RollingUpgrade]:
        """As `Client.list_rolling_upgrades`."""
        return self._pages(
            lambda token: upgrade_calls.list_rolling_upgrades(
                scale_set=scale_set, filter_terms=filter_terms, order_by=order_by, page_size=page_size, page_token=token
            ),
            timeout_seconds,
        )

    async def cancel_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """As `Client.cancel_rolling_upgrade`."""
        return await self._send(upgrade_calls.cancel_rolling_upgrade(name), timeout_seconds)

    async def pause_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """As `Client.pause_rolling_upgrade`."""
        return await self._send(upgrade_calls.pause_rolling_upgrade(name), timeout_seconds)

    async def resume_rolling_upgrade(self, name: str, *, timeout_seconds: float | None = None) -> RollingUpgrade:
        """As `Client.resume_rolling_upgrade`."""
        return await self._send(upgrade_calls.resume_rolling_upgrade(name), timeout_seconds)

    async def plan_rolling_upgrade(
        self,
        scale_set: str,
        *,
        kind: UpgradeKind.ValueType = UpgradeKind.UPGRADE_KIND_EXTENSION,
        image_version: str = "",
        timeout_seconds: float | None = None,
    ) -> Plan:
        """As `Client.plan_rolling_upgrade`."""
        call = upgrade_calls.plan_rolling_upgrade(scale_set, kind=kind, image_version=image_version)
        return await self._send(call, timeout_seconds)

    async def explain_instance(
        self, scale_set: str, instance_id: str, *, rolling_upgrade: str = "", timeout_seconds: float | None = None
    ) -> ExplainInstanceResponse:
        """As `Client.explain_instance`."""
        call = upgrade_calls.explain_instance(scale_set, instance_id, rolling_upgrade=rolling_upgrade)
        return await self._send(call, timeout_seconds)

    def watch_rolling_upgrade(
        self, name: str, *, resume_token: str = "", on_break: OnBreak | None = None
    ) -> AsyncWatch:
        """As `Client.watch_rolling_upgrade`."""
        return self._watch(upgrade_calls.watch_rolling_upgrade(name), resume_token, on_break)

    def watch_scale_set_upgrades(
        self, scale_set: str, *, resume_token: str = "", on_break: OnBreak | None = None
    ) -> AsyncWatch:
        """As `Client.watch_scale_set_upgrades`."""
        return self._watch(upgrade_calls.watch_scale_set_upgrades(scale_set), resume_token, on_break)

    # --- scale sets ----------------------------------------------------------------------------------------------

    async def put_scale_set(
        self,
        name: str,
        resource: Resource,
        *,
        location: str = "",
        etag: str = "",
        validate_only: bool = False,
        timeout_seconds: float | None = None,
    ) -> PutScaleSetResponse:
        """As `Client.put_scale_set`."""
        call = scale_set_calls.put_scale_set(name, resource, location=location, etag=etag, validate_only=validate_only)
        return await self._send(call, timeout_seconds)

    async def put_scale_set_extension(
        self, name: str, resource: Resource, *, etag: str = "", timeout_seconds: float | None = None
    ) -> ScaleSet:
        """As `Client.put_scale_set_extension`."""
        return await self._send(scale_set_calls.put_scale_set_extension(name, resource, etag=etag), timeout_seconds)

    async def get_scale_set(self, name: str, *, timeout_seconds: float | None = None) -> ScaleSet:
        """As `Client.get_scale_set`."""
        return await self._send(scale_set_calls.get_scale_set(name), timeout_seconds)

    def list_scale_sets(
        self, *, subscription: str = "", page_size: int = 0, timeout_seconds: float | None = None
    ) -> AsyncIterator[ScaleSet]:
        """As `Client.list_scale_sets`."""
        return self._pages(
            lambda token: scale_set_calls.list_scale_sets(
                subscription=subscription, page_size=page_size, page_token=token
            ),
            timeout_seconds,
        )

    async def delete_scale_set(self, name: str, *, etag: str = "", timeout_seconds: float | None = None) -> None:
        """As `Client.delete_scale_set`."""
        await self._send(scale_set_calls.delete_scale_set(name, etag=etag), timeout_seconds)

    def list_instances(
        self, scale_set: str, *, page_size: int = 0, timeout_seconds: float | None = None
    ) -> AsyncIterator[Instance]:
        """As `Client.list_instances`."""
        return self._pages(
            lambda token: scale_set_calls.list_instances(scale_set, page_size=page_size, page_token=token),
            timeout_seconds,
        )

    # --- subscriptions and extension versions --------------------------------------------------------------------

    async def enroll_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """As `Client.enroll_subscription`."""
        return await self._send(register_calls.enroll_subscription(name), timeout_seconds)

    async def withdraw_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """As `Client.withdraw_subscription`."""
        return await self._send(register_calls.withdraw_subscription(name), timeout_seconds)

    async def get_subscription(self, name: str, *, timeout_seconds: float | None = None) -> Subscription:
        """As `Client.get_subscription`."""
        return await self._send(register_calls.get_subscription(name), timeout_seconds)

    def list_subscriptions(
        self, *, page_size: int = 0, timeout_seconds: float | None = None
    ) -> AsyncIterator[Subscription]:
        """As `Client.list_subscriptions`."""
        return self._pages(
            lambda token: register_calls.list_subscriptions(page_size=page_size, page_token=token), timeout_seconds
        )

    async def publish_extension_version(
        self, publisher: str, type_name: str, version: str, *, timeout_seconds: float | None = None
    ) -> PublishExtensionVersionResponse:
        """As `Client.publish_extension_version`."""
        return await self._send(
            register_calls.publish_extension_version(publisher, type_name, version), timeout_seconds
        )

    async def publish_extension_package(
        self,
        path: str | PathLike[str],
        publisher: str,
        type_name: str,
        version: str,
        *,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> PublishExtensionPackageResponse:
        """As `Client.publish_extension_package`."""
        upload = register_calls.publish_extension_package(path, publisher, type_name, version)
        return await self._upload(upload, on_progress, timeout_seconds)

    async def withdraw_extension_version(
        self, publisher: str, type_name: str, version: str, *, timeout_seconds: float | None = None
    ) -> None:
        """As `Client.withdraw_extension_version`."""
        await self._send(register_calls.withdraw_extension_version(publisher, type_name, version), timeout_seconds)

    def list_extension_types(
        self, *, page_size: int = 0, timeout_seconds: float | None = None
    ) -> AsyncIterator[ExtensionType]:
        """As `Client.list_extension_types`."""
        return self._pages(
            lambda token: register_calls.list_extension_types(page_size=page_size, page_token=token), timeout_seconds
        )

    async def list_extension_versions(
        self, publisher: str, type_name: str, *, timeout_seconds: float | None = None
    ) -> Sequence[ExtensionVersion]:
        """As `Client.list_extension_versions`."""
        return await self._send(register_calls.list_extension_versions(publisher, type_name), timeout_seconds)

    # --- policies ------------------------------------------------------------------------------------------------

    async def list_policies(self, *, timeout_seconds: float | None = None) -> ListPoliciesResponse:
        """As `Client.list_policies`."""
        return await self._send(policy_calls.list_policies(), timeout_seconds)

    async def get_policy(self, name: str, *, timeout_seconds: float | None = None) -> Policy:
        """As `Client.get_policy`."""
        return await self._send(policy_calls.get_policy(name), timeout_seconds)

    async def check_policies(
        self, files: Mapping[str, str], *, timeout_seconds: float | None = None
    ) -> CheckPoliciesResponse:
        """As `Client.check_policies`."""
        return await self._send(policy_calls.check_policies(files), timeout_seconds)

    async def evaluate_eligibility(
        self,
        facts: Mapping[str, FactLike],
        *,
        policy: str = "",
        scope: EligibilityScope.ValueType = EligibilityScope.ELIGIBILITY_SCOPE_SCALE_SET,
        timeout_seconds: float | None = None,
    ) -> EvaluateEligibilityResponse:
        """As `Client.evaluate_eligibility`."""
        return await self._send(policy_calls.evaluate_eligibility(facts, policy=policy, scope=scope), timeout_seconds)
