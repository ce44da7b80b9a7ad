"""What an upgrade asks of a fleet, and what the fleet answers.

Law: an order carries an operation id and may be given any number of times; a fleet carries it out once and answers
each giving. An operation id names one deed on one instance for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.health import ProbeState
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionMove:
    """Bring one extension of the instance to `version`, up or back down."""

    extension_name: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMove:
    """Bring the instance's operating system to the image `version`."""

    version: Version


Move = ExtensionMove | ImageMove


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOrder:
    """Carry out all `moves` on one instance, each applied on its own: one failing does not stop the others."""

    operation_id: str
    scale_set: ScaleSetId
    instance_id: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFailure:
    """One move that did not succeed; `extension_name` is empty for an image move."""

    extension_name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceAnswer:
    """The end of one order: what failed (nothing, when it went well) and how the instance's probe looks right after."""

    operation_id: str
    instance_id: str
    failures: tuple[MoveFailure, ...]
    probe: ProbeState
