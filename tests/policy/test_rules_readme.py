"""rules/README.md tells the truth: its tables are the tables of the code, and its examples work."""

import re
from pathlib import Path

import pytest

from tests.policy.texts import policy_of
from tidegate.policy.compiled import compile_policy
from tidegate.policy.decision import Verdict
from tidegate.policy.fact import FactType, Section, as_text
from tidegate.policy.facts import FACTS, Fact
from tidegate.policy.operators import LAWS, Operator
from tidegate.policy.policy_set import load_policies
from tidegate.policy.read_rules import VERDICTS
from tidegate.policy.rehearsal import rehearse
from tidegate.policy.source import PolicySource


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    """The text of the page."""
    return (repository / "rules/README.md").read_text(encoding="utf-8")


def _example(readme: str, kind: str) -> PolicySource:
    (found,) = re.findall(rf"```yaml {kind}\n(.*?)```", readme, re.DOTALL)
    return PolicySource(file=f"{kind} in README.md", text=found)


def _rows(readme: str, first_column: str) -> list[str]:
    table = readme.split(f"| {first_column} | ", 1)[1].split("\n\n", 1)[0]
    return table.splitlines()[2:]


def _usually(fact: Fact) -> str:
    text = as_text(fact, fact.usual) + ("%" if fact.type is FactType.PERCENT else "")
    return f"`{text}`" if text else "empty"


def test_every_fact_stands_in_the_table_as_the_code_has_it(readme: str) -> None:
    expected = []
    for fact in FACTS.values():
        where = ", ".join(section.value for section in Section if section in fact.sections)
        words = f" One of {', '.join(fact.words)}." if fact.words else ""
        expected.append(f"| `{fact.name}` | {fact.type.value} | {where} | {_usually(fact)} | {fact.doc}{words} |")
    assert _rows(readme, "fact") == expected


def _operator_row(operator: Operator) -> str:
    law = LAWS[operator]
    types = ", ".join(type_.value for type_ in law.types)
    or_fact = ", or a fact" if law.reference else ""
    return f"| `{operator.value}` | {types} | {law.form.value}{or_fact} | {law.doc} |"


def test_every_operator_stands_in_the_table_as_the_code_has_it(readme: str) -> None:
    assert _rows(readme, "operator") == [_operator_row(operator) for operator in LAWS]


def test_the_first_policy_loads_and_answers_its_rehearsal(readme: str) -> None:
    policy = compile_policy(_example(readme, "policy"))
    rehearsed = rehearse(policy, _example(readme, "rehearsal"))
    assert [result.differences for result in rehearsed.results if not result.passed] == []
    assert (rehearsed.never_spoke, rehearsed.never_silent) == ((), ())


def test_the_first_policy_may_stand_beside_the_shipped_ones(readme: str, repository: Path) -> None:
    shipped = [PolicySource(file=path.name, text=path.read_text()) for path in (repository / "rules").glob("*.yaml")]
    assert load_policies([*shipped, _example(readme, "policy")]).named("started-by-hand") is not None


def test_the_conditions_of_the_page_are_read(readme: str) -> None:
    policy = policy_of(eligibility=_example(readme, "eligibility").text)
    assert policy.rules.names[:2] == ("no-young-versions-in-production", "skip-the-broken-release")


def test_every_key_and_word_of_the_language_is_on_the_page(readme: str) -> None:
    words = [
        *VERDICTS,
        *(verdict.value for verdict in Verdict),
        "minimumSample",
        "evenWhenForced",
        "appliesTo",
        "retry",
    ]
    assert [word for word in words if f"`{word}`" not in readme] == []


def test_every_shipped_policy_is_on_the_page(readme: str, repository: Path) -> None:
    for path in (repository / "rules").glob("*.yaml"):
        assert f"[{path.name}]({path.name})" in readme
