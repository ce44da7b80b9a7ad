"""The map of all instances, in little room and in much."""

import pytest

from tests.cli.samples import instances, page, snapshot
from tidegate.cli.instance_map import MOST_SIGNS, Room, legend, map_lines
from tidegate.cli.watch_picture import Picture
from tidegate_client.messages import InstanceProgress, InstanceStatus

WAITING = InstanceStatus.INSTANCE_STATUS_WAITING
SUCCEEDED = InstanceStatus.INSTANCE_STATUS_SUCCEEDED
FAILED = InstanceStatus.INSTANCE_STATUS_FAILED
IN_PROGRESS = InstanceStatus.INSTANCE_STATUS_IN_PROGRESS


def picture_of(parts: list[InstanceProgress]) -> Picture:
    picture = Picture()
    picture.take(snapshot(parts))
    return picture


def lines(picture: Picture, *, columns: int = 80, height: int = 20, is_unicode: bool = True) -> list[str]:
    room = Room(columns=columns, lines=height, is_unicode=is_unicode)
    return [line.plain for line in map_lines(picture, room)]


def test_every_instance_has_a_sign_in_its_row() -> None:
    parts = instances(SUCCEEDED, FAILED, zone="1")
    parts += [InstanceProgress(instance_id="7", zone="2", status=WAITING)]
    assert lines(picture_of(parts)) == ["zone 1  ●✗", "zone 2  ·"]


def test_terminals_without_unicode_get_letters() -> None:
    parts = instances(SUCCEEDED, FAILED, IN_PROGRESS, WAITING)
    assert lines(picture_of(parts), is_unicode=False) == ["instances  #x>."]


def test_long_rows_go_on_below() -> None:
    assert lines(picture_of(instances(*[WAITING] * 30)), columns=31) == ["instances  " + "·" * 20, " " * 11 + "·" * 10]


def test_an_instance_under_way_turns() -> None:
    picture = picture_of(instances(IN_PROGRESS))
    shown = {
        map_lines(picture, Room(columns=80, lines=5, is_unicode=True, tick=tick))[0].plain[-1] for tick in range(8)
    }
    assert len(shown) == 4


@pytest.mark.parametrize(("count", "height"), [(501, 20), (1_000, 10), (10_000, 12), (50_000, 6)])
def test_too_many_instances_share_signs_and_still_fit(count: int, height: int) -> None:
    statuses = [SUCCEEDED] * count
    statuses[count // 2] = FAILED
    shown = lines(picture_of(instances(*statuses)), height=height)
    assert len(shown) <= height
    assert sum(line.count("●") for line in shown[:-1]) <= MOST_SIGNS
    assert sum(line.count("✗") for line in shown[:-1]) == 1
    assert "one sign stands for up to" in shown[-1]


def test_a_shared_sign_is_that_of_the_gravest() -> None:
    statuses = [WAITING, SUCCEEDED, IN_PROGRESS, FAILED] * 150
    shown = lines(picture_of(instances(*statuses)), height=3)
    assert set("".join(shown[:-1]).removeprefix("instances").strip()) <= {"✗", "◐", "·", " "}
    assert "✗" in shown[0]


def test_five_hundred_instances_have_a_sign_each() -> None:
    shown = lines(picture_of(instances(*[SUCCEEDED] * MOST_SIGNS)))
    assert sum(line.count("●") for line in shown) == MOST_SIGNS


def test_the_legend_counts_what_is_there() -> None:
    picture = picture_of(instances(SUCCEEDED, SUCCEEDED, FAILED))
    told = legend(picture, Room(columns=80, lines=5, is_unicode=True))
    assert page(told) == "● 2 done   ✗ 1 failed"


def test_without_instances_there_is_no_map() -> None:
    assert lines(picture_of([])) == []
