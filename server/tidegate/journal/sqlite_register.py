"""The register in a SQLite file: the promise of `tidegate.journal.register.Register` as SQL.

Law: a scale set is kept as the resource that was put, and read anew by whoever asks: what a later server understands of
it, it understands of the old ones too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from tidegate.domain.arm_resource import read_scale_set
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.domain.version import Version
from tidegate.journal.etag import check_etag
from tidegate.journal.readers import Readers
from tidegate.journal.register import AutopilotTask, Enrolment, PoliciesActedUpon
from tidegate.journal.writer import Work, Writer

Values = dict[str, str | int]
Result = TypeVar("Result")

_PUT_SCALE_SET = """
    INSERT INTO scale_sets (scale_set_key, scale_set, subscription, location, etag, resource)
    VALUES (:key, :scale_set, :subscription, :location, :etag, :resource)
    ON CONFLICT (scale_set_key) DO UPDATE SET
        scale_set = excluded.scale_set, location = excluded.location, etag = excluded.etag, resource = excluded.resource
"""
_SCALE_SETS = """
    SELECT json_group_array(json_array(scale_set, location, etag, resource))
    FROM (SELECT * FROM scale_sets WHERE {condition} ORDER BY scale_set_key LIMIT :limit)
"""
_SET_ENROLMENT = """
    INSERT INTO enrolments (subscription, is_enrolled, changed_at_ms)
    VALUES (:subscription, :is_enrolled, :changed_at_ms)
    ON CONFLICT (subscription) DO UPDATE SET is_enrolled = excluded.is_enrolled, changed_at_ms = excluded.changed_at_ms
"""
_ENROLMENTS = """
    SELECT json_group_array(json_array(subscription, is_enrolled, changed_at_ms))
    FROM (SELECT * FROM enrolments WHERE {condition} ORDER BY subscription LIMIT :limit)
"""
_PUBLISH = """
    INSERT INTO publications (type_key, version_key, publisher, type, version, published_at_ms)
    VALUES (:type_key, :version_key, :publisher, :type, :version, :published_at_ms)
    ON CONFLICT (type_key, version_key) DO NOTHING
"""
_PUBLICATIONS = """
    SELECT json_group_array(json_array(publisher, type, version, published_at_ms))
    FROM publications WHERE type_key = :type_key
"""
# Beside min(), SQLite takes the other columns from the row that has the minimum: the type as it was first spelled.
_TYPES = """
    SELECT json_group_array(json_array(publisher, type)) FROM (
        SELECT publisher, type, min(number) FROM publications WHERE type_key > :after
        GROUP BY type_key ORDER BY type_key LIMIT :limit
    )
"""
_ADD_TASKS = """
    INSERT OR IGNORE INTO tasks (scale_set_key, cause, scale_set, due_at_ms, attempt)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]')
    FROM json_each(:tasks)
"""
_DUE_TASKS = """
    SELECT json_group_array(json_array(scale_set, cause, due_at_ms, attempt)) FROM (
        SELECT * FROM tasks WHERE is_finished = 0 AND due_at_ms <= :now
        ORDER BY due_at_ms, scale_set_key, cause LIMIT :limit
    )
"""
_POSTPONE_TASK = """
    UPDATE tasks SET due_at_ms = :due_at_ms, attempt = :attempt
    WHERE scale_set_key = :key AND cause = :cause
"""
_FINISH_TASK = """
    INSERT INTO tasks (scale_set_key, cause, scale_set, due_at_ms, attempt, is_finished)
    VALUES (:key, :cause, :scale_set, :due_at_ms, :attempt, 1)
    ON CONFLICT (scale_set_key, cause) DO UPDATE SET is_finished = 1
"""
_POLICIES_ACTED_UPON = """
    SELECT json_group_array(json_array(digest, number))
    FROM (SELECT * FROM policies_acted_upon ORDER BY number DESC LIMIT 1)
