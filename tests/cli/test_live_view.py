"""The live view, as a terminal shows it."""

from tests.cli.samples import BEGAN_SECONDS, HALT, at, instances, page, snapshot
from tidegate.cli.live_view import LiveView
from tidegate.cli.watch_picture import Picture
from tidegate_client.messages import InstanceStatus, Phase, Progress, StatusCode

WAITING = InstanceStatus.INSTANCE_STATUS_WAITING
SUCCEEDED = InstanceStatus.INSTANCE_STATUS_SUCCEEDED
FAILED = InstanceStatus.INSTANCE_STATUS_FAILED


def view_of(*statuses: InstanceStatus.ValueType, **changes: object) -> LiveView:
    picture = Picture()
    parts = instances(*statuses)
    for part in parts:
        if part.status == FAILED:
            part.code, part.message = "HandlerError", "It exited with 51."
    picture.take(snapshot(parts, **changes))
    return LiveView(picture, now=lambda: BEGAN_SECONDS + 42.0)


def test_before_the_first_answer_it_waits() -> None:
    assert page(LiveView(Picture())) == "waiting for the server ..."


def test_it_shows_what_where_and_how_far() -> None:
    shown = page(view_of(SUCCEEDED, SUCCEEDED, WAITING), width=80)
    lines = shown.splitlines()
    assert lines[0].startswith("shop/web  westeurope  upgrade u1")
    assert lines[0].endswith("RollingForward  upgrading")
    assert lines[1] == "policy azure-default 3f2a9c1b   to agent 1.4"
    assert lines[3] == "instances  ●●·"
    assert "2 done" in lines[5]
    assert lines[6].startswith("batch 2 of 5")
    assert lines[6].endswith("2 of 10  42 s")
    assert max(map(len, lines)) <= 80


def test_a_halt_is_told_in_full_with_the_failures() -> None:
    view = view_of(
        FAILED,
        SUCCEEDED,
        WAITING,
        status=StatusCode.STATUS_CODE_FAULTED,
        phase=Phase.PHASE_ENDED,
        last_decision=HALT,
        end_time=at(30),
        progress=Progress(failed_instance_count=1),
    )
    shown = page(view, width=80)
    assert "0 failed HandlerError: It exited with 51." in shown
    assert "halt  too-many-unhealthy  rules/azure-default.yaml:85:5" in shown
    assert "progress.unhealthyUpgradedPercent = 40" in shown
    assert shown.splitlines()[-1].startswith("Faulted after 30 s: 2 done, 1 failed")


def test_a_lost_connection_is_told_at_the_bottom() -> None:
    view = view_of(WAITING)
    view.remark = "connection lost, trying again"
    assert page(view).splitlines()[-1] == "connection lost, trying again"


def test_it_fits_a_small_terminal_whatever_the_size_of_the_scale_set() -> None:
    view = view_of(*[WAITING] * 4_000, last_decision=HALT)
    for width, height in ((80, 24), (120, 40), (40, 20)):
        shown = page(view, width=width, height=height)
        assert len(shown.splitlines()) <= height
        assert max(map(len, shown.splitlines())) <= width


def test_an_upgrade_without_anything_to_do_is_full() -> None:
    view = view_of(InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST, progress=Progress())
    view._picture.upgrade.progress.Clear()
    assert "0 of 0" in page(view)
