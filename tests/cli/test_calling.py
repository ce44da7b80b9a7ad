"""What a failed call becomes."""

import grpc
import pytest
import typer

from tests.client.scripted_server import Fails, ScriptedServer, refusal
from tidegate.cli.calling import calling


@pytest.mark.parametrize(
    ("fails", "exits", "said"),
    [
        (refusal(grpc.StatusCode.NOT_FOUND, "SCALE_SET_NOT_FOUND", advice="Put it first."), 3, "advice: Put it first."),
        (refusal(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ELIGIBLE"), 1, "error: refused: NOT_ELIGIBLE"),
        (Fails(code=grpc.StatusCode.INTERNAL, message="Our log has it as 17."), 1, "error: Our log has it as 17."),
    ],
)
def test_a_failed_call_is_told_and_ends_the_command(
    capsys: pytest.CaptureFixture[str], fails: Fails, exits: int, said: str
) -> None:
    with ScriptedServer() as server:
        server.script("GetLatestRollingUpgrade", fails)
        with pytest.raises(typer.Exit) as ended, calling(server.target) as client:
            client.get_latest_rolling_upgrade("/x")
    assert ended.value.exit_code == exits
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


def test_a_lost_call_is_sent_again_first() -> None:
    with ScriptedServer() as server:
        server.script("GetLatestRollingUpgrade", *[Fails(code=grpc.StatusCode.UNAVAILABLE)] * 4)
        with pytest.raises(typer.Exit) as ended, calling(server.target) as client:
            client.get_latest_rolling_upgrade("/x")
    assert ended.value.exit_code == 6
    assert len(server.asked["GetLatestRollingUpgrade"]) == 4
