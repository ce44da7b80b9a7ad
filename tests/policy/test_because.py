"""Sentences with facts in them."""

import pytest

from tests.policy.texts import facts
from tidegate.policy.because import MalformedBecause, UnknownFactIn, read_because


def test_a_sentence_says_the_values_of_its_facts() -> None:
    because = read_because("{scaleSet.name} is {progress.unhealthyInstancePercent}% unwell, {{as ever}}.")
    given = facts({"progress.unhealthyInstancePercent": 12.5})
    assert because.say(given) == "web is 12.5% unwell, {as ever}."
    assert [fact.name for fact in because.facts] == ["scaleSet.name", "progress.unhealthyInstancePercent"]


def test_a_fact_may_stand_within_written_braces() -> None:
    assert read_because("{{{scaleSet.name}}}").say(facts()) == "{web}"


def test_a_value_with_braces_is_told_as_it_is() -> None:
    assert read_because("{scaleSet.name}!").say(facts({"scaleSet.name": "{instance.id}"})) == "{instance.id}!"


@pytest.mark.parametrize("text", ["{scaleSet.name", "scaleSet.name}", "a { b", "}", "{a{b}"])
def test_a_lone_brace_is_refused(text: str) -> None:
    with pytest.raises(MalformedBecause):
        read_because(text)


@pytest.mark.parametrize(
    ("text", "name"), [("{scaleSet.nam}", "scaleSet.nam"), ("{}", ""), ("{0.__class__}", "0.__class__")]
)
def test_an_unknown_fact_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(UnknownFactIn) as refused:
        read_because(text)
    assert refused.value.name == name
