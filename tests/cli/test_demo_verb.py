"""`tidegate demo`, as `make demo` runs it where nobody looks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tidegate


def test_the_demo_shows_a_good_upgrade_a_stopped_one_and_a_refused_one(tmp_path: Path) -> None:
    told = lines_of_a_run(tmp_path)
    check_that_an_upgrade_completes_zone_by_zone(told)
    check_that_a_bad_version_is_stopped_with_its_rule_its_place_and_its_facts(told)
    check_that_two_machines_are_explained(told)
    check_that_a_cluster_is_refused_with_the_place_of_the_rule(told)
    check_that_it_sums_up_and_says_what_to_try_next(told)


def lines_of_a_run(home: Path) -> list[str]:
    """The lines of a quick run, in a process of its own that leaves nothing behind."""
    done = subprocess.run(
        [sys.executable, "-c", "from tidegate.cli.main import main; main()", "demo", "--speed", "50"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "COLUMNS": "120"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(home.iterdir()) == []
    return done.stdout.splitlines()


def check_that_an_upgrade_completes_zone_by_zone(told: list[str]) -> None:
    batches = [line.partition("batch ")[2] for line in told if " of 6: " in line]
    # The first may have begun before the watch.
    numbers = [batch.partition(" ")[0] for batch in batches]
    assert numbers in (list("123456"), list("23456"))
    zones = [{int(each) % 3 for each in batch.partition(": ")[2].split(", ")} for batch in batches]
    assert zones == [{0}, {0}, {1}, {1}, {2}, {2}][-len(zones) :]
    assert any(line.endswith("36 done, 0 failed, 0 under way, 0 waiting") for line in told)


def check_that_a_bad_version_is_stopped_with_its_rule_its_place_and_its_facts(told: list[str]) -> None:
    (stop,) = [number for number, line in enumerate(told) if "stopped: halt" in line]
    assert "too-many-unhealthy-after-a-batch  rules/azure-default.yaml:" in told[stop]
    assert any("progress.unhealthyUpgradedPercent = 31.25" in line for line in told[stop : stop + 5])
    assert any(line.endswith("11 done, 5 failed, 0 under way, 24 waiting, 5 brought back") for line in told)


def check_that_two_machines_are_explained(told: list[str]) -> None:
    asked = [number for number, line in enumerate(told) if line.startswith("$ tidegate explain")]
    assert [told[number + 1].split("  ")[1] for number in asked] == ["back at the old version", "waiting"]


def check_that_a_cluster_is_refused_with_the_place_of_the_rule(told: list[str]) -> None:
    (denied,) = [line for line in told if line.startswith("  denied")]
    assert denied.startswith("  denied ledger/sf-nt1 by no-service-fabric at rules/azure-default.yaml:")


def check_that_it_sums_up_and_says_what_to_try_next(told: list[str]) -> None:
    text = "\n".join(told)
    summary = text[text.index("What happened") :]
    for row in (
        ["storefront/web-frontend", "Completed", "36 upgraded"],
        ["orders/api-workers", "Faulted", "11 upgraded, 5 failed and brought back, 24 never touched"],
        ["ledger/sf-nt1", "refused", "5 never touched"],
    ):
        assert any(all(part in line for part in row) for line in summary.splitlines())
    assert "$ tidegate serve" in summary


@pytest.mark.parametrize("speed", ["0", "1000", "quick"])
def test_a_speed_that_makes_no_sense_is_a_wrong_command_line(tidegate: Tidegate, speed: str) -> None:
    assert tidegate("demo", "--speed", speed).exits == 2
