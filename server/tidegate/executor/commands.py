"""What somebody may want of an upgrade under way: cancel, pause or resume it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from tidegate.domain.refusal import NoUpgradeInProgress, Refusal, UpgradeNotPaused
from tidegate.domain.resource_id import UpgradeName
from tidegate.upgrade.reports import CancelRequested, PauseRequested, Report, ResumeRequested
from tidegate.upgrade.state import Upgrade


class Verb(StrEnum):
    """The word for it, as refusals say it."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """One wish, and the future in which its caller waits for where the upgrade stands once it is durable."""

    verb: Verb
    at_ms: int
    outcome: asyncio.Future[Upgrade]

    @classmethod
    def of(cls, verb: Verb, at_ms: int) -> Command:
        """A new wish of the task that is running."""
        return cls(verb, at_ms, asyncio.get_running_loop().create_future())

    @property
    def report(self) -> Report:
        """The wish as the core is told of it."""
        match self.verb:
            case Verb.CANCEL:
                return CancelRequested(at_ms=self.at_ms)
            case Verb.PAUSE:
                return PauseRequested(at_ms=self.at_ms)
            case Verb.RESUME:
                return ResumeRequested(at_ms=self.at_ms)

    def refuse(self, refusal: Refusal) -> None:
        """Tell the caller, unless he has gone."""
        if not self.outcome.done():
            self.outcome.set_exception(refusal)

    def fulfil(self, upgrade: Upgrade) -> None:
        """Tell the caller where it stands, unless he has gone."""
        if not self.outcome.done():
            self.outcome.set_result(upgrade)


def refusal_of(verb: Verb, upgrade: Upgrade) -> Refusal | None:
    """Why the upgrade, as it stands, cannot be cancelled, paused or resumed; None where it can."""
    if upgrade.is_ended:
        return NoUpgradeInProgress(str(upgrade.scale_set), verb.value)
    if verb is Verb.RESUME and not upgrade.is_held:
        return UpgradeNotPaused(name_of(upgrade))
    return None


def name_of(upgrade: Upgrade) -> str:
    """The upgrade's name: `{scale set}/rollingUpgrades/{id}`."""
    return str(UpgradeName(scale_set=upgrade.scale_set, upgrade_id=upgrade.upgrade_id))
