"""One table from the reason of a refusal to the gRPC status that carries it.

Law: the table is the documentation in `proto/tidegate/v1/refusal.proto`, where each reason's comment begins with its
status; a test reads both and compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import grpc

from tidegate.domain.reason import Reason

STATUS: Mapping[Reason, grpc.StatusCode] = MappingProxyType(
    {
        Reason.MALFORMED_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.MALFORMED_RESOURCE: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.TEMPLATE_EXPRESSION: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.SCALE_SET_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.UPGRADE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.NO_UPGRADE_EVER: grpc.StatusCode.NOT_FOUND,
        Reason.INSTANCE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.SUBSCRIPTION_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.EXTENSION_TYPE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.EXTENSION_VERSION_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.POLICY_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.POLICY_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.NO_POLICY_APPLIES: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.NOT_ELIGIBLE: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.UPGRADE_IN_PROGRESS: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.NO_UPGRADE_IN_PROGRESS: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.UPGRADE_NOT_PAUSED: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ETAG_MISMATCH: grpc.StatusCode.ABORTED,
        Reason.REQUEST_ID_REUSED: grpc.StatusCode.ALREADY_EXISTS,
        Reason.PAGE_TOKEN_MISMATCH: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.RESUME_TOKEN_MISMATCH: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.WATCH_TOO_SLOW: grpc.StatusCode.ABORTED,
        Reason.TOO_MANY_UPGRADES: grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.JOURNAL_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
        Reason.JOURNAL_NEWER: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.SHUTTING_DOWN: grpc.StatusCode.UNAVAILABLE,
        Reason.FLEET_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
        Reason.NOT_AUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
        Reason.NOT_PERMITTED: grpc.StatusCode.PERMISSION_DENIED,
        Reason.JOIN_TOKEN_INVALID: grpc.StatusCode.UNAUTHENTICATED,
        Reason.HOST_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.INSTANCE_ID_TAKEN: grpc.StatusCode.ALREADY_EXISTS,
        Reason.HOSTS_NOT_TAKEN: grpc.StatusCode.FAILED_PRECONDITION,
        Reason.PACKAGE_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
        Reason.PACKAGE_CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
        Reason.PACKAGE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
        Reason.STREAM_REPLACED: grpc.StatusCode.ABORTED,
        Reason.PACKAGES_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
        Reason.AUTHORITY_UNUSABLE: grpc.StatusCode.FAILED_PRECONDITION,
    }
)
"""Every reason has one status; a reason without one would be a fault of ours and is found at import by the assert."""

assert set(STATUS) == set(Reason), "every reason of a refusal has a status"
