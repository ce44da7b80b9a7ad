"""Which scale sets the autopilot is to look at, and because of what.

Law: tasks are added by their cause, and a cause is acted upon once. A publication, an enrolment and a put are causes;
so are a host that joins, policies that say something else than those before, and an automatic upgrade that left
instances failed, where its policy tries again. Because everything that causes a task is durable itself, going through
all of it again when the server opens finds whatever a crash has lost; of hosts that joined it is told again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TypeAlias

from tidegate.domain.extension import ExtensionType
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.executor.clock import Clock
from tidegate.executor.conductor import Conductor
from tidegate.journal.promise import Journal
from tidegate.journal.register import AutopilotTask, Enrolment, PoliciesActedUpon, Register
from tidegate.upgrade.plan import Trigger
from tidegate.upgrade.state import StatusCode, Upgrade

PAGE = 500
_REQUEST_PREFIX = "autopilot"
_MILLISECONDS = 1_000

Newest: TypeAlias = dict[str, list[Version]]
"""The newest published version of each major, by extension type: what was looked up already."""


def request_id_of(task: AutopilotTask) -> str:
    """The request id of the upgrade that the task starts: the same for as long as the task is not postponed."""
    return f"{_REQUEST_PREFIX}/{task.attempt}/{task.due_at_ms}/{task.cause}"


def attempt_of(request_id: str) -> int:
    """Which attempt the automatic upgrade with that request id is, from 0; 0 where nobody can tell."""
    prefix, _, rest = request_id.partition("/")
    attempt = rest.partition("/")[0]
    return int(attempt) if prefix == _REQUEST_PREFIX and attempt.isdecimal() else 0


class AutopilotTasks:
    """Adds tasks to the register."""

    def __init__(self, register: Register, journal: Journal, conductor: Conductor, clock: Clock) -> None:
        self._register = register
        self._journal = journal
        self._conductor = conductor
        self._clock = clock

    async def reconcile(self) -> None:
        """Add every task that there is a cause for and that was not acted upon yet."""
        newest: Newest = {}
        async for page in self._pages(""):
            for scale_set in page:
                if await self._add_present(scale_set, newest):
                    await self._add_missed_retry(scale_set)

    async def add_for_publication(self, extension_type: ExtensionType, version: Version) -> None:
        """For every scale set that takes part and has the extension in that major version."""
        async for page in self._enrolled_pages():
            concerned = [scale_set for scale_set in page if _has(scale_set, extension_type, version)]
            await self._add(concerned, [_cause_of_version(extension_type.key, version)])

    async def add_for_policies(self, digest: str) -> None:
        """For every scale set that takes part, unless policies with this digest are the last that were acted upon.

        They have been once every task is added, so a crash before that only adds the same tasks again.
        """
        last = await self._register.policies_acted_upon()
        if last is not None and last.digest == digest:
            return
        coming = PoliciesActedUpon(digest=digest, number=1 if last is None else last.number + 1)
        async for page in self._enrolled_pages():
            await self._add(page, [_cause_of_policies(coming)])
        await self._register.add_policies_acted_upon(coming)

    async def add_for_enrolment(self, enrolment: Enrolment) -> None:
        """For every scale set of the subscription."""
        newest: Newest = {}
        async for page in self._pages(enrolment.subscription):
            for scale_set in page:
                await self._add_present(scale_set, newest)

    async def add_for_scale_set(self, scale_set: ScaleSet) -> None:
        """For the scale set, if it takes part."""
        await self._add_present(scale_set, {})

    async def add_for_joining(self, scale_set: ScaleSetId, joining: str) -> None:
        """For the scale set, if it takes part, because of this joining of a host."""
        found = await self._register.scale_set(scale_set)
        if found is not None and await self._is_enrolled(scale_set.subscription.lower()):
            await self._add([found], [_cause_of_joining(joining)])

    async def add_retry(self, upgrade: Upgrade) -> None:
        """For what an automatic upgrade left failed, if its policy tries again and has not tried often enough."""
        retry = upgrade.policy.retry
        attempt = attempt_of(upgrade.started.request_id) + 1
        if upgrade.started.trigger is not Trigger.AUTOMATIC or not upgrade.failed_count or retry is None:
            return
        if upgrade.status is StatusCode.CANCELLED or attempt > retry.attempts:
            return
        assert upgrade.ended_at_ms is not None, "an upgrade is tried again once it has ended"
        due_at_ms = upgrade.ended_at_ms + int(retry.after_seconds * _MILLISECONDS)
        cause = f"retry/{upgrade.upgrade_id}"
        task = AutopilotTask(scale_set=upgrade.scale_set, cause=cause, due_at_ms=due_at_ms, attempt=attempt)
        await self._register.add_tasks([task])

    async def is_wanted(self, task: AutopilotTask) -> bool:
        """The scale set is there and takes part."""
        if await self._register.scale_set(task.scale_set) is None:
            return False
        return await self._is_enrolled(task.scale_set.subscription.lower())

    async def _add_present(self, scale_set: ScaleSet, newest: Newest) -> bool:
        """Add all that is a cause for the scale set now; False where it takes no part.

        All of it at once, because one look answers all: a cause that was left out would look new to the next server
        that opens, and start again what somebody cancelled.
        """
        enrolment = await self._register.enrolment(scale_set.scale_set_id.subscription.lower())
        if enrolment is None or not enrolment.is_enrolled:
            return False
        causes = [_cause_of_put(scale_set), _cause_of_enrolment(enrolment)]
        for extension in scale_set.extensions:
            key = extension.extension_type.key
            if key not in newest:
                newest[key] = await self._newest(extension.extension_type)
            major = extension.type_handler_version.major
            causes += [_cause_of_version(key, each) for each in newest[key] if each.major == major]
        await self._add([scale_set], causes)
        return True

    async def _add_missed_retry(self, scale_set: ScaleSet) -> None:
        row = await self._journal.latest(scale_set.scale_set_id)
        if row is not None and row.ended_at_ms is not None and row.trigger is Trigger.AUTOMATIC and row.failed_count:
            upgrade = await self._conductor.latest(scale_set.scale_set_id)
            # One that ended this very moment, and is not known to have, is told of as every other is that ends.
            if upgrade.is_ended:
                await self.add_retry(upgrade)

    async def _add(self, scale_sets: Iterable[ScaleSet], causes: Iterable[str]) -> None:
        now_ms = self._clock.now_ms()
        tasks = [
            AutopilotTask(scale_set=scale_set.scale_set_id, cause=cause, due_at_ms=now_ms, attempt=0)
            for scale_set in scale_sets
            for cause in causes
        ]
        if tasks:
            await self._register.add_tasks(tasks)

    async def _pages(self, subscription: str) -> AsyncIterator[list[ScaleSet]]:
        after_key = ""
        while page := await self._register.scale_sets(subscription, after_key, PAGE):
            yield list(page)
            after_key = page[-1].scale_set_id.key

    async def _enrolled_pages(self) -> AsyncIterator[list[ScaleSet]]:
        """Of every page, the scale sets that take part."""
        is_enrolled: dict[str, bool] = {}
        async for page in self._pages(""):
            enrolled = []
            for scale_set in page:
                subscription = scale_set.scale_set_id.subscription.lower()
                if subscription not in is_enrolled:
                    is_enrolled[subscription] = await self._is_enrolled(subscription)
                if is_enrolled[subscription]:
                    enrolled.append(scale_set)
            yield enrolled

    async def _newest(self, extension_type: ExtensionType) -> list[Version]:
        """The newest published version of each major."""
        by_major = {each.version.major: each.version for each in await self._register.publications(extension_type)}
        return list(by_major.values())

    async def _is_enrolled(self, subscription: str) -> bool:
        enrolment = await self._register.enrolment(subscription)
        return enrolment is not None and enrolment.is_enrolled


def _has(scale_set: ScaleSet, extension_type: ExtensionType, version: Version) -> bool:
    return any(
        extension.extension_type == extension_type and extension.type_handler_version.major == version.major
        for extension in scale_set.extensions
    )


def _cause_of_version(extension_key: str, version: Version) -> str:
    return f"{extension_key}/{version}"


def _cause_of_enrolment(enrolment: Enrolment) -> str:
    return f"enrolled/{enrolment.changed_at_ms}"


def _cause_of_policies(coming: PoliciesActedUpon) -> str:
    # With its number, because policies that come back are a cause anew.
    return f"policy/{coming.digest}/{coming.number}"


def _cause_of_joining(joining: str) -> str:
    return f"joined/{joining}"


def _cause_of_put(scale_set: ScaleSet) -> str:
    return f"put/{scale_set.etag}"
