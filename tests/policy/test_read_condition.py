"""Conditions out of YAML."""

import pytest

from tests.policy.texts import denying, policy_of, problems_of, text_of
from tidegate.policy.condition import AllOf, AnyOf, Comparison, FactReference, Not


def test_a_tree_of_all_any_and_not_is_read() -> None:
    policy = policy_of(
        eligibility="""
        - name: tried-rule
          when:
            all:
              - {fact: scaleSet.capacity, atLeast: 3}
              - any:
                  - not: {fact: scaleSet.name, matches: test-*}
                  - {fact: instance.zone, in: {fact: scaleSet.zones}}
          deny: It is so.
        """
    )
    when = policy.rules.eligibility[0].when
    assert isinstance(when, AllOf)
    assert isinstance(when.parts[1], AnyOf)
    inner, zoned = when.parts[1].parts
    assert isinstance(inner, Not)
    assert isinstance(zoned, Comparison)
    assert isinstance(zoned.operand, FactReference)
    assert str(zoned.place) == "tried.yaml:11:15"
    assert str(zoned.operand.place) == "tried.yaml:11:48"


WRONG = [
    (
        "{fact: extension.autoUpgradeMinor, equals: true}",
        "extension.",
        "There is no fact extension.autoUpgradeMinor. Did you mean extension.autoUpgradeMinorVersion?",
    ),
    (
        "{fact: moon.phase, equals: full}",
        "moon",
        "There is no fact moon.phase. The facts are listed in rules/README.md.",
    ),
    ("{fact: 5, equals: 5}", "5", "fact must be a text, and 5 is not. The fact to look at."),
    (
        "{fact: progress.elapsed, atLeast: PT1H}",
        "progress",
        "progress.elapsed is not known in eligibility. It may be asked for in halt.",
    ),
    (
        "{fact: scaleSet.name, lessThan: web}",
        "lessThan",
        "lessThan cannot be asked of scaleSet.name, which is a string."
        " Use one of equals, notEquals, in, notIn, startsWith, endsWith, contains, matches, isEmpty.",
    ),
    (
        "{fact: scaleSet.capacity, equals: {fact: extension.targetVersion}}",
        "extension",
        "scaleSet.capacity is an integer and extension.targetVersion is a version: they cannot be compared."
        " equals wants a fact that is an integer here.",
    ),
    (
        "{fact: extension.targetVersion, withinVersions: {fact: extension.typeHandlerVersion}}",
        "{fact: extension.type",
        'withinVersions cannot be asked with another fact. Write a version range such as ">=1.2 <2".',
    ),
    (
        "{fact: scaleSet.capacity, equals: {fact: scaleSet.capacity, plus: 1}}",
        "plus",
        "There is no plus here. Write only {fact: name} to compare with another fact.",
    ),
    (
        "{fact: scaleSet.capacity, equals: {fact: 7}}",
        "7",
        "This is not the name of a fact. Write its name; the facts are listed in rules/README.md.",
    ),
    ("{fact: scaleSet.capacity}", "{", "This map (fact) does not say one thing. Write one operator beside the fact."),
    (
        "{fact: scaleSet.capacity, atLeast: 1, atMost: 2}",
        "{",
        "This map (fact, atLeast, atMost) does not say one thing. Write one operator beside the fact.",
    ),
    (
        "{all: [{fact: scaleSet.capacity, atLeast: 1}], any: [{fact: scaleSet.capacity, atLeast: 1}]}",
        "{",
        "This map (all, any) does not say one thing. Write either all, any, not, or a fact with one operator.",
    ),
    ("{}", "{", "This empty map does not say one thing. Write either all, any, not, or a fact with one operator."),
    ("{all: []}", "[]", "all is empty. Write at least one, or leave the key out."),
    (
        "{not: [{fact: scaleSet.capacity, atLeast: 1}]}",
        "[",
        "not must be a map, and a list is not. A condition: all, any, not, or a fact with one operator.",
    ),
    ("{fact: scaleSet.capacity, atleast: 1}", "atleast", "There is no atleast here. Did you mean atLeast?"),
    (
        "yes please",
        "yes",
        "when must be a map, and yes please is not. A condition: all, any, not, or a fact with one operator.",
    ),
    ("", "", "when must be a map, and nothing is not. Write a value after the colon, or leave the key out."),
]


@pytest.mark.parametrize(("condition", "at", "said"), WRONG, ids=[condition for condition, _, _ in WRONG])
def test_a_wrong_condition_is_refused_with_its_place(condition: str, at: str, said: str) -> None:
    text = text_of(eligibility=denying(condition))
    line = text.splitlines()[4]
    column = line.index(f"when: {condition}") + len("when: ") + condition.index(at) + 1
    assert f"tried.yaml:5:{column if condition else column - 1}: {said}" in problems_of(text)


def test_all_wrong_parts_of_a_condition_are_told_at_once() -> None:
    condition = (
        "{all: [{fact: a.b, equals: 1}, {not: {fact: scaleSet.capacity, equals: x}}, {fact: instance.zone, equals: 3}]}"
    )
    assert len(problems_of(text_of(eligibility=denying(condition)))) == 3
