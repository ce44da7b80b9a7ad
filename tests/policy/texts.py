"""Texts of policies for these tests, and the facts that go with them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from tidegate.policy.compiled import CompiledPolicy, compile_policy
from tidegate.policy.fact import FactValue
from tidegate.policy.facts import FACTS
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.source import PolicySource

HEAD = "apiVersion: tidegate/v1\nkind: Policy\nname: tried\n"
BATCHING = "batching:\n  - {name: plain, batch: 20%}\n"


def source_of(text: str, file: str = "tried.yaml") -> PolicySource:
    """The text without the indentation that it has in a test."""
    return PolicySource(file=file, text=textwrap.dedent(text).lstrip("\n"))


def policy_of(*, eligibility: str = "", batching: str = "", halt: str = "", rest: str = "") -> CompiledPolicy:
    """A policy of the sections, each a list of rules as YAML; batching has one plain rule where none is given."""
    return compile_policy(
        PolicySource(file="tried.yaml", text=text_of(eligibility=eligibility, batching=batching, halt=halt, rest=rest))
    )


def text_of(*, eligibility: str = "", batching: str = "", halt: str = "", rest: str = "") -> str:
    """The text of such a policy."""
    sections = [HEAD, textwrap.dedent(rest)]
    for name, rules in (("eligibility", eligibility), ("batching", batching), ("halt", halt)):
        if rules:
            sections.append(f"{name}:\n{textwrap.indent(textwrap.dedent(rules).strip(), '  ')}\n")
    return "".join(sections) + ("" if batching else BATCHING)


def denying(condition: str) -> str:
    """An eligibility section with one rule that denies where the condition holds."""
    return f"- {{name: tried-rule, when: {condition}, deny: It is so.}}"


def problems_of(text: str) -> list[str]:
    """Everything that is wrong with the policy, as a person would read it; nothing where it is sound."""
    try:
        compile_policy(source_of(text))
    except PolicyRefused as refused:
        return [str(problem) for problem in refused.problems]
    return []


def facts(given: Mapping[str, FactValue] | None = None) -> dict[str, FactValue]:
    """All facts with their usual values, but for the given ones."""
    known = {name: fact.usual for name, fact in FACTS.items()}
    assert set(given or {}) <= set(known), f"unknown facts among {given}"
    return {**known, **(given or {})}
