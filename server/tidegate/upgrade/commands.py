"""What people ask of an upgrade that runs: to cancel it, to pause it, to let it go on.

Law: asking for what is so already changes nothing. An end that is decided is above a pause and a cancel.
"""

from __future__ import annotations

from tidegate.upgrade.events import BatchSettled, CancelAccepted, UpgradePaused, UpgradeResumed
from tidegate.upgrade.onward import go_on_within_batch, wind_up_if_ending
from tidegate.upgrade.state import Phase
from tidegate.upgrade.unfolding import Unfolding


def cancel_requested(unfolding: Unfolding) -> None:
    """Nothing new begins; what was begun finishes, settles and is brought back as the pace says; then it is over."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    if upgrade.is_ending:
        return
    is_paused_within_batch = upgrade.phase is Phase.PAUSED and upgrade.is_within_batch
    unfolding.say(CancelAccepted(at_ms=at_ms))
    if is_paused_within_batch:
        unfolding.say(BatchSettled(at_ms=at_ms, number=upgrade.batch_number))
    wind_up_if_ending(unfolding)


def pause_requested(unfolding: Unfolding) -> None:
    """Nothing new begins until it is resumed; what was begun comes to its end."""
    if not unfolding.upgrade.is_ending and not unfolding.upgrade.is_held:
        unfolding.say(UpgradePaused(at_ms=unfolding.at_ms, decision=None))


def resume_requested(unfolding: Unfolding) -> None:
    """It goes on where it was, whether somebody or a rule had paused it."""
    if unfolding.upgrade.is_held:
        unfolding.say(UpgradeResumed(at_ms=unfolding.at_ms))
        go_on_within_batch(unfolding)
