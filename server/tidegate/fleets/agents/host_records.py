"""A host's card as the store writes it down: three texts, each read back with everything that was in it."""

from __future__ import annotations

import msgspec

from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure, ExtensionReport, HandlerReport, HostName, Substatus
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceAnswer, InstanceOrder, Move, MoveFailure
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_card import HostCard, Identity, Leaving, UnderWay


class _IdentityRecord(msgspec.Struct, array_like=True, frozen=True):
    scale_set: str
    instance_id: str
    zone: str
    fault_domain: int
    labels: dict[str, str]
    settings_certificate: str
    token_id: str
    joined_at_ms: int
    probe_address: str
    agent_version: str
    platform: str


_Failure = tuple[str, str, str]


class _AnswerRecord(msgspec.Struct, array_like=True, frozen=True):
    operation_id: str
    failures: tuple[_Failure, ...]
    probe: ProbeState


class _UnderWayRecord(msgspec.Struct, array_like=True, frozen=True):
    operation_id: str
    extension_moves: tuple[tuple[str, str], ...]
    image_moves: tuple[str, ...]
    incarnation: int
    refused: tuple[_Failure, ...]


class _WorkRecord(msgspec.Struct, array_like=True, frozen=True):
    wanted: dict[str, str]
    leaving: tuple[tuple[str, str, str, int], ...]
    goal_incarnation: int
    profile_digest: str
    under_way: _UnderWayRecord | None
    finished: tuple[_AnswerRecord, ...]
    failures: tuple[tuple[str, int, str], ...]
    ran_well: dict[str, str]
    is_announced: bool


class _ExtensionRecord(msgspec.Struct, array_like=True, frozen=True):
    extension_name: str
    sequence_number: int
    status: str
    code: int
    operation: str
    message: str
    substatus: tuple[tuple[str, str, int, str], ...]


class _HandlerRecord(msgspec.Struct, array_like=True, frozen=True):
    publisher: str
    type: str
    version: str
    status: str
    code: int
    message: str
    installed_version: str
    handler_state: str
    extensions: tuple[_ExtensionRecord, ...]


class _ReportRecord(msgspec.Struct, array_like=True, frozen=True):
    handlers: tuple[_HandlerRecord, ...]
    reached_incarnation: int
    last_heard_at_ms: int | None
    clock_skew_ms: int | None


_ENCODER = msgspec.json.Encoder()
_IDENTITY = msgspec.json.Decoder(_IdentityRecord)
_WORK = msgspec.json.Decoder(_WorkRecord)
_REPORT = msgspec.json.Decoder(_ReportRecord)


def encode_identity(card: HostCard) -> bytes:
    """Who the host is, without its credential's digest, which has a column of its own."""
    identity = card.identity
    return _ENCODER.encode(
        _IdentityRecord(
            scale_set=str(identity.name.scale_set),
            instance_id=identity.name.instance_id,
            zone=identity.zone,
            fault_domain=identity.fault_domain,
            labels=dict(identity.labels),
            settings_certificate=identity.settings_certificate,
            token_id=identity.token_id,
            joined_at_ms=identity.joined_at_ms,
            probe_address=card.probe_address,
            agent_version=card.agent_version,
            platform=card.platform,
        )
    )


def decode_identity(uid: str, credential_digest: bytes, text: bytes) -> HostCard:
    """The card, with nothing on it yet but who the host is."""
    record = _IDENTITY.decode(text)
    identity = Identity(
        uid=uid,
        name=HostName(scale_set=ScaleSetId.parse(record.scale_set), instance_id=record.instance_id),
        zone=record.zone,
        fault_domain=record.fault_domain,
        labels=record.labels,
        settings_certificate=record.settings_certificate,
        credential_digest=credential_digest,
        token_id=record.token_id,
        joined_at_ms=record.joined_at_ms,
    )
    return HostCard(
        identity=identity,
        probe_address=record.probe_address,
        agent_version=record.agent_version,
        platform=record.platform,
    )


def encode_work(card: HostCard) -> bytes:
    """What the host is to run, what it is at and what it finished."""
    return _ENCODER.encode(
        _WorkRecord(
            wanted=card.wanted,
            leaving=tuple(
                (each.extension_type.publisher, each.extension_type.type, each.version, each.incarnation)
                for each in card.leaving.values()
            ),
            goal_incarnation=card.goal_incarnation,
            profile_digest=card.profile_digest,
            under_way=None if card.under_way is None else _under_way_record(card.under_way),
            finished=tuple(
                _AnswerRecord(each.operation_id, tuple(map(_failure, each.failures)), each.probe)
                for each in card.finished
            ),
            failures=tuple((each.extension_name, each.code, each.message) for each in card.failures.values()),
            ran_well=card.ran_well,
            is_announced=card.is_announced,
        )
    )


