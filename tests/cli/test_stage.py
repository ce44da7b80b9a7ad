"""The stage: what a demo shows beside the upgrades themselves."""

import io

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from tidegate.cli.stage import Stage, outcome_row
from tidegate_client.messages import Progress, RollingUpgrade, StatusCode


def stage() -> tuple[Stage, io.StringIO]:
    """A stage of 60 columns, and what is written on it."""
    written = io.StringIO()
    return Stage(console=Console(file=written, width=60), is_drawn=False, reading_seconds=0.0), written


def test_titles_commands_and_remarks_stand_in_lines_of_their_own() -> None:
    told, written = stage()
    told.say("A title", "What it is about.")
    told.run("tidegate serve")
    told.shout("kill -9 4711")
    told.pause()
    lines = written.getvalue().splitlines()
    assert lines[1].startswith("A title ─")
    assert lines[2:] == ["What it is about.", "$ tidegate serve", "kill -9 4711"]


def test_on_a_terminal_a_remark_is_broken_between_words() -> None:
    written = io.StringIO()
    told = Stage(console=Console(file=written, width=30), is_drawn=True, reading_seconds=0.0)
    told.shout("kill -9 4711: the agent of web-3. It is started again.")
    assert written.getvalue().splitlines() == ["kill -9 4711: the agent of ", "web-3. It is started again."]


def test_what_a_suggestion_is_good_for_stays_in_its_column() -> None:
    written = io.StringIO()
    told = Stage(console=Console(file=written, width=40), is_drawn=True, reading_seconds=0.0)
    told.suggest((("tidegate ca init", "the authority of both"),))
    assert [line.rstrip() for line in written.getvalue().splitlines()[2:]] == [
        "  $ tidegate ca init the authority of",
        "                     both",
    ]


def test_suggestions_stand_in_two_columns() -> None:
    told, written = stage()
    told.suggest((("tidegate serve", "a server"), ("tidegate ca init", "an authority")))
    assert [line.rstrip() for line in written.getvalue().splitlines()[2:]] == [
        "  $ tidegate serve   a server",
        "  $ tidegate ca init an authority",
    ]


def test_an_outcome_names_only_what_there_was() -> None:
    upgrade = RollingUpgrade(
        status=StatusCode.STATUS_CODE_FAULTED,
        progress=Progress(restored_instance_count=2, pending_instance_count=6),
        start_time=Timestamp(seconds=100),
        end_time=Timestamp(seconds=104),
    )
    name, outcome, took, told = outcome_row("1.2.0", upgrade)
    assert (name, str(outcome), took) == ("1.2.0", "Faulted", "4.0 s")
    assert told == "2 failed and brought back, 6 never touched"
