"""Operands written out, by the type of their fact."""

import pytest

from tests.policy.texts import denying, policy_of, problems_of, text_of
from tidegate.domain.version import Version
from tidegate.policy.condition import Comparison, Literal, Operand


def _operand(condition: str) -> Operand:
    when = policy_of(eligibility=denying(condition)).rules.eligibility[0].when
    assert isinstance(when, Comparison)
    assert isinstance(when.operand, Literal)
    return when.operand.value


@pytest.mark.parametrize(
    ("condition", "operand"),
    [
        ("{fact: subscription.enrolled, equals: false}", False),
        ("{fact: scaleSet.capacity, atLeast: 3}", 3),
        ("{fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent, greaterThan: 2.5%}", 2.5),
        ("{fact: extension.targetVersionAge, lessThan: P1D}", 86_400.0),
        ("{fact: extension.targetVersion, lessThan: 1.10}", Version("1.10")),
        ("{fact: extension.targetVersion, lessThan: 2}", Version("2")),
        ('{fact: extension.targetVersion, lessThan: "1.2.3.4"}', Version("1.2.3.4")),
        ("{fact: instance.zone, in: ['1', '2']}", ("1", "2")),
        (
            "{fact: scaleSet.tags, tagged: {stage: [prod*, live], team: blue}}",
            (("stage", ("prod*", "live")), ("team", ("blue",))),
        ),
    ],
)
def test_an_operand_is_read_by_the_type_of_its_fact(condition: str, operand: Operand) -> None:
    assert _operand(condition) == operand


def test_a_version_keeps_the_zero_that_a_number_would_lose() -> None:
    assert str(_operand("{fact: extension.targetVersion, equals: 1.10}")) == "1.10"
    assert _operand("{fact: extension.targetVersion, equals: 1.10}") != Version("1.1")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            "{fact: subscription.enrolled, equals: 20%}",
            "subscription.enrolled is a boolean; 20% is not. Write true or false.",
        ),
        (
            "{fact: scaleSet.capacity, atLeast: 20%}",
            "scaleSet.capacity is an integer; 20% is not. Write a whole number such as 3.",
        ),
        (
            '{fact: scaleSet.capacity, atLeast: "5"}',
            'scaleSet.capacity is an integer; "5" is not. Write 5 without quotes.',
        ),
        (
            "{fact: subscription.enrolled, equals: 'true'}",
            'subscription.enrolled is a boolean; "true" is not. Write true without quotes.',
        ),
        (
            "{fact: scaleSet.capacity, atLeast: 2.5}",
            "scaleSet.capacity is an integer; 2.5 is not. Write a whole number such as 3.",
        ),
        (
            "{fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent, atMost: 20}",
            "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent is a percent; 20 is not."
            " Write 20% if a percentage is meant.",
        ),
        (
            "{fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent, atMost: 120%}",
            "scaleSet.rollingUpgradePolicy.maxBatchInstancePercent is a percent; 120% is not."
            " A percentage lies between 0% and 100%.",
        ),
        (
            "{fact: extension.targetVersionAge, lessThan: 1 day}",
            "extension.targetVersionAge is a duration; 1 day is not. Write an ISO 8601 duration such as PT30S, PT5M,"
            " PT1H or P1D (no years or months).",
        ),
        ("{fact: instance.zone, equals: 1}", 'instance.zone is a string; 1 is not. Write "1" in quotes.'),
        ("{fact: instance.zone, in: [1]}", 'instance.zone is a string; 1 is not. Write "1" in quotes.'),
        ("{fact: instance.zone, in: []}", "This list is empty. Write [one, another]."),
        ("{fact: scaleSet.tags, tagged: {stage: []}}", "This list is empty. Write [one, another]."),
        (
            "{fact: scaleSet.tags, tagged: {}}",
            "This is no set of tags. Write a map from tag names to patterns, such as {stage: prod*}.",
        ),
        ("{fact: instance.zone, in: '1'}", "This must be a list. Write [one, another]."),
        ("{fact: instance.zone, equals: [a]}", "instance.zone is a string; this is not. Write a text."),
        ("{fact: instance.zone, equals: }", 'instance.zone is a string; nothing is not. Write "" in quotes.'),
        (
            "{fact: extension.targetVersion, atLeast: v1}",
            "extension.targetVersion is a version; v1 is not. Write one to four numbers joined by dots, such as 1.10.",
        ),
        (
            "{fact: extension.targetVersion, withinVersions: 1.2}",
            'This is no range of versions. Write bounds with a space between them, such as ">=1.2 <2".',
        ),
        (
            "{fact: extension.targetVersion, withinVersions: {a: b}}",
            'This is no range of versions. Write a text such as ">=1.2 <2".',
        ),
        ("{fact: upgrade.kind, equals: EXTENSIONS}", "upgrade.kind is never EXTENSIONS. Did you mean EXTENSION?"),
        (
            "{fact: upgrade.kind, in: [APPLICATION]}",
            "upgrade.kind is never APPLICATION. Write one of EXTENSION, OS_IMAGE.",
        ),
        ("{fact: scaleSet.tags, tagged: {stage: 1}}", 'This must be a text. Write "1" in quotes.'),
        (
            "{fact: scaleSet.tags, tagged: stage}",
            "This is no set of tags. Write a map from tag names to patterns, such as {stage: prod*}.",
        ),
        (
            "{fact: scaleSet.zones, isEmpty: none}",
            "The operand of scaleSet.zones is a boolean; none is not. Write true or false.",
        ),
    ],
)
def test_a_wrong_operand_is_refused_with_advice(condition: str, said: str) -> None:
    (problem,) = problems_of(text_of(eligibility=denying(condition)))
    assert problem.split(": ", 1)[1] == said
