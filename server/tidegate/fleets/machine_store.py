"""What simulated machines remember when the server is gone: a small SQLite file that stands for the machines.

Law: a change of machines is in the file before anybody hears of it, as a whole or not at all. The file outlives the
process, however it ends; it need not outlive the computer, since no real machine hangs on it, so nothing waits for the
disk (synchronous OFF).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer, MoveFailure
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version
from tidegate.fleets.machines import Change, Definition, InstalledExtension, Machines, Software

FORMAT = 1
"""Kept as the file's user_version; a file of another format is refused."""

_TABLES = """
CREATE TABLE scale_set (key TEXT PRIMARY KEY, definition BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE machine (
    scale_set TEXT NOT NULL, number INTEGER NOT NULL, zone TEXT NOT NULL, fault_domain INTEGER NOT NULL,
    image_version TEXT NOT NULL, software BLOB NOT NULL, finished BLOB NOT NULL,
    PRIMARY KEY (scale_set, number)
) WITHOUT ROWID;
CREATE TABLE spent (
    scale_set TEXT NOT NULL, fault INTEGER NOT NULL, number INTEGER NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (scale_set, fault, number)
) WITHOUT ROWID;
"""
_PUT_MACHINE = "INSERT OR REPLACE INTO machine VALUES (?, ?, ?, ?, ?, ?, ?)"
_MAX_ENCODED = 10_000


class StoreOfAnotherFormat(Exception):
    """The file was written by another version of this simulation."""

    def __init__(self, path: Path, found: int) -> None:
        super().__init__(f"{path} holds machines of format {found}, not {FORMAT}; remove it, and they are made anew")


class MachinesNotKept(OSError):
    """The file takes nothing just now: a full disk, for one. Nothing of the change was kept; it may be tried again."""


class _DefinitionRecord(msgspec.Struct, array_like=True, frozen=True):
    scale_set: str
    capacity: int
    zones: tuple[str, ...]
    fault_domain_count: int
    has_probe: bool
    image_version: str
    extensions: tuple[tuple[str, str, str], ...]


class _StateRecord(msgspec.Struct, array_like=True, frozen=True):
    name: str
    version: str
    provisioning_state: ProvisioningState
    code: str
    message: str


