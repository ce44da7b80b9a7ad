"""Where the command line writes."""

import json

import pytest
from rich.text import Text

from tests.cli.samples import page
from tidegate.cli.console import OutputFormat, facts_grid, remarks, results, show, show_all, table
from tidegate_client.messages import ExtensionType, Message

AGENT = ExtensionType(publisher="P", type="Agent")


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    show(OutputFormat.JSON, AGENT, lambda: Text("unused"))
    assert json.loads(capsys.readouterr().out) == {"publisher": "P", "type": "Agent"}
    listed: list[Message] = [AGENT, AGENT]
    show_all(OutputFormat.JSON, listed, lambda: Text("unused"))
    assert [each["type"] for each in json.loads(capsys.readouterr().out)] == ["Agent", "Agent"]
    show_all(OutputFormat.JSON, [], lambda: Text("unused"))
    assert json.loads(capsys.readouterr().out) == []


def test_results_and_remarks_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    show(OutputFormat.TABLE, AGENT, lambda: Text("result"))
    remarks().print("remark")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("result\n", "remark\n")


def test_nothing_is_cut_off_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    show(OutputFormat.TABLE, AGENT, lambda: table(["id"], [["x" * 190]], empty=""))
    assert "x" * 190 in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "90")
    assert results().width == 90


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert results().no_color


def test_a_table_without_rows_is_a_sentence() -> None:
    assert page(table(["a"], [], empty="There is none.")) == "There is none."
    assert page(table(["a", "b"], [["1", Text("[2]")]], empty="")).splitlines() == ["a  b", "1  [2]"]


def test_names_stand_beside_what_is_so() -> None:
    assert page(facts_grid([("name", "[bold]"), ("longer", Text("x"))])).splitlines() == ["name    [bold]", "longer  x"]
