"""Events as lines."""

import pytest

from tests.cli.samples import HALT, at, event, instances, page, snapshot
from tidegate.cli.event_lines import _ENDINGS, _PLAIN, _SILENT, final_line, lines_of
from tidegate.cli.watch_picture import Picture
from tidegate_client import WatchItem
from tidegate_client.messages import EventType, InstanceStatus, Phase, Progress, StatusCode, Verdict

WAITING = InstanceStatus.INSTANCE_STATUS_WAITING


def told(*items: WatchItem) -> list[str]:
    """The lines for the last item, after those before it."""
    picture = Picture()
    lines: list[str] = []
    for item in items:
        picture.take(item)
        lines = [page(line, width=300) for line in lines_of(item, picture)]
    return lines


BEGIN = snapshot(instances(WAITING, WAITING))


def test_a_snapshot_says_what_and_how_far() -> None:
    assert told(BEGIN) == [
        "shop/web  upgrade u1  policy azure-default",
        "to agent 1.4",
        "2 done, 0 failed, 2 under way, 6 waiting; 5 batches planned",
    ]


def test_a_snapshot_of_an_ended_upgrade_says_how_it_ended() -> None:
    ended = snapshot([], status=StatusCode.STATUS_CODE_COMPLETED, phase=Phase.PHASE_ENDED, end_time=at(90))
    assert told(ended)[-1] == "Completed after 1 min 30 s: 2 done, 0 failed, 2 under way, 6 waiting"


def test_a_snapshot_of_a_faulted_upgrade_says_why() -> None:
    ended = snapshot([], status=StatusCode.STATUS_CODE_FAULTED, phase=Phase.PHASE_ENDED, end_time=at(90))
    ended.rolling_upgrade.error.message = "Too many [are] unwell."
    assert told(ended)[-2:] == [
        "Too many [are] unwell.",
        "Faulted after 1 min 30 s: 2 done, 0 failed, 2 under way, 6 waiting",
    ]


@pytest.mark.parametrize(
    ("kind", "ids", "said"),
    [
        (EventType.EVENT_TYPE_BATCH_STARTED, ("0", "1"), "batch 2 of 5: 0, 1"),
        (EventType.EVENT_TYPE_WAVE_BEGAN, ("0", "1"), "upgrading 0, 1"),
        (EventType.EVENT_TYPE_INSTANCE_SETTLED, ("0",), "0 is healthy"),
        (EventType.EVENT_TYPE_INSTANCE_RESTORED, ("0",), "0 is back at its previous version"),
        (EventType.EVENT_TYPE_UPGRADE_PAUSED, (), "paused"),
        (EventType.EVENT_TYPE_REST_ENDED, (), "the pause between batches is over"),
    ],
)
def test_an_event_is_a_moment_and_a_sentence(kind: EventType.ValueType, ids: tuple[str, ...], said: str) -> None:
    assert told(BEGIN, event(8, kind, *ids)) == [f"00:00:08  {said}"]


def test_a_failure_says_why() -> None:
    failed = event(8, EventType.EVENT_TYPE_INSTANCE_FAILED, "1", code="Broken", message="It {broke}.")
    assert told(BEGIN, failed) == ["00:00:08  1 failed: Broken: It {broke}."]


def test_an_upgraded_instance_that_is_not_well_yet_is_told_so() -> None:
    upgraded = EventType.EVENT_TYPE_INSTANCE_UPGRADED
    well = event(8, upgraded, "0", progress=Progress(successful_instance_count=3))
    assert told(BEGIN, well) == ["00:00:08  0 upgraded"]
    unwell = event(8, upgraded, "0", progress=Progress(successful_instance_count=2))
    assert told(BEGIN, unwell) == ["00:00:08  0 upgraded, not healthy yet"]


def test_a_halt_says_by_which_rule_where_why_and_on_what() -> None:
    assert told(BEGIN, event(8, EventType.EVENT_TYPE_HALT_DECIDED, decision=HALT)) == [
        "00:00:08  stopped: halt  too-many-unhealthy  rules/azure-default.yaml:85:5",
        "          40% of instances are in an unhealthy state.",
        "          progress.unhealthyUpgradedPercent = 40",
        "          scaleSet.capacity = 10  (72 s old)",
    ]


def test_a_batch_that_goes_on_needs_no_reasons() -> None:
    going_on = event(8, EventType.EVENT_TYPE_BATCH_JUDGED, decision=HALT)
    going_on.decision.verdict = Verdict.VERDICT_GO_ON
    assert told(BEGIN, going_on) == ["00:00:08  batch 2 judged: go on"]


def test_the_end_says_how_and_after_how_long() -> None:
    end = event(
        30,
        EventType.EVENT_TYPE_UPGRADE_FAULTED,
        status=StatusCode.STATUS_CODE_FAULTED,
        phase=Phase.PHASE_ENDED,
        progress=Progress(successful_instance_count=6, failed_instance_count=4),
    )
    assert told(BEGIN, end) == ["00:00:30  Faulted after 30 s: 6 done, 4 failed, 0 under way, 0 waiting"]


def test_without_a_beginning_there_is_no_length() -> None:
    picture = Picture()
    end = event(30, EventType.EVENT_TYPE_UPGRADE_COMPLETED, status=StatusCode.STATUS_CODE_COMPLETED)
    picture.take(end)
    assert page(final_line(picture)) == "Completed: 0 done, 0 failed, 0 under way, 0 waiting"


def test_every_event_of_the_contract_has_its_words() -> None:
    known = {*_PLAIN, *_ENDINGS, *_SILENT, EventType.EVENT_TYPE_INSTANCE_UPGRADED}
    assert known == {value for value in EventType.values() if value}
    assert told(BEGIN, event(8, EventType.EVENT_TYPE_HEALTH_OBSERVED)) == []


def test_an_event_of_a_newer_server_is_told_by_its_number() -> None:
    newer = event(8, EventType.EVENT_TYPE_UNSPECIFIED)
    assert told(BEGIN, newer) == ["00:00:08  event 0"]
