"""What becomes of policies whose files change under a running server."""

import os
import shutil
from pathlib import Path

import pytest

from tidegate.cli.policy_folder import fingerprint, read_policies
from tidegate.cli.policy_watch import PolicyWatch
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.executor.policy_keeper import PolicyKeeper


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rules"
    shutil.copytree(shipped_rules_path(), copy)
    return copy


def watch_of(folder: Path) -> tuple[PolicyWatch, PolicyKeeper]:
    keeper = PolicyKeeper(read_policies(folder, "rules"))
    return PolicyWatch(folder=folder, shown_as="rules", keeper=keeper, seen=fingerprint(folder)), keeper


def names(keeper: PolicyKeeper) -> set[str]:
    return {policy.name for policy in keeper.policies()}


def test_a_change_is_taken_up(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    file = folder / "azure-default.yaml"
    file.write_text(file.read_text().replace("name: no-service-fabric", "name: no-fabric-at-all"))
    watch.look()
    assert "no-fabric-at-all" in keeper.policy("azure-default").rules.names
    assert keeper.problems() == ()


def test_who_listens_is_told_of_another_rule_and_not_of_another_comment(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    told: list[str] = []
    keeper.when_replaced(lambda: told.append(keeper.digest()))
    file = folder / "azure-default.yaml"
    file.write_text(file.read_text() + "\n# a remark\n")
    watch.look()
    assert told == []
    file.write_text(file.read_text().replace("name: no-service-fabric", "name: no-fabric-at-all"))
    watch.look()
    assert told == [keeper.digest()]


def test_a_broken_file_leaves_the_good_set_and_is_told(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    before = names(keeper)
    (folder / "azure-default.yaml").write_text("apiVersion: tidegate/v1\nkind: Policy\nname: [\n")
    watch.look()
    assert names(keeper) == before
    assert keeper.problems()[0].place.file == "rules/azure-default.yaml"


def test_a_mended_file_is_taken_up_again(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    file = folder / "azure-default.yaml"
    good = file.read_text()
    file.write_text("]")
    watch.look()
    assert keeper.problems()
    file.write_text(good + "\n# mended\n")
    watch.look()
    assert keeper.problems() == ()


def test_a_folder_that_vanished_changes_nothing(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    before = names(keeper)
    shutil.rmtree(folder)
    watch.look()
    assert names(keeper) == before
    (vanished,) = keeper.problems()
    assert "No policy file is left" in vanished.message
    assert vanished.place.file, "it names a file that was there"


def test_a_file_that_cannot_be_read_changes_nothing(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    before = names(keeper)
    (folder / "cautious.yaml").write_bytes(b"\xff\xfe")
    watch.look()
    assert names(keeper) == before
    assert keeper.problems()


def test_nothing_is_read_where_nothing_changed(folder: Path) -> None:
    watch, keeper = watch_of(folder)
    file = folder / "azure-default.yaml"
    good = file.read_text()
    file.write_text(good + "\n")
    watch.look()
    seen = file.stat()
    # Of the same size and the same moment: nobody can see it from outside, so whoever sees it has read the file.
    file.write_text("]" + good)
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    watch.look()
    assert keeper.problems() == ()
