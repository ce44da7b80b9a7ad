"""Decide: what a report means for an upgrade, as the events that follow from it. Asks the rules; changes nothing.

Law: decide is a function of where the upgrade stands and of the report. A report that comes twice, late, or for
somebody else gives no events, so that whoever drives an upgrade may repeat anything. Every upgrade ends, as long as
its observations come and its alarms ring. No instance is upgraded twice by one upgrade.
"""

from __future__ import annotations

from tidegate.upgrade.answered import alarm_rang, order_answered
from tidegate.upgrade.commands import cancel_requested, pause_requested, resume_requested
from tidegate.upgrade.events import Event
from tidegate.upgrade.observed import scale_set_observed
from tidegate.upgrade.reports import (
    AlarmRang,
    CancelRequested,
    OrderAnswered,
    PauseRequested,
    Report,
    ResumeRequested,
    ScaleSetObserved,
)
from tidegate.upgrade.state import Upgrade
from tidegate.upgrade.unfolding import Unfolding


def decide(upgrade: Upgrade, report: Report) -> tuple[Event, ...]:
    """The events that `report` causes, in order; none where it means nothing, and none once the upgrade has ended."""
    return unfold(upgrade, report).events


def unfold(upgrade: Upgrade, report: Report) -> Unfolding:
    """Like `decide`, with the upgrade as it stands after each of those events, for whoever wants both."""
    unfolding = Unfolding(upgrade, report.at_ms)
    if upgrade.is_ended:
        return unfolding
    match report:
        case OrderAnswered():
            order_answered(unfolding, report.answer)
        case ScaleSetObserved():
            scale_set_observed(unfolding, report.observation)
        case AlarmRang():
            alarm_rang(unfolding)
        case CancelRequested():
            cancel_requested(unfolding)
        case PauseRequested():
            pause_requested(unfolding)
        case ResumeRequested():
            resume_requested(unfolding)
    return unfolding
