"""The verbs about policies: some ask a server, `check` needs none."""

from pathlib import Path

import pytest

from tests.cli.conftest import POLICY, Tidegate

FABRIC = "scaleSet.isServiceFabric=true"


def test_the_policies_in_force_are_listed_and_shown(tidegate: Tidegate) -> None:
    assert tidegate("policy", "list").out.splitlines()[1].split()[0] == "open"
    assert [each["name"] for each in tidegate("policy", "list", "-o", "json").document["policies"]] == ["open"]
    shown = tidegate("policy", "show", "open")
    assert shown.exits == 0
    assert POLICY.strip() in shown.out
    assert "policies/open.yaml" in shown.out
    assert tidegate("policy", "show", "open", "-o", "json").document["text"] == POLICY
    assert tidegate("policy", "show", "closed").exits == 3


def test_eligibility_is_tried_with_a_trace(tidegate: Tidegate) -> None:
    allowed = tidegate("policy", "evaluate")
    assert allowed.exits == 0
    assert allowed.out.startswith("allowed by open")
    denied = tidegate("policy", "evaluate", "--policy", "open", FABRIC, "scaleSet.name=ledger")
    assert denied.exits == 1
    assert "deny  no-service-fabric  policies/open.yaml:6:5" in denied.out
    assert "The scale set ledger is a Service Fabric cluster." in denied.out
    assert "yes scaleSet.isServiceFabric" in denied.out
    document = tidegate("policy", "evaluate", FABRIC, "--scope", "scaleSet", "-o", "json").document
    assert document["allowed"] is False
    assert document["decisions"][0]["rule"] == "no-service-fabric"


@pytest.mark.parametrize("words", [["scaleSet.isServiceFabrik=true"], ["scaleSet.capacity=x"], ["--scope", "moon"]])
def test_facts_that_cannot_be_read_are_a_wrong_command_line(tidegate: Tidegate, words: list[str]) -> None:
    assert tidegate("policy", "evaluate", *words).exits == 2


def test_the_shipped_policies_are_checked_where_none_are_named(tidegate: Tidegate) -> None:
    told = tidegate("policy", "check", "--help")
    assert told.exits == 0
    told = tidegate("policy", "check")
    assert (told.exits, told.err) == (0, "")
    assert "policies are sound" in told.out


def test_problems_are_told_with_their_places_as_an_editor_wants_them(
    tidegate: Tidegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/open.yaml").write_text(POLICY.replace("then: halt", "then: stop"))
    told = tidegate("policy", "check", "mine")
    assert told.exits == 1
    assert told.out == ""
    assert told.err.startswith("mine/open.yaml:17:11: ")
    assert "  advice: " in told.err
    document = tidegate("policy", "check", "mine", "-o", "json").document
    (problem,) = document["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("mine/open.yaml", 17, 11)


def test_folders_are_checked_together(tidegate: Tidegate, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "open.yaml").write_text(POLICY)
    told = tidegate("policy", "check", tmp_path / "one", tmp_path / "two")
    assert told.exits == 1
    assert "two/open.yaml:1:1: A policy named open" in told.err
    alone = tidegate("policy", "check", tmp_path / "one")
    assert alone.exits == 0
    assert "open has no rehearsal" in alone.err


def test_folders_without_policies_are_a_wrong_command_line(tidegate: Tidegate, tmp_path: Path) -> None:
    assert tidegate("policy", "check", tmp_path / "nowhere").exits == 2
    assert tidegate("policy", "check", tmp_path).exits == 2
