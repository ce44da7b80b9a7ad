"""A compiled policy: the text of a file, read, checked, and made ready to judge.

Law: compiling is a function of the source alone, so that the journal keeps the source with every rolling upgrade and
gets the same policy back years later. The digest tells whether two sources mean the same: comments and layout do not
count.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Generic, TypeVar

import jsonschema
from jsonschema.protocols import Validator

from tidegate.policy.compiled_conditions import MaskOfFacts, compile_mask
from tidegate.policy.decision import Allowance
from tidegate.policy.fact import Fact, Scope
from tidegate.policy.located import LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.located_yaml import read_located
from tidegate.policy.moment import Moment
from tidegate.policy.place import Place
from tidegate.policy.problem import PolicyRefused, Problem
from tidegate.policy.read_rules import read_rules
from tidegate.policy.rules import BatchingRule, EligibilityRule, HaltRule, Retry, Rules
from tidegate.policy.schema import policy_schema
from tidegate.policy.selector import Selector, read_selector
from tidegate.policy.shape import shape_problems
from tidegate.policy.source import PolicySource

_Rule = TypeVar("_Rule", EligibilityRule, BatchingRule, HaltRule)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bench(Generic[_Rule]):
    """Rules that are judged together. `held_by` gives the set of those whose condition holds, bit 0 for the first."""

    rules: tuple[_Rule, ...]
    asked: tuple[Fact, ...]
    held_by: MaskOfFacts = dataclasses.field(compare=False, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicy:
    """A policy that can judge. `place` is where the file begins; `digest` is a SHA-256 in hex."""

    name: str
    description: str
    digest: str
    source: PolicySource
    place: Place
    applies_to: Selector
    rules: Rules
    eligibility: tuple[Bench[EligibilityRule], ...]
    allowances: tuple[Allowance, ...]
    batching: Bench[BatchingRule]
    halt: Mapping[Moment, Bench[HaltRule]]

    @property
    def retry(self) -> Retry | None:
        """When failed instances are tried again; None where they are left to somebody."""
        return self.rules.retry


@functools.lru_cache(maxsize=256)
def compile_policy(source: PolicySource) -> CompiledPolicy:
    """The policy of the source; the same object for the same source while it is remembered.

    Raises:
        PolicyRefused: the text is no sound policy; carries every problem with its place.
    """
    document, problems = read_located(source)
    if not isinstance(document, LocatedMap):
        raise PolicyRefused((*problems, *(() if document is None else shape_problems(document, _validator()))))
    shape = [*problems, *shape_problems(document, _validator())]
    meaning: list[Problem] = []
    rules = read_rules(document, meaning)
    selector = read_selector(document.get("appliesTo"), document.place, meaning)
    misshapen = {problem.place for problem in shape}
    refused = [*shape, *(problem for problem in meaning if problem.place not in misshapen)]
    if refused:
        raise PolicyRefused(dict.fromkeys(refused))
    assert selector is not None, "a selector that cannot be read has a problem"
    return _assemble(source, document, rules, selector)


@functools.cache
def _validator() -> Validator:
    return jsonschema.Draft202012Validator(policy_schema(published=False))


def _assemble(source: PolicySource, document: LocatedMap, rules: Rules, selector: Selector) -> CompiledPolicy:
    for section, read in (("eligibility", rules.eligibility), ("batching", rules.batching), ("halt", rules.halt)):
        written = document.get(section)
        count = len(written.items) if isinstance(written, LocatedList) else 0
        assert len(read) == count, f"every rule of {section} in {source.file} is read or has a problem"
    by_scope = tuple(_bench(tuple(rule for rule in rules.eligibility if rule.scope is scope)) for scope in Scope)
    place = Place(file=source.file, line=1, column=1)
    return CompiledPolicy(
        name=_text(document, "name"),
        description=_text(document, "description"),
        digest=_digest(document),
        source=source,
        place=place,
        applies_to=selector,
        rules=rules,
        eligibility=by_scope,
        allowances=tuple(Allowance(place=place, asked=bench.asked) for bench in by_scope),
        batching=_bench(rules.batching),
        halt={moment: _bench(tuple(rule for rule in rules.halt if rule.at is moment)) for moment in Moment},
    )


def _bench(rules: tuple[_Rule, ...]) -> Bench[_Rule]:
    asked = dict.fromkeys(fact for rule in rules for fact in rule.facts)
    return Bench(rules=rules, asked=tuple(asked), held_by=compile_mask([rule.when for rule in rules]))


def _text(document: LocatedMap, key: str) -> str:
    node = document.get(key)
    return node.text if isinstance(node, LocatedScalar) else ""


def _digest(document: LocatedMap) -> str:
    """SHA-256 over the tree of the document: keys sorted, scalars as written, so that 1.10 is not 1.1."""
    canonical = json.dumps(_canonical(document), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(node: LocatedValue) -> object:
    match node:
        case LocatedMap():
            return {entry.key: _canonical(entry.value) for entry in node.entries}
        case LocatedList():
            return [_canonical(item) for item in node.items]
        case LocatedScalar():
            return [type(node.value).__name__, node.text]