"""
_ADD_POLICIES_ACTED_UPON = "INSERT OR IGNORE INTO policies_acted_upon (number, digest) VALUES (:number, :digest)"

_SCALE_SETS_DECODER = msgspec.json.Decoder(list[tuple[str, str, str, str]])
_ENROLMENTS_DECODER = msgspec.json.Decoder(list[tuple[str, int, int]])
_PUBLICATIONS_DECODER = msgspec.json.Decoder(list[tuple[str, str, str, int]])
_TYPES_DECODER = msgspec.json.Decoder(list[tuple[str, str]])
_TASKS_DECODER = msgspec.json.Decoder(list[tuple[str, str, int, int]])
_POLICIES_DECODER = msgspec.json.Decoder(list[tuple[str, int]])


class SqliteRegister:
    """A register over one file; made by `SqliteStore`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def put_scale_set(self, scale_set: ScaleSet, expected_etag: str | None) -> bool:
        return await self._work(partial(_put_scale_set, scale_set=scale_set, expected_etag=expected_etag))

    async def scale_set(self, scale_set: ScaleSetId) -> ScaleSet | None:
        found = await self._scale_sets("scale_set_key = :key", {"key": scale_set.key, "limit": 1})
        return next(iter(found), None)

    async def scale_sets(self, subscription: str, after_key: str, limit: int) -> Sequence[ScaleSet]:
        values: Values = {"after": after_key, "limit": limit}
        if not subscription:
            return await self._scale_sets("scale_set_key > :after", values)
        values["subscription"] = subscription.lower()
        return await self._scale_sets("subscription = :subscription AND scale_set_key > :after", values)

    async def delete_scale_set(self, scale_set: ScaleSetId, expected_etag: str | None) -> bool:
        return await self._work(partial(_delete_scale_set, scale_set=scale_set, expected_etag=expected_etag))

    async def set_enrolment(self, enrolment: Enrolment) -> None:
        values: Values = {
            "subscription": enrolment.subscription,
            "is_enrolled": enrolment.is_enrolled,
            "changed_at_ms": enrolment.changed_at_ms,
        }
        await self._execute(_SET_ENROLMENT, values)

    async def enrolment(self, subscription: str) -> Enrolment | None:
        found = await self._enrolments("subscription = :subscription", subscription=subscription.lower(), limit=1)
        return next(iter(found), None)

    async def enrolments(self, after: str, limit: int) -> Sequence[Enrolment]:
        return await self._enrolments("subscription > :after", after=after, limit=limit)

    async def publish(self, publication: Publication) -> bool:
        values: Values = {
            **_version_key(publication.extension_type, publication.version),
            "publisher": publication.extension_type.publisher,
            "type": publication.extension_type.type,
            "version": publication.version.text,
            "published_at_ms": publication.published_at_ms,
        }
        return await self._execute(_PUBLISH, values) > 0

    async def withdraw(self, extension_type: ExtensionType, version: Version) -> bool:
        statement = "DELETE FROM publications WHERE type_key = :type_key AND version_key = :version_key"
        return await self._execute(statement, _version_key(extension_type, version)) > 0

    async def publications(self, extension_type: ExtensionType) -> Sequence[Publication]:
        found = await self._json(_PUBLICATIONS, {"type_key": extension_type.key})
        publications = [
            Publication(
                extension_type=ExtensionType(publisher=publisher, type=type_),
                version=Version(version),
                published_at_ms=published_at_ms,
            )
            for publisher, type_, version, published_at_ms in _PUBLICATIONS_DECODER.decode(found)
        ]
        return sorted(publications, key=lambda publication: publication.version)

    async def extension_types(self, after_key: str, limit: int) -> Sequence[ExtensionType]:
        found = await self._json(_TYPES, {"after": after_key, "limit": limit})
        return [ExtensionType(publisher=publisher, type=type_) for publisher, type_ in _TYPES_DECODER.decode(found)]

    async def add_tasks(self, tasks: Sequence[AutopilotTask]) -> None:
        rows = [(task.scale_set.key, task.cause, str(task.scale_set), task.due_at_ms, task.attempt) for task in tasks]
        await self._execute(_ADD_TASKS, {"tasks": msgspec.json.encode(rows).decode()})

    async def due_tasks(self, now_ms: int, limit: int) -> Sequence[AutopilotTask]:
        found = await self._json(_DUE_TASKS, {"now": now_ms, "limit": limit})
        return [
            AutopilotTask(scale_set=ScaleSetId.parse(scale_set), cause=cause, due_at_ms=due_at_ms, attempt=attempt)
            for scale_set, cause, due_at_ms, attempt in _TASKS_DECODER.decode(found)
        ]

    async def next_due_ms(self) -> int | None:
        found = await self._json("SELECT json_array(min(due_at_ms)) FROM tasks WHERE is_finished = 0", {})
        (due_at_ms,) = msgspec.json.decode(found, type=tuple[int | None])
        return due_at_ms

    async def postpone_task(self, task: AutopilotTask, due_at_ms: int) -> None:
        await self._execute(_POSTPONE_TASK, {**_task_values(task), "due_at_ms": due_at_ms})

    async def finish_task(self, task: AutopilotTask) -> None:
        await self._execute(_FINISH_TASK, _task_values(task))

    async def policies_acted_upon(self) -> PoliciesActedUpon | None:
        found = _POLICIES_DECODER.decode(await self._json(_POLICIES_ACTED_UPON, {}))
        return next((PoliciesActedUpon(digest=digest, number=number) for digest, number in found), None)

    async def add_policies_acted_upon(self, acted_upon: PoliciesActedUpon) -> None:
        await self._execute(_ADD_POLICIES_ACTED_UPON, {"number": acted_upon.number, "digest": acted_upon.digest})

    async def _scale_sets(self, condition: str, values: Values) -> list[ScaleSet]:
        statement = _SCALE_SETS.format(condition=condition)
        return await self._readers.read(lambda connection: _read_scale_sets(connection, statement, values))

    async def _enrolments(self, condition: str, **values: str | int) -> list[Enrolment]:
        found = await self._json(_ENROLMENTS.format(condition=condition), values)
        return [
            Enrolment(subscription=subscription, is_enrolled=bool(is_enrolled), changed_at_ms=changed_at_ms)
            for subscription, is_enrolled, changed_at_ms in _ENROLMENTS_DECODER.decode(found)
        ]

    async def _json(self, statement: str, values: Values) -> str:
        return await self._readers.read(lambda connection: _one_text(connection, statement, values))

    async def _work(self, carry_out: Callable[[sqlite3.Connection], Result]) -> Result:
        return await self._writer.work(Work(carry_out=carry_out))

    async def _execute(self, statement: str, values: Values) -> int:
        """Carry out one writing statement; how many rows it changed."""
        return await self._work(lambda connection: connection.execute(statement, values).rowcount)


