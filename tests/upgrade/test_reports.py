"""Reports say what happened in the world, and when."""

import dataclasses
from typing import get_args

import pytest

from tests.upgrade.building import START_MS, upgrade
from tidegate.upgrade.decide import decide
from tidegate.upgrade.reports import AlarmRang, CancelRequested, PauseRequested, Report, ResumeRequested


@pytest.mark.parametrize("kind", get_args(Report))
def test_a_report_says_when(kind: type) -> None:
    assert "at_ms" in {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", [AlarmRang, CancelRequested, PauseRequested, ResumeRequested])
def test_what_follows_from_a_report_carries_its_moment(kind: type) -> None:
    report = kind(at_ms=START_MS + 77)
    assert {event.at_ms for event in decide(upgrade(), report)} <= {START_MS + 77}
