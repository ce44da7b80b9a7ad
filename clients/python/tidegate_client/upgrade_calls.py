"""What the methods of RollingUpgradeService are asked, and what their answers are read as."""

from __future__ import annotations

import uuid

from tidegate.v1 import rolling_upgrade_service_pb2 as upgrades
from tidegate_client.calls import Call, Page, StreamCall, whole
from tidegate_client.messages import Plan, RollingUpgrade, UpgradeKind

_SERVICE = "/tidegate.v1.RollingUpgradeService/"


def start_extension_rolling_upgrade(
    scale_set: str, *, force: bool, request_id: str | None, validate_only: bool
) -> Call[upgrades.StartExtensionRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "StartExtensionRollingUpgrade",
        request=upgrades.StartExtensionRollingUpgradeRequest(
            scale_set=scale_set,
            force=force,
            request_id=_request_id(request_id),
            validate_only=validate_only,
        ),
        response=upgrades.StartExtensionRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
    )


def start_os_rolling_upgrade(
    scale_set: str, *, image_version: str, force: bool, request_id: str | None, validate_only: bool
) -> Call[upgrades.StartOsRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "StartOsRollingUpgrade",
        request=upgrades.StartOsRollingUpgradeRequest(
            scale_set=scale_set,
            image_version=image_version,
            force=force,
            request_id=_request_id(request_id),
            validate_only=validate_only,
        ),
        response=upgrades.StartOsRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
    )


def _request_id(given: str | None) -> str:
    """A start without an id gets one of its own, so that sending it again cannot start a second upgrade."""
    return str(uuid.uuid4()) if given is None else given


def get_latest_rolling_upgrade(scale_set: str) -> Call[upgrades.GetLatestRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "GetLatestRollingUpgrade",
        request=upgrades.GetLatestRollingUpgradeRequest(scale_set=scale_set),
        response=upgrades.GetLatestRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
    )


def get_rolling_upgrade(
    name: str, *, include_instances: bool
) -> Call[upgrades.GetRollingUpgradeResponse, upgrades.GetRollingUpgradeResponse]:
    return Call(
        path=_SERVICE + "GetRollingUpgrade",
        request=upgrades.GetRollingUpgradeRequest(name=name, include_instances=include_instances),
        response=upgrades.GetRollingUpgradeResponse,
        read=whole,
    )


def list_rolling_upgrades(
    *, scale_set: str, filter_terms: str, order_by: str, page_size: int, page_token: str
) -> Call[upgrades.ListRollingUpgradesResponse, Page[RollingUpgrade]]:
    return Call(
        path=_SERVICE + "ListRollingUpgrades",
        request=upgrades.ListRollingUpgradesRequest(
            scale_set=scale_set, filter=filter_terms, order_by=order_by, page_size=page_size, page_token=page_token
        ),
        response=upgrades.ListRollingUpgradesResponse,
        read=lambda response: Page(items=response.rolling_upgrades, next_token=response.next_page_token),
    )


def cancel_rolling_upgrade(name: str) -> Call[upgrades.CancelRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "CancelRollingUpgrade",
        request=upgrades.CancelRollingUpgradeRequest(name=name),
        response=upgrades.CancelRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
        # The first may have ended the upgrade: the second would then be refused although all went well.
        is_repeatable=False,
    )


def pause_rolling_upgrade(name: str) -> Call[upgrades.PauseRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "PauseRollingUpgrade",
        request=upgrades.PauseRollingUpgradeRequest(name=name),
        response=upgrades.PauseRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
    )


def resume_rolling_upgrade(name: str) -> Call[upgrades.ResumeRollingUpgradeResponse, RollingUpgrade]:
    return Call(
        path=_SERVICE + "ResumeRollingUpgrade",
        request=upgrades.ResumeRollingUpgradeRequest(name=name),
        response=upgrades.ResumeRollingUpgradeResponse,
        read=lambda response: response.rolling_upgrade,
        # After the first nothing is paused any more: the second would be refused although all went well.
        is_repeatable=False,
    )


def plan_rolling_upgrade(
    scale_set: str, *, kind: UpgradeKind.ValueType, image_version: str
) -> Call[upgrades.PlanRollingUpgradeResponse, Plan]:
    return Call(
        path=_SERVICE + "PlanRollingUpgrade",
        request=upgrades.PlanRollingUpgradeRequest(scale_set=scale_set, kind=kind, image_version=image_version),
        response=upgrades.PlanRollingUpgradeResponse,
        read=lambda response: response.plan,
    )


def explain_instance(
    scale_set: str, instance_id: str, *, rolling_upgrade: str
) -> Call[upgrades.ExplainInstanceResponse, upgrades.ExplainInstanceResponse]:
    return Call(
        path=_SERVICE + "ExplainInstance",
        request=upgrades.ExplainInstanceRequest(
            scale_set=scale_set, instance_id=instance_id, rolling_upgrade=rolling_upgrade
        ),
        response=upgrades.ExplainInstanceResponse,
        read=whole,
    )


def watch_rolling_upgrade(name: str) -> StreamCall[upgrades.WatchRollingUpgradeResponse]:
    return StreamCall(
        path=_SERVICE + "WatchRollingUpgrade",
        request=lambda token: upgrades.WatchRollingUpgradeRequest(name=name, resume_token=token),
        response=upgrades.WatchRollingUpgradeResponse,
        ends_with_upgrade=True,
    )


def watch_scale_set_upgrades(scale_set: str) -> StreamCall[upgrades.WatchScaleSetUpgradesResponse]:
    return StreamCall(
        path=_SERVICE + "WatchScaleSetUpgrades",
        request=lambda token: upgrades.WatchScaleSetUpgradesRequest(scale_set=scale_set, resume_token=token),
        response=upgrades.WatchScaleSetUpgradesResponse,
        ends_with_upgrade=False,
    )
