"""Did you mean."""

import pytest

from tidegate.policy.facts import FACTS
from tidegate.policy.suggestion import did_you_mean, nearest


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("extension.auto_upgrade_minor_version", "extension.autoUpgradeMinorVersion"),
        ("scaleset.tags", "scaleSet.tags"),
        ("instance.isHealty", "instance.isHealthy"),
        ("isProtected", "instance.isProtected"),
        ("progress.unhealtyUpgradedPercent", "progress.unhealthyUpgradedPercent"),
    ],
)
def test_a_near_word_is_found(written: str, meant: str) -> None:
    assert nearest(written, FACTS) == meant


def test_a_word_near_nothing_finds_nothing() -> None:
    assert nearest("moon.phase", FACTS) is None
    assert nearest("", FACTS) is None


def test_a_tail_that_several_share_is_no_help() -> None:
    assert nearest("name", FACTS) is None


def test_the_advice_names_the_word_or_falls_back() -> None:
    assert did_you_mean("wen", ["when", "deny"], "Look it up.") == "Did you mean when?"
    assert did_you_mean("moon", ["when", "deny"], "Look it up.") == "Look it up."
