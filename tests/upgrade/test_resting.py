"""Where an upgrade comes to rest."""

from dataclasses import replace

import pytest

from tests.upgrade.building import upgrade
from tests.upgrade.driving import Drive
from tidegate.upgrade.resting import phase_between_batches, phase_within_batch
from tidegate.upgrade.state import Phase


@pytest.mark.parametrize(
    ("is_held", "deadline_ms", "phase"),
    [
        (False, None, Phase.CHECKING),
        (False, 11, Phase.RESTING),
        (False, 10, Phase.CHECKING),
        (True, 11, Phase.PAUSED),
        (True, None, Phase.PAUSED),
    ],
)
def test_between_batches_it_is_paused_rests_or_is_about_to_begin(
    is_held: bool, deadline_ms: int | None, phase: Phase
) -> None:
    assert phase_between_batches(is_held, deadline_ms, at_ms=10) is phase


def test_inside_a_batch_it_is_paused_only_when_nothing_is_under_way_and_some_of_it_is_left() -> None:
    drive = Drive(upgrade())
    drive.observe()
    left = replace(drive.upgrade, is_held=True, begun=1)
    assert phase_within_batch(left, 0, 0) is Phase.PAUSED
    assert phase_within_batch(left, 1, 0) is Phase.UPGRADING
    assert phase_within_batch(left, 0, 1) is Phase.UPGRADING
    assert phase_within_batch(replace(left, is_held=False), 0, 0) is Phase.UPGRADING
    assert phase_within_batch(replace(left, begun=2), 0, 0) is Phase.UPGRADING
