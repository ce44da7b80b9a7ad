"""The register in memory: scale sets, enrolments, publications and the autopilot's tasks as plain dictionaries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.journal.etag import check_etag
from tidegate.journal.register import AutopilotTask, Enrolment, PoliciesActedUpon


class RegisterMemory:
    """What a register remembers, apart from whoever has it open."""

    def __init__(self) -> None:
        self.scale_sets: dict[str, ScaleSet] = {}
        """By key."""
        self.enrolments: dict[str, Enrolment] = {}
        """By subscription."""
        self.publications: dict[str, dict[Version, Publication]] = {}
        """By the extension type's key, then by version."""
        self.tasks: dict[tuple[str, str], AutopilotTask] = {}
        """By scale set key and cause; finished ones are not here any more."""
        self.finished: set[tuple[str, str]] = set()
        self.policies_acted_upon: dict[int, PoliciesActedUpon] = {}
        """By number."""

    def copy(self) -> RegisterMemory:
        """Another with the same content."""
        twin = RegisterMemory()
        twin.scale_sets = dict(self.scale_sets)
        twin.enrolments = dict(self.enrolments)
        twin.publications = {key: dict(versions) for key, versions in self.publications.items()}
        twin.tasks = dict(self.tasks)
        twin.finished = set(self.finished)
        twin.policies_acted_upon = dict(self.policies_acted_upon)
        return twin


class MemoryRegister:
    """The promise of `tidegate.journal.register.Register`, kept in memory; `passed` is asked before every call."""

    def __init__(self, memory: RegisterMemory, passed: Callable[[], Awaitable[None]]) -> None:
        self._memory = memory
        self._passed = passed

    async def put_scale_set(self, scale_set: ScaleSet, expected_etag: str | None) -> bool:
        await self._passed()
        kept = self._memory.scale_sets.get(scale_set.scale_set_id.key)
        check_etag(scale_set.scale_set_id, expected_etag, "" if kept is None else kept.etag)
        self._memory.scale_sets[scale_set.scale_set_id.key] = scale_set
        return kept is None

    async def scale_set(self, scale_set: ScaleSetId) -> ScaleSet | None:
        await self._passed()
        return self._memory.scale_sets.get(scale_set.key)

    async def scale_sets(self, subscription: str, after_key: str, limit: int) -> Sequence[ScaleSet]:
        await self._passed()
        wanted = subscription.lower()
        fitting = [
            key
            for key, kept in self._memory.scale_sets.items()
            if key > after_key and (not wanted or kept.scale_set_id.subscription.lower() == wanted)
        ]
        return [self._memory.scale_sets[key] for key in sorted(fitting)[:limit]]

    async def delete_scale_set(self, scale_set: ScaleSetId, expected_etag: str | None) -> bool:
        await self._passed()
        kept = self._memory.scale_sets.get(scale_set.key)
        check_etag(scale_set, expected_etag, "" if kept is None else kept.etag)
        return self._memory.scale_sets.pop(scale_set.key, None) is not None

    async def set_enrolment(self, enrolment: Enrolment) -> None:
        await self._passed()
        self._memory.enrolments[enrolment.subscription] = enrolment

    async def enrolment(self, subscription: str) -> Enrolment | None:
        await self._passed()
        return self._memory.enrolments.get(subscription.lower())

    async def enrolments(self, after: str, limit: int) -> Sequence[Enrolment]:
        await self._passed()
        fitting = sorted(subscription for subscription in self._memory.enrolments if subscription > after)
        return [self._memory.enrolments[subscription] for subscription in fitting[:limit]]

    async def publish(self, publication: Publication) -> bool:
        await self._passed()
        versions = self._memory.publications.setdefault(publication.extension_type.key, {})
        if publication.version in versions:
            return False
        versions[publication.version] = publication
        return True

    async def withdraw(self, extension_type: ExtensionType, version: Version) -> bool:
        await self._passed()
        versions = self._memory.publications.get(extension_type.key, {})
        was_published = versions.pop(version, None) is not None
        if not versions:
            self._memory.publications.pop(extension_type.key, None)
        return was_published

    async def publications(self, extension_type: ExtensionType) -> Sequence[Publication]:
        await self._passed()
        versions = self._memory.publications.get(extension_type.key, {})
        return sorted(versions.values(), key=attrgetter("version"))

    async def extension_types(self, after_key: str, limit: int) -> Sequence[ExtensionType]:
        await self._passed()
        keys = sorted(key for key in self._memory.publications if key > after_key)
        return [next(iter(self._memory.publications[key].values())).extension_type for key in keys[:limit]]

    async def add_tasks(self, tasks: Sequence[AutopilotTask]) -> None:
        await self._passed()
        for task in tasks:
            if _place(task) not in self._memory.finished:
                self._memory.tasks.setdefault(_place(task), task)

    async def due_tasks(self, now_ms: int, limit: int) -> Sequence[AutopilotTask]:
        await self._passed()
        due = [task for task in self._memory.tasks.values() if task.due_at_ms <= now_ms]
        return sorted(due, key=lambda task: (task.due_at_ms, *_place(task)))[:limit]

    async def next_due_ms(self) -> int | None:
        await self._passed()
        return min((task.due_at_ms for task in self._memory.tasks.values()), default=None)

    async def postpone_task(self, task: AutopilotTask, due_at_ms: int) -> None:
        await self._passed()
        if _place(task) in self._memory.tasks:
            self._memory.tasks[_place(task)] = replace(task, due_at_ms=due_at_ms)

    async def finish_task(self, task: AutopilotTask) -> None:
        await self._passed()
        self._memory.tasks.pop(_place(task), None)
        self._memory.finished.add(_place(task))

    async def policies_acted_upon(self) -> PoliciesActedUpon | None:
        await self._passed()
        return max(self._memory.policies_acted_upon.values(), key=attrgetter("number"), default=None)

    async def add_policies_acted_upon(self, acted_upon: PoliciesActedUpon) -> None:
        await self._passed()
        self._memory.policies_acted_upon.setdefault(acted_upon.number, acted_upon)


def _place(task: AutopilotTask) -> tuple[str, str]:
    return (task.scale_set.key, task.cause)
