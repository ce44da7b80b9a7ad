"""The page about clients tells the truth: its Python is run, and its tables are compared with the code."""

import re
from pathlib import Path

import pytest

import tidegate_client
from tests.cli.serving import Serving
from tidegate.cli.exit_codes import MEANINGS
from tidegate_client import TidegateError


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "clients" / "README.md").read_text(encoding="utf-8")


def test_its_python_runs_from_top_to_bottom(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {"__name__": "readme"}
    with Serving("--listen", "127.0.0.1:0", "--data", ":memory:") as server:
        for block in blocks:
            exec(compile(block.replace("127.0.0.1:50551", server.address), "clients/README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert re.search(r"rules/azure-default\.yaml:\d+:\d+: enrolled-subscriptions-only: The subscription", printed)
    assert "9 instances" in printed
    assert f"['{names['web']}']" in printed.splitlines()


def test_every_exit_code_is_in_it(page: str) -> None:
    assert dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)) == {
        str(code.value): meaning for code, meaning in MEANINGS.items()
    }


def test_every_error_is_in_it(page: str) -> None:
    kinds = {
        name
        for name in tidegate_client.__all__
        if isinstance(kind := getattr(tidegate_client, name), type) and issubclass(kind, TidegateError)
    }
    assert {name for name in kinds if f"`{name}`" not in page} == set()