class _AnswerRecord(msgspec.Struct, array_like=True, frozen=True):
    operation_id: str
    failures: tuple[tuple[str, str, str], ...]
    probe: ProbeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One scale set as the file has it."""

    machines: Machines
    spent: dict[tuple[int, str], int]
    """How often a fault, by its number, has held on an instance."""


class MachineStore:
    """The file; one process at a time has it open. Its methods are quick and do not wait for the disk.

    Whatever writes raises MachinesNotKept where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreOfAnotherFormat: the file is one of ours, of another format.
            sqlite3.Error: it is no SQLite file, or cannot be opened.
        """
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._encoded: dict[int, tuple[Software, bytes]] = {}
        try:
            self._prepare(path)
        except (sqlite3.Error, StoreOfAnotherFormat):
            self._connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")
        elif found != FORMAT:
            raise StoreOfAnotherFormat(path, found)

    def load(self) -> Iterator[Kept]:
        """Every scale set with its machines; their probes are as if nothing were wrong."""
        rows = self._connection.execute("SELECT key, definition FROM scale_set ORDER BY key").fetchall()
        for key, definition in rows:
            machines = Machines(_definition(definition))
            self._load_machines(key, machines)
            spent = self._connection.execute("SELECT fault, number, times FROM spent WHERE scale_set = ?", (key,))
            yield Kept(machines=machines, spent={(fault, str(number)): times for fault, number, times in spent})

    def save_placed(self, machines: Machines, changed: Iterable[str]) -> None:
        """Keep a definition and what it changed of its machines; those beyond its capacity are gone."""
        definition = machines.definition
        key = definition.scale_set_id.key
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO scale_set VALUES (?, ?)", (key, _encode_definition(definition)))
            left = (key, definition.capacity)
            connection.execute("DELETE FROM machine WHERE scale_set = ? AND number >= ?", left)
            connection.execute("DELETE FROM spent WHERE scale_set = ? AND number >= ?", left)
            connection.executemany(_PUT_MACHINE, (self._row(machines, name) for name in changed))

    def save_changed(self, changes: Sequence[Change]) -> None:
        """Keep what the machines of several scale sets have become, and how often faults have held on them."""
        rows = [self._row(change.machines, name) for change in changes for name in change.instance_ids]
        spent = [
            (change.machines.definition.scale_set_id.key, fault, int(name), times)
            for change in changes
            for fault, name, times in change.spent
        ]
        if not rows and not spent:
            return
        with self._transaction() as connection:
            connection.executemany(_PUT_MACHINE, rows)
            connection.executemany("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?)", spent)

    def forget(self, scale_set: ScaleSetId) -> None:
        """Forget the scale set and its machines."""
        with self._transaction() as connection:
            for table, column in (("scale_set", "key"), ("machine", "scale_set"), ("spent", "scale_set")):
                connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (scale_set.key,))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as broken:
            raise MachinesNotKept(f"the simulated machines cannot be kept: {broken}") from broken
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()

    def _load_machines(self, key: str, machines: Machines) -> None:
        rows = self._connection.execute(
            "SELECT number, zone, fault_domain, image_version, software, finished FROM machine "
            "WHERE scale_set = ? ORDER BY number",
            (key,),
        )
        software_of: dict[bytes, Software] = {}
        for number, zone, fault_domain, image_version, software, finished in rows:
            name = str(number)
            if software not in software_of:
                software_of[software] = machines.software(_states(software))
            instance = Instance(
                instance_id=name,
                zone=zone,
                fault_domain=fault_domain,
                extensions=software_of[software],
                probe=machines.healthy_probe,
                image_version=image_version,
            )
            machines.put(instance)
            for answer in _answers(name, finished):
                machines.remember(answer)

    def _row(self, machines: Machines, name: str) -> tuple[object, ...]:
        instance = machines[name]
        return (
            machines.definition.scale_set_id.key,
            int(name),
            instance.zone,
            instance.fault_domain,
            instance.image_version,
            self._encode_software(instance.extensions),
            _encode_answers(machines.finished.get(name, ())),
        )

    def _encode_software(self, software: Software) -> bytes:
        """The text of a shared mapping is made once; the mapping is kept beside it, so that its id stays its own."""
        known = self._encoded.get(id(software))
        if known is None:
            if len(self._encoded) >= _MAX_ENCODED:
                self._encoded.clear()
            states = [
                _StateRecord(state.name, str(state.version), state.provisioning_state, state.code, state.message)
                for state in software.values()
            ]
            known = self._encoded[id(software)] = (software, msgspec.json.encode(states))
        return known[1]


def _encode_definition(definition: Definition) -> bytes:
    return msgspec.json.encode(
        _DefinitionRecord(
            scale_set=str(definition.scale_set_id),
            capacity=definition.capacity,
            zones=definition.zones,
            fault_domain_count=definition.fault_domain_count,
            has_probe=definition.has_probe,
            image_version=definition.image_version,
            extensions=tuple((each.name, each.handler, each.version) for each in definition.extensions),
        )
    )


def _definition(text: bytes) -> Definition:
    record = msgspec.json.decode(text, type=_DefinitionRecord)
    return Definition(
        scale_set_id=ScaleSetId.parse(record.scale_set),
        capacity=record.capacity,
        zones=record.zones,
        fault_domain_count=record.fault_domain_count,
        has_probe=record.has_probe,
        image_version=record.image_version,
        extensions=tuple(
            InstalledExtension(name=name, handler=handler, version=version)
            for name, handler, version in record.extensions
        ),
    )


def _states(text: bytes) -> Iterator[ExtensionState]:
    """An update that was under way when the process ended was not carried out, so nothing is updating any more."""
    for record in _STATES.decode(text):
        is_updating = record.provisioning_state is ProvisioningState.UPDATING
        yield ExtensionState(
            name=record.name,
            version=Version(record.version),
            provisioning_state=ProvisioningState.SUCCEEDED if is_updating else record.provisioning_state,
            code=record.code,
            message=record.message,
        )


def _encode_answers(answers: Iterable[InstanceAnswer]) -> bytes:
    return _ENCODER.encode(
        [
            _AnswerRecord(
                answer.operation_id,
                tuple((each.extension_name, each.code, each.message) for each in answer.failures),
                answer.probe,
            )
            for answer in answers
        ]
    )


def _answers(instance_id: str, text: bytes) -> Iterator[InstanceAnswer]:
    for record in _ANSWERS.decode(text):
        yield InstanceAnswer(
            operation_id=record.operation_id,
            instance_id=instance_id,
            failures=tuple(
                MoveFailure(extension_name=name, code=code, message=message) for name, code, message in record.failures
            ),
            probe=record.probe,
        )


_ENCODER = msgspec.json.Encoder()
_STATES = msgspec.json.Decoder(list[_StateRecord])
_ANSWERS = msgspec.json.Decoder(list[_AnswerRecord])
