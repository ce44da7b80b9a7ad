"""Events: what we hold to have happened; the journal keeps them, and an upgrade is nothing but their sum.

Law: an event is a plain value that a later server can read. Fields are added with a default, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.rolling_policy import RollingUpgradePolicy
from tidegate.domain.scale_set import ImageReference
from tidegate.policy.decision import Decision
from tidegate.policy.source import PolicySource
from tidegate.upgrade.plan import Plan, Trigger, UpgradeKind

FactText = str | int | float | bool | tuple[str, ...] | Mapping[str, str]
"""A frozen fact as the journal keeps it; versions as their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeStarted:
    """The upgrade exists: admitted, planned, its rules frozen."""

    at_ms: int
    upgrade_id: str
    scale_set: str
    """The ARM id as it was written when the scale set was put."""
    location: str
    kind: UpgradeKind
    trigger: Trigger
    force: bool
    request_id: str
    """Empty where the caller gave none."""
    policy_name: str
    policy_digest: str
    policy_source: PolicySource
    scale_set_policy: RollingUpgradePolicy
    """The scale set's own rollingUpgradePolicy at that moment, for the status."""
    facts: Mapping[str, FactText]
    """subscription.*, scaleSet.*, upgrade.* and progress.* facts at that moment: what the batching rules were asked
    about, and what the halt rules are asked about with the progress.* facts of their own moment."""
    has_probe: bool
    image: ImageReference
    plan: Plan
    eligibility: tuple[Decision, ...]
    """Why it may begin, and which extensions may not take part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthObserved:
    """The scale set was asked how it is, and this is what the rules were then asked about, until the next time."""

    at_ms: int
    total_count: int
    """Instances the scale set has now."""
    unhealthy_count: int
    """Unhealthy ones among them, by the health model of the upgrade's kind."""
    unhealthy_succeeded_count: int
    """Unhealthy ones among those this upgrade holds to have succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStarted:
    """The next batch is formed; `order[start : start + size]` of the plan. `decision` let it begin."""

    at_ms: int
    number: int
    start: int
    size: int
    decision: Decision
    unhealthy_instance_ids: tuple[str, ...] = ()
    """Its instances that were unhealthy already when it was formed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveBegan:
    """Instances of the batch are handed to the fleet together: `order[start : start + size]`, due by `deadline_ms`."""

    at_ms: int
    start: int
    size: int
    deadline_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceUpgraded:
    """All moves of the instance succeeded. `is_settled` false: its probe is not healthy yet and it is waited for."""

    at_ms: int
    instance_id: str
    is_settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSettled:
    """An upgraded instance that was waited for became healthy."""

    at_ms: int
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFailed:
    """The upgrade of the instance failed, timed out, or left it unhealthy for longer than the policy waits."""

    at_ms: int
    instance_id: str
    code: str
    message: str
    extension_name: str = ""
    """The extension that failed, where one did; the first of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlingBegan:
    """Every begun instance of the batch has ended; those not yet healthy are waited for until `deadline_ms`."""

    at_ms: int
    deadline_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettled:
    """No instance of the batch is waited for any more; it is to be judged."""

    at_ms: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJudged:
    """The batch is over. The next may begin at `resume_at_ms`, unless an end was decided."""

    at_ms: int
    number: int
    decision: Decision
    resume_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestEnded:
    """The pause between two batches is over."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreBegan:
    """These instances are to be brought back to their previous versions, by `deadline_ms`."""

    at_ms: int
    instance_ids: tuple[str, ...]
    deadline_ms: int
    next_position: int = 0
    """Where in the plan's order to look on for further instances to bring back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRestored:
    at_ms: int
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRestoreFailed:
    at_ms: int
    instance_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltDecided:
    """A rule ended it: nothing new begins, what was begun may finish. `decision.verdict` says whether to roll back."""

    at_ms: int
    decision: Decision
    code: str
    """The error code for the status, one of Azure's where Azure has one."""
    unhealthy_instance_ids: tuple[str, ...]
    """The instances that moved the rule; at most a thousand of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAccepted:
    """Somebody cancelled it: nothing new begins, what was begun may finish."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePaused:
    """Nothing new begins until it is resumed; `decision` where a rule wanted it, None where somebody asked."""

    at_ms: int
    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResumed:
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingBackBegan:
    """The policy brings instances back; the status is RollingBack until they have ended."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeCompleted:
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeCancelled:
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeFaulted:
    at_ms: int


Event = (
    UpgradeStarted
    | HealthObserved
    | BatchStarted
    | WaveBegan
    | InstanceUpgraded
    | InstanceSettled
    | InstanceFailed
    | SettlingBegan
    | BatchSettled
    | BatchJudged
    | RestEnded
    | RestoreBegan
    | InstanceRestored
    | InstanceRestoreFailed
    | HaltDecided
    | CancelAccepted
    | UpgradePaused
    | UpgradeResumed
    | RollingBackBegan
    | UpgradeCompleted
    | UpgradeCancelled
    | UpgradeFaulted
)
