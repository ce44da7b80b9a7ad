"""Facts on a command line."""

import pytest
import typer

from tidegate.cli.fact_options import read_fact_options


def test_each_value_is_read_by_the_type_of_its_fact() -> None:
    assert read_fact_options(
        [
            "subscription.enrolled=False",
            "scaleSet.capacity=40",
            "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent=12.5%",
            "scaleSet.rollingUpgradePolicy.pauseTimeBetweenBatches=PT1M30S",
            "extension.targetVersionAge=90",
            "scaleSet.zones=1, 2",
            "scaleSet.tags=env=prod, tier=gold=1",
            "scaleSet.name=a=b",
            "extension.targetVersion=1.10",
        ]
    ) == {
        "subscription.enrolled": False,
        "scaleSet.capacity": 40,
        "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent": 12.5,
        "scaleSet.rollingUpgradePolicy.pauseTimeBetweenBatches": 90.0,
        "extension.targetVersionAge": 90.0,
        "scaleSet.zones": ["1", "2"],
        "scaleSet.tags": {"env": "prod", "tier": "gold=1"},
        "scaleSet.name": "a=b",
        "extension.targetVersion": "1.10",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["scaleSet.capacty=1"], "scaleSet.capacity"),
        (["scaleSet.capacity"], "write scaleSet.capacity=VALUE"),
        (["scaleSet.capacity=1", "scaleSet.capacity=2"], "given twice"),
        (["scaleSet.capacity=many"], "is an integer, and 'many' is none"),
        (["subscription.enrolled=yes"], "is a boolean, and 'yes' is none"),
        (["scaleSet.tags=prod"], "is a set of tags"),
        (["scaleSet.rollingUpgradePolicy.pauseTimeBetweenBatches=soon"], "is a duration"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(given: list[str], said: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        read_fact_options(given)
    assert said in caught.value.message
