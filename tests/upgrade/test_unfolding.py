"""One report may cause several events, each decided where the ones before it have led."""

from tests.upgrade.building import START_MS, upgrade
from tidegate.upgrade.events import UpgradePaused, UpgradeResumed
from tidegate.upgrade.state import Phase
from tidegate.upgrade.unfolding import Unfolding


def test_each_event_moves_the_upgrade_and_is_kept_with_where_it_then_stood() -> None:
    fresh = upgrade()
    unfolding = Unfolding(fresh, START_MS)
    assert not unfolding.events
    paused, resumed = UpgradePaused(at_ms=START_MS, decision=None), UpgradeResumed(at_ms=START_MS)
    unfolding.say(paused)
    assert unfolding.upgrade.phase is Phase.PAUSED
    unfolding.say(resumed)
    assert unfolding.events == (paused, resumed)
    assert [(event, after.phase) for event, after in unfolding.steps] == [
        (paused, Phase.PAUSED),
        (resumed, Phase.CHECKING),
    ]
    assert (fresh.phase, unfolding.upgrade.sequence) == (Phase.CHECKING, 3)