def decode_work(card: HostCard, text: bytes) -> None:
    """Write it onto the card; all of it is kept, since it was read from the store."""
    record = _WORK.decode(text)
    card.wanted = record.wanted
    for publisher, type_, version, incarnation in record.leaving:
        extension_type = ExtensionType(publisher=publisher, type=type_)
        card.leaving[extension_type.key] = Leaving(
            extension_type=extension_type, version=version, incarnation=incarnation
        )
    card.goal_incarnation = card.kept_incarnation = record.goal_incarnation
    card.profile_digest = record.profile_digest
    card.under_way = None if record.under_way is None else _under_way(card, record.under_way)
    card.finished = tuple(
        InstanceAnswer(
            operation_id=each.operation_id,
            instance_id=card.instance_id,
            failures=tuple(map(_move_failure, each.failures)),
            probe=each.probe,
        )
        for each in record.finished
    )
    for name, code, message in record.failures:
        card.failures[name.lower()] = ExtensionFailure(extension_name=name, code=code, message=message)
    card.ran_well = record.ran_well
    card.is_announced = record.is_announced


def encode_report(card: HostCard) -> bytes:
    """What the host said last."""
    return _ENCODER.encode(
        _ReportRecord(
            handlers=tuple(map(_handler_record, card.handlers)),
            reached_incarnation=card.reached_incarnation,
            last_heard_at_ms=card.last_heard_at_ms,
            clock_skew_ms=card.clock_skew_ms,
        )
    )


def decode_report(card: HostCard, text: bytes) -> None:
    """Write it onto the card."""
    record = _REPORT.decode(text)
    card.handlers = tuple(map(_handler, record.handlers))
    card.reached_incarnation = record.reached_incarnation
    card.last_heard_at_ms = record.last_heard_at_ms
    card.clock_skew_ms = record.clock_skew_ms


def _under_way_record(under_way: UnderWay) -> _UnderWayRecord:
    moves = under_way.order.moves
    return _UnderWayRecord(
        operation_id=under_way.order.operation_id,
        extension_moves=tuple(
            (move.extension_name, str(move.version)) for move in moves if isinstance(move, ExtensionMove)
        ),
        image_moves=tuple(str(move.version) for move in moves if isinstance(move, ImageMove)),
        incarnation=under_way.incarnation,
        refused=tuple(map(_failure, under_way.refused)),
    )


def _under_way(card: HostCard, record: _UnderWayRecord) -> UnderWay:
    moves: list[Move] = [
        ExtensionMove(extension_name=name, version=Version(version)) for name, version in record.extension_moves
    ]
    moves += [ImageMove(version=Version(version)) for version in record.image_moves]
    order = InstanceOrder(
        operation_id=record.operation_id,
        scale_set=card.name.scale_set,
        instance_id=card.instance_id,
        moves=tuple(moves),
    )
    return UnderWay(order=order, incarnation=record.incarnation, refused=tuple(map(_move_failure, record.refused)))


def _failure(failure: MoveFailure) -> _Failure:
    return failure.extension_name, failure.code, failure.message


def _move_failure(failure: _Failure) -> MoveFailure:
    name, code, message = failure
    return MoveFailure(extension_name=name, code=code, message=message)


def _handler_record(report: HandlerReport) -> _HandlerRecord:
    return _HandlerRecord(
        publisher=report.extension_type.publisher,
        type=report.extension_type.type,
        version=report.version,
        status=report.status,
        code=report.code,
        message=report.message,
        installed_version=report.installed_version,
        handler_state=report.handler_state,
        extensions=tuple(
            _ExtensionRecord(
                extension_name=each.extension_name,
                sequence_number=each.sequence_number,
                status=each.status,
                code=each.code,
                operation=each.operation,
                message=each.message,
                substatus=tuple((part.name, part.status, part.code, part.message) for part in each.substatus),
            )
            for each in report.extensions
        ),
    )


def _handler(record: _HandlerRecord) -> HandlerReport:
    return HandlerReport(
        extension_type=ExtensionType(publisher=record.publisher, type=record.type),
        version=record.version,
        status=record.status,
        code=record.code,
        message=record.message,
        installed_version=record.installed_version,
        handler_state=record.handler_state,
        extensions=tuple(
            ExtensionReport(
                extension_name=each.extension_name,
                sequence_number=each.sequence_number,
                status=each.status,
                code=each.code,
                operation=each.operation,
                message=each.message,
                substatus=tuple(
                    Substatus(name=name, status=status, code=code, message=message)
                    for name, status, code, message in each.substatus
                ),
            )
            for each in record.extensions
        ),
    )
