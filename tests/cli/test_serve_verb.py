"""`tidegate serve` as a process; what keeps a server from starting is tried in `test_assembly`."""

import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Tidegate
from tests.cli.samples import SCALE_SET, arm_resource
from tests.cli.serving import Serving, refused
from tests.trust.authorities import authority_in
from tidegate_client import Client

FREE = ("--listen", "127.0.0.1:0", "--log-format", "json")


def test_it_serves_until_it_is_told_to_stop_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there" / "yet"
    with Serving(*FREE, "--data", str(data)) as server, Client(server.address) as client:
        client.put_scale_set(SCALE_SET, arm_resource("web"))
        assert server.end(signal.SIGTERM) == 0
    assert any('"event": "stopped"' in line for line in server.log)
    with Serving(*FREE, "--data", str(data)) as server, Client(server.address) as client:
        assert client.get_scale_set(SCALE_SET).capacity == 4
        code, said = refused(*FREE, "--data", str(data))
        assert code == 1
        assert said.startswith(f"error: Another server, process {server.pid}, has the data folder {data}.")
        assert server.end(signal.SIGINT) == 0


def test_without_a_word_its_data_lies_in_the_users_folder(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "xdg")}
    with Serving(*FREE, environment=home):
        assert (tmp_path / "xdg" / "tidegate" / "journal.sqlite").is_file()


def test_it_keeps_nothing_in_memory(tmp_path: Path) -> None:
    with Serving(*FREE, "--data", ":memory:", environment={"HOME": str(tmp_path), "XDG_DATA_HOME": ""}) as server:
        assert server.address.startswith("127.0.0.1:")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "gate.example.org:50551"])
def test_it_does_not_open_the_door_to_everybody(tidegate: Tidegate, listen: str) -> None:
    told = tidegate("serve", "--listen", listen)
    assert told.exits == 2
    said = " ".join(told.err.replace("│", " ").split())
    assert f"tidegate ca init, and then: tidegate serve --listen {listen} --tls " in said


def test_what_is_wrong_with_its_keys_keeps_it_from_starting_and_says_what_to_run(tmp_path: Path) -> None:
    code, said = refused(*FREE, "--data", ":memory:", "--tls", str(tmp_path))
    assert code == 1
    assert f"Run: tidegate ca init --dir {tmp_path}" in said
    authority_in(tmp_path / "ca")
    (tmp_path / "ca" / "ca.key").chmod(0o644)
    code, said = refused(*FREE, "--data", ":memory:", "--tls", str(tmp_path / "ca"))
    assert code == 1
    assert f"Run: chmod 600 {tmp_path}/ca/ca.key" in said


@pytest.mark.parametrize(
    "words",
    [
        ["--listen", "50551"],
        ["--fleet", "azure"],
        ["--max-active", "0"],
        ["--tls-key", "x"],
        ["--heartbeat", "15"],
        ["--heartbeat", "PT1M", "--silence", "PT1M"],
        ["--silence", "P2D"],
    ],
)
def test_options_that_make_no_sense_are_a_wrong_command_line(tidegate: Tidegate, words: list[str]) -> None:
    assert tidegate("serve", *words).exits == 2
