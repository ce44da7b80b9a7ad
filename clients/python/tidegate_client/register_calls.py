"""What the methods of SubscriptionService and ExtensionCatalogService are asked, and what their answers are read as."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from tidegate.v1 import extension_catalog_service_pb2 as catalog
from tidegate.v1 import subscription_service_pb2 as subscriptions
from tidegate_client.calls import Call, Page, whole
from tidegate_client.messages import ExtensionType, ExtensionVersion, Subscription
from tidegate_client.uploading import Upload

_SUBSCRIPTIONS = "/tidegate.v1.SubscriptionService/"
_CATALOG = "/tidegate.v1.ExtensionCatalogService/"


def enroll_subscription(name: str) -> Call[subscriptions.EnrollSubscriptionResponse, Subscription]:
    return Call(
        path=_SUBSCRIPTIONS + "EnrollSubscription",
        request=subscriptions.EnrollSubscriptionRequest(name=name),
        response=subscriptions.EnrollSubscriptionResponse,
        read=lambda response: response.subscription,
    )


def withdraw_subscription(name: str) -> Call[subscriptions.WithdrawSubscriptionResponse, Subscription]:
    return Call(
        path=_SUBSCRIPTIONS + "WithdrawSubscription",
        request=subscriptions.WithdrawSubscriptionRequest(name=name),
        response=subscriptions.WithdrawSubscriptionResponse,
        read=lambda response: response.subscription,
    )


def get_subscription(name: str) -> Call[subscriptions.GetSubscriptionResponse, Subscription]:
    return Call(
        path=_SUBSCRIPTIONS + "GetSubscription",
        request=subscriptions.GetSubscriptionRequest(name=name),
        response=subscriptions.GetSubscriptionResponse,
        read=lambda response: response.subscription,
    )


def list_subscriptions(
    *, page_size: int, page_token: str
) -> Call[subscriptions.ListSubscriptionsResponse, Page[Subscription]]:
    return Call(
        path=_SUBSCRIPTIONS + "ListSubscriptions",
        request=subscriptions.ListSubscriptionsRequest(page_size=page_size, page_token=page_token),
        response=subscriptions.ListSubscriptionsResponse,
        read=lambda response: Page(items=response.subscriptions, next_token=response.next_page_token),
    )


def publish_extension_version(
    publisher: str, type_name: str, version: str
) -> Call[catalog.PublishExtensionVersionResponse, catalog.PublishExtensionVersionResponse]:
    return Call(
        path=_CATALOG + "PublishExtensionVersion",
        request=catalog.PublishExtensionVersionRequest(
            extension_type=ExtensionType(publisher=publisher, type=type_name), version=version
        ),
        response=catalog.PublishExtensionVersionResponse,
        read=whole,
    )


def publish_extension_package(
    path: str | PathLike[str], publisher: str, type_name: str, version: str
) -> Upload[catalog.PublishExtensionPackageResponse]:
    extension_type = ExtensionType(publisher=publisher, type=type_name)
    return Upload(
        path=_CATALOG + "PublishExtensionPackage",
        file=Path(path),
        header=lambda size_bytes, sha256: catalog.PublishExtensionPackageRequest(
            header=catalog.PackageHeader(
                extension_type=extension_type, version=version, size_bytes=size_bytes, sha256=sha256
            )
        ),
        piece=lambda data: catalog.PublishExtensionPackageRequest(data=data),
        response=catalog.PublishExtensionPackageResponse,
    )


def withdraw_extension_version(
    publisher: str, type_name: str, version: str
) -> Call[catalog.WithdrawExtensionVersionResponse, None]:
    return Call(
        path=_CATALOG + "WithdrawExtensionVersion",
        request=catalog.WithdrawExtensionVersionRequest(
            extension_type=ExtensionType(publisher=publisher, type=type_name), version=version
        ),
        response=catalog.WithdrawExtensionVersionResponse,
        read=lambda _: None,
        # After the first there is no such version: the second would not find it.
        is_repeatable=False,
    )


def list_extension_types(
    *, page_size: int, page_token: str
) -> Call[catalog.ListExtensionTypesResponse, Page[ExtensionType]]:
    return Call(
        path=_CATALOG + "ListExtensionTypes",
        request=catalog.ListExtensionTypesRequest(page_size=page_size, page_token=page_token),
        response=catalog.ListExtensionTypesResponse,
        read=lambda response: Page(items=response.extension_types, next_token=response.next_page_token),
    )


def list_extension_versions(
    publisher: str, type_name: str
) -> Call[catalog.ListExtensionVersionsResponse, Sequence[ExtensionVersion]]:
    return Call(
        path=_CATALOG + "ListExtensionVersions",
        request=catalog.ListExtensionVersionsRequest(extension_type=ExtensionType(publisher=publisher, type=type_name)),
        response=catalog.ListExtensionVersionsResponse,
        read=lambda response: response.extension_versions,
    )