def _one_text(connection: sqlite3.Connection, statement: str, values: Values) -> str:
    (found,) = connection.execute(statement, values).fetchone()
    return str(found)


def _read_scale_sets(connection: sqlite3.Connection, statement: str, values: Values) -> list[ScaleSet]:
    return [
        read_scale_set(ScaleSetId.parse(scale_set), json.loads(resource), location=location, etag=etag)
        for scale_set, location, etag, resource in _SCALE_SETS_DECODER.decode(_one_text(connection, statement, values))
    ]


def _kept_etag(connection: sqlite3.Connection, scale_set: ScaleSetId) -> str | None:
    """The etag of the kept definition, or None without one."""
    kept = connection.execute("SELECT etag FROM scale_sets WHERE scale_set_key = ?", (scale_set.key,)).fetchone()
    return None if kept is None else str(kept[0])


def _put_scale_set(connection: sqlite3.Connection, scale_set: ScaleSet, expected_etag: str | None) -> bool:
    kept = _kept_etag(connection, scale_set.scale_set_id)
    check_etag(scale_set.scale_set_id, expected_etag, kept or "")
    values = {
        "key": scale_set.scale_set_id.key,
        "scale_set": str(scale_set.scale_set_id),
        "subscription": scale_set.scale_set_id.subscription.lower(),
        "location": scale_set.location,
        "etag": scale_set.etag,
        "resource": scale_set.resource_json,
    }
    connection.execute(_PUT_SCALE_SET, values)
    return kept is None


def _delete_scale_set(connection: sqlite3.Connection, scale_set: ScaleSetId, expected_etag: str | None) -> bool:
    kept = _kept_etag(connection, scale_set)
    check_etag(scale_set, expected_etag, kept or "")
    connection.execute("DELETE FROM scale_sets WHERE scale_set_key = ?", (scale_set.key,))
    return kept is not None


def _version_key(extension_type: ExtensionType, version: Version) -> Values:
    """What a publication goes by: the version as all four of its numbers, since 2.1 is 2.1.0.0."""
    return {"type_key": extension_type.key, "version_key": ".".join(map(str, version.numbers))}


def _task_values(task: AutopilotTask) -> Values:
    return {
        "key": task.scale_set.key,
        "cause": task.cause,
        "scale_set": str(task.scale_set),
        "due_at_ms": task.due_at_ms,
        "attempt": task.attempt,
    }
