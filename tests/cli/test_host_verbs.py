"""The verbs about hosts, against a real server that takes them, and a host that really joins."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import Told, environment
from tests.cli.samples import arm_resource, scale_set_id
from tests.cli.serving import Serving
from tidegate.cli.host_verbs import verbs
from tidegate_client import Client

Verb = Callable[..., Told]
WEB = scale_set_id("web")


@pytest.fixture(scope="module")
def host_server() -> Iterator[str]:
    with Serving("--listen", "127.0.0.1:0", "--data", ":memory:", "--fleet", "agents") as serving:
        with Client(serving.address) as client:
            client.put_scale_set(WEB, arm_resource("web"))
            client.put_scale_set(scale_set_id("empty"), arm_resource("empty"))
        yield serving.address


@pytest.fixture
def host(host_server: str, monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Runs `tidegate host` in this process."""
    for name, value in environment(host_server).items():
        monkeypatch.setenv(name, value)

    def run(*words: str | Path) -> Told:
        result = CliRunner().invoke(verbs, [str(word) for word in words], prog_name="tidegate host")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(exits=result.exit_code, out=result.stdout, err=result.stderr)

    return run


def join(server: str, root: Path, token_file: Path, name: str) -> subprocess.CompletedProcess[str]:
    words = ["join", "--server", server, "--root", str(root), "--token-file", str(token_file), "--name", name]
    return subprocess.run(
        [sys.executable, "-c", "from tidegate_agent.main import main; main()", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_token_lets_one_host_join_who_is_then_seen_and_let_go(host: Verb, host_server: str, tmp_path: Path) -> None:
    told = host("token", "-g", "shop", "-n", "web", "--out", tmp_path / "token")
    assert (told.exits, told.out) == (0, "")
    assert "It is good for one host until" in told.err
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    joined = join(host_server, tmp_path / "root", tmp_path / "token", "web-7")
    assert joined.returncode == 0, joined.stderr
    name = f"{WEB}/virtualMachines/web-7"
    assert joined.stdout == f"{name}\n"
    second = join(host_server, tmp_path / "other", tmp_path / "token", "web-8")
    assert second.returncode == 1
    assert "advice: " in second.stderr

    assert [each["name"] for each in host("list", "-o", "json").document] == [name]
    assert host("list", "-g", "shop", "-n", "web").out.splitlines()[1].split()[:2] == ["web-7", "shop/web"]
    assert host("list", scale_set_id("empty"), "-o", "json").document == []
    assert host("show", "web-7", "-g", "shop", "-n", "web", "-o", "json").document["name"] == name
    assert "It has told of no handler." in host("show", name).out

    assert host("remove", WEB, "web-7").exits == 0
    assert host("remove", WEB, "web-7").exits == 3
    assert host("show", name).exits == 3
    assert host("list", "-o", "json").document == []


def test_a_token_goes_to_stdout_alone_and_may_be_for_one_name(host: Verb, host_server: str, tmp_path: Path) -> None:
    told = host("token", WEB, "--instance-id", "web-1", "--ttl", "PT5M")
    assert told.exits == 0
    assert told.out.startswith("tgj1_")
    assert len(told.out.splitlines()) == 1
    (tmp_path / "token").write_text(told.out)
    refused = join(host_server, tmp_path / "root", tmp_path / "token", "web-2")
    assert refused.returncode == 1
    assert told.out.strip() not in refused.stderr


def test_the_document_of_a_token_has_it_unless_a_file_has(host: Verb, tmp_path: Path) -> None:
    assert host("token", WEB, "-o", "json").document["token"].startswith("tgj1_")
    told = host("token", WEB, "-o", "json", "--out", tmp_path / "token")
    assert told.document["token"] == ""
    assert told.document["expireTime"]
    assert (tmp_path / "token").read_text().startswith("tgj1_")


def test_a_token_takes_the_place_of_no_file(host: Verb, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("kept")
    assert host("token", WEB, "--out", tmp_path / "token").exits == 2
    assert (tmp_path / "token").read_text() == "kept"
    assert host("token", WEB, "--out", tmp_path / "nowhere" / "token").exits == 2


@pytest.mark.parametrize("length", ["1h", "PT5S", "P31D", "P999999999W", ""])
def test_a_length_that_cannot_be_is_a_wrong_command_line(host: Verb, length: str) -> None:
    assert host("token", WEB, "--ttl", length).exits == 2


def test_what_is_not_there_is_not_found(host: Verb) -> None:
    assert host("token", scale_set_id("nothing")).exits == 3
    assert host("show", WEB, "nobody").exits == 3
    assert host("show", "nobody").exits == 2


def test_a_server_that_takes_no_hosts_says_what_to_start(server: str) -> None:
    result = CliRunner().invoke(verbs, ["list", "--server", server], prog_name="tidegate host")
    assert result.exit_code == 1
    assert "--fleet agents" in result.stderr
