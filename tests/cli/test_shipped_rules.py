"""The shipped policies are found wherever Tidegate stands."""

from pathlib import Path

import pytest

from tidegate.cli.shipped_rules import shipped_rules_path


def _plant(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "azure-default.yaml").write_text("name: azure-default\n", encoding="utf-8")
    return folder


def test_the_rules_of_this_checkout_are_found() -> None:
    assert {path.name for path in shipped_rules_path().glob("*.yaml")} >= {"azure-default.yaml", "cautious.yaml"}


def test_a_wheel_carries_its_rules_inside_the_package(tmp_path: Path) -> None:
    rules = _plant(tmp_path / "site/tidegate/rules")
    assert shipped_rules_path(tmp_path / "site/tidegate/cli/shipped_rules.py") == rules


def test_a_checkout_has_its_rules_beside_the_server(tmp_path: Path) -> None:
    rules = _plant(tmp_path / "rules")
    assert shipped_rules_path(tmp_path / "server/tidegate/cli/shipped_rules.py") == rules


def test_an_installation_without_rules_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"neither in .*tidegate/rules nor in .*rules"):
        shipped_rules_path(tmp_path / "server/tidegate/cli/shipped_rules.py")
