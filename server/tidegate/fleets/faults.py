"""Faults to order: what shall go wrong on simulated machines, and where.

Law: a fault holds where its `Where` says, and as long as it says. A fault of the probe that names a version holds
while a machine runs that version: a move to another one heals it. That is how a bad version is modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.domain.extension import ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.order import ExtensionMove, ImageMove, Move
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import MalformedVersion, Version

IMAGE = ""
"""The `extension` of a fault that is about the operating system's image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which machines and which software a fault is about; what is not given does not narrow it."""

    scale_set: str | None = None
    """Its name or its whole id, in any case."""
    instance_ids: frozenset[str] | None = None
    share: float | None = None
    """Above 0, at most 1: so many of the scale set's instances, rounded up, chosen by the fleet's seed."""
    extension: str | None = None
    """An extension's name in any case, or `IMAGE`."""
    version: Version | None = None
    times: int | None = None
    """How often it holds on each instance; then that instance is spared."""

    def __post_init__(self) -> None:
        assert self.share is None or 0 < self.share <= 1, f"a share is above 0 and at most 1: {self.share}"
        assert self.times is None or self.times > 0, f"a fault holds at least once: {self.times}"

    def fits_scale_set(self, scale_set: ScaleSetId) -> bool:
        return self.scale_set is None or self.scale_set.lower() in (scale_set.name.lower(), scale_set.key)

    def fits_move(self, move: Move) -> bool:
        """Whether the move brings what the fault is about."""
        match move:
            case ExtensionMove():
                return self._fits_extension(move.extension_name) and self.version in (None, move.version)
            case ImageMove():
                return self.extension in (None, IMAGE) and self.version in (None, move.version)

    def fits_software(self, instance: Instance) -> bool:
        """Whether the instance runs what the fault is about; where it names nothing, every instance does."""
        if self.extension is None and self.version is None:
            return True
        if self.extension == IMAGE:
            return self.version is None or image_version(instance) == self.version
        return any(
            self.version in (None, state.version)
            for state in instance.extensions.values()
            if self._fits_extension(state.name) and state.provisioning_state is not ProvisioningState.FAILED
        )

    def _fits_extension(self, name: str) -> bool:
        return self.extension is None or self.extension.lower() == name.lower()


def image_version(instance: Instance) -> Version | None:
    """The instance's image version where it is one that can be compared."""
    try:
        return Version(instance.image_version)
    except MalformedVersion:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallFails:
    """A move fails: the instance keeps its version and reports the failure."""

    where: Where = field(default_factory=Where)
    code: str = "VMExtensionProvisioningError"
    message: str = "Enable failed: the handler exited with code 1."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTurns:
    """The probe reads `state`, `after_seconds` after the machine came to run what the fault is about."""

    where: Where = field(default_factory=Where)
    state: ProbeState = ProbeState.UNHEALTHY
    after_seconds: float = 0.0
    for_seconds: float | None = None
    """Then it recovers; None: it does not by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFlaps:
    """The probe reads `state` for half of every period, the bad half first."""

    where: Where = field(default_factory=Where)
    state: ProbeState = ProbeState.UNHEALTHY
    period_seconds: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Carrying out an order takes so much longer."""

    where: Where = field(default_factory=Where)
    seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverAnswers:
    """The machine takes the order and is not heard of again; a later order is carried out."""

    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """The machine cannot be reached; what it was told it finishes when it is back.

    Seconds count from the moment at which the fault was ordered or the scale set placed, whichever is later.
    """

    where: Where = field(default_factory=Where)
    from_seconds: float = 0.0
    until_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersTwice:
    """The answer comes, and comes again."""

    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersLate:
    """The work is done in its time, but the answer comes so much later."""

    where: Where = field(default_factory=Where)
    seconds: float = 60.0


ProbeFault = ProbeTurns | ProbeFlaps
OrderFault = InstallFails | Slow | NeverAnswers | AnswersTwice | AnswersLate
Fault = ProbeFault | OrderFault | Offline
