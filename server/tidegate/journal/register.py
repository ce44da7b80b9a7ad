"""The promise of the register: what we were told, scale sets, enrolled subscriptions and published versions.

It lives in the same store as the journal. Scale sets are kept as the resource that was put; reading it into the
words of the domain is `tidegate.domain.arm_resource`'s work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A subscription that takes part (or no longer does): all its scale sets, present and future."""

    subscription: str
    """In lower case."""
    is_enrolled: bool
    changed_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopilotTask:
    """One scale set that is to be upgraded because of a publication (or as a retry), not before `due_at_ms`."""

    scale_set: ScaleSetId
    cause: str
    """`publisher/type/version` in lower case, or for instance `retry/{upgrade id}`."""
    due_at_ms: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesActedUpon:
    """A set of policies whose coming into force the autopilot has acted upon."""

    digest: str
    number: int
    """Counts the sets from 1; one that comes back has a number anew."""


class Register(Protocol):
    """Remembers what we were told, durably before it returns; raises JournalUnavailable when it cannot."""

    async def put_scale_set(self, scale_set: ScaleSet, expected_etag: str | None) -> bool:
        """Keep the definition; True where it is new. `expected_etag`: None for any, "" for none yet.

        Raises:
            EtagMismatch: the kept definition has another etag than expected.
        """

    async def scale_set(self, scale_set: ScaleSetId) -> ScaleSet | None:
        """The definition, or None."""

    async def scale_sets(self, subscription: str, after_key: str, limit: int) -> Sequence[ScaleSet]:
        """Up to `limit` definitions whose key is above `after_key`, by key; `subscription` "" for all."""

    async def delete_scale_set(self, scale_set: ScaleSetId, expected_etag: str | None) -> bool:
        """Forget the definition; False where there was none. Its upgrades stay in the journal.

        Raises:
            EtagMismatch: as for put.
        """

    async def set_enrolment(self, enrolment: Enrolment) -> None:
        """Enrol or withdraw a subscription."""

    async def enrolment(self, subscription: str) -> Enrolment | None:
        """What is known of the subscription, or None if it was never enrolled."""

    async def enrolments(self, after: str, limit: int) -> Sequence[Enrolment]:
        """Up to `limit` enrolments with a subscription above `after`, in order."""

    async def publish(self, publication: Publication) -> bool:
        """Keep a published version; False (and nothing changed) where it was there already."""

    async def withdraw(self, extension_type: ExtensionType, version: Version) -> bool:
        """Take a version back, so that no upgrade goes to it any more; False where it is not published."""

    async def publications(self, extension_type: ExtensionType) -> Sequence[Publication]:
        """The published versions of one type, oldest version first."""

    async def extension_types(self, after_key: str, limit: int) -> Sequence[ExtensionType]:
        """Up to `limit` types that have a published version, with a key above `after_key`, in order of their keys; each
        is spelled as in the first of its publications that still stands."""

    async def add_tasks(self, tasks: Sequence[AutopilotTask]) -> None:
        """Remember tasks; one that is there already (same scale set and cause) or was finished before is not added."""

    async def due_tasks(self, now_ms: int, limit: int) -> Sequence[AutopilotTask]:
        """Up to `limit` tasks that are due, oldest due first."""

    async def next_due_ms(self) -> int | None:
        """When the earliest task is due, or None without tasks."""

    async def postpone_task(self, task: AutopilotTask, due_at_ms: int) -> None:
        """The scale set was busy or the server full: take it up again at `due_at_ms`, with the attempt `task` has now.

        A task that was finished or never added stays so.
        """

    async def finish_task(self, task: AutopilotTask) -> None:
        """The task was acted upon; it never comes back, nor is it added again."""

    async def policies_acted_upon(self) -> PoliciesActedUpon | None:
        """The set with the greatest number, or None where there never was one."""

    async def add_policies_acted_upon(self, acted_upon: PoliciesActedUpon) -> None:
        """Remember the set; a number that is there already is not added."""
