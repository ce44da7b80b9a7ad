"""The contract's messages and enumerations that callers meet, under one roof; what the fields mean stands in proto/."""

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tidegate.v1.decision_pb2 import Decision, FactSeen, FactValue, StringList, StringMap, TraceStep, Verdict
from tidegate.v1.extension_catalog_service_pb2 import (
    ExtensionPackage,
    ExtensionType,
    ExtensionVersion,
    PublishExtensionPackageResponse,
    PublishExtensionVersionResponse,
)
from tidegate.v1.policy_service_pb2 import (
    CheckPoliciesResponse,
    EligibilityScope,
    EvaluateEligibilityResponse,
    ListPoliciesResponse,
    Policy,
    PolicyProblem,
)
from tidegate.v1.refusal_pb2 import RefusalReason
from tidegate.v1.rolling_upgrade_pb2 import (
    Batch,
    EventType,
    InstanceProgress,
    InstanceStatus,
    Phase,
    Plan,
    Progress,
    RollingUpgrade,
    RollingUpgradePolicy,
    SkippedInstances,
    StatusCode,
    Trigger,
    UpgradeError,
    UpgradeErrorDetail,
    UpgradeEvent,
    UpgradeKind,
    UpgradeTarget,
)
from tidegate.v1.rolling_upgrade_service_pb2 import (
    ExplainInstanceResponse,
    GetRollingUpgradeResponse,
    UpgradeSnapshot,
)
from tidegate.v1.scale_set_service_pb2 import (
    Extension,
    Instance,
    InstanceExtension,
    ProbeState,
    ProvisioningState,
    PutScaleSetResponse,
    ScaleSet,
)
from tidegate.v1.subscription_service_pb2 import Subscription

__all__ = [
    "Batch",
    "CheckPoliciesResponse",
    "Decision",
    "EligibilityScope",
    "EvaluateEligibilityResponse",
    "EventType",
    "ExplainInstanceResponse",
    "Extension",
    "ExtensionPackage",
    "ExtensionType",
    "ExtensionVersion",
    "FactSeen",
    "FactValue",
    "GetRollingUpgradeResponse",
    "Instance",
    "InstanceExtension",
    "InstanceProgress",
    "InstanceStatus",
    "ListPoliciesResponse",
    "Message",
    "Phase",
    "Plan",
    "Policy",
    "PolicyProblem",
    "ProbeState",
    "Progress",
    "ProvisioningState",
    "PublishExtensionPackageResponse",
    "PublishExtensionVersionResponse",
    "PutScaleSetResponse",
    "RefusalReason",
    "RollingUpgrade",
    "RollingUpgradePolicy",
    "ScaleSet",
    "SkippedInstances",
    "StatusCode",
    "StringList",
    "StringMap",
    "Subscription",
    "Timestamp",
    "TraceStep",
    "Trigger",
    "UpgradeError",
    "UpgradeErrorDetail",
    "UpgradeEvent",
    "UpgradeKind",
    "UpgradeSnapshot",
    "UpgradeTarget",
    "Verdict",
]
