"""Draws facts, conditions and YAML trees for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tidegate.domain.version import Version
from tidegate.policy.condition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    FactReference,
    Literal,
    LiteralValue,
    Not,
    TagPatterns,
)
from tidegate.policy.fact import Fact, FactType, FactValue
from tidegate.policy.facts import FACTS
from tidegate.policy.operators import LAWS, Form, Operator, operators_for
from tidegate.policy.place import Place
from tidegate.policy.version_range import VersionRange

HERE = Place(file="drawn.yaml", line=1, column=1)

# Few letters and few numbers, so that equal values, prefixes and patterns that fit are drawn often.
_TEXTS = st.text(alphabet="aAbßİ", max_size=4)
_PATTERNS = st.text(alphabet="aAb*?", max_size=5)
_VERSIONS = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: Version(".".join(map(str, parts))))
_TAGS = st.dictionaries(st.sampled_from(["stage", "Stage", "team"]), _TEXTS, max_size=3)
_RANGES = st.lists(st.tuples(st.sampled_from([">=", ">", "<", "<=", "="]), _VERSIONS), min_size=1, max_size=3).map(
    lambda bounds: VersionRange(bounds=tuple(bounds))
)
_PATTERN_LISTS = st.lists(_PATTERNS, min_size=1, max_size=2).map(tuple)
_TAG_PATTERNS: st.SearchStrategy[TagPatterns] = st.lists(
    st.tuples(st.sampled_from(["stage", "TEAM", "none"]), _PATTERN_LISTS), min_size=1, max_size=2
).map(tuple)

VALUES: dict[FactType, st.SearchStrategy[FactValue]] = {
    FactType.BOOLEAN: st.booleans(),
    FactType.PERCENT: st.integers(0, 5).map(lambda fifth: fifth * 20.0),
    FactType.STRING: _TEXTS,
    FactType.STRINGS: st.lists(_TEXTS, max_size=3).map(tuple),
    FactType.TAGS: _TAGS,
    FactType.VERSION: _VERSIONS,
}

SCALARS: dict[FactType, st.SearchStrategy[LiteralValue]] = {
    FactType.BOOLEAN: st.booleans(),
    FactType.INTEGER: st.integers(-1, 5),
    FactType.PERCENT: st.integers(0, 5).map(lambda fifth: fifth * 20.0),
    FactType.DURATION: st.integers(0, 4).map(float),
    FactType.STRING: _TEXTS,
    FactType.VERSION: _VERSIONS,
}


def values_of(fact: Fact) -> st.SearchStrategy[FactValue]:
    """Values that the fact can have: no count is less than its lowest."""
    if fact.type in (FactType.INTEGER, FactType.DURATION):
        assert fact.lowest is not None, f"{fact.name} has a lowest value"
        whole = st.integers(int(fact.lowest), 5)
        return whole.map(float) if fact.type is FactType.DURATION else whole
    return VALUES[fact.type]


all_facts: st.SearchStrategy[dict[str, FactValue]] = st.fixed_dictionaries(
    {name: values_of(fact) for name, fact in FACTS.items()}
)


def literals(type_: FactType, form: Form) -> st.SearchStrategy[Literal]:
    """Operands of the form for a fact of the type."""
    if form is Form.MANY:
        many = st.lists(SCALARS[type_], min_size=1, max_size=3)
        return many.map(lambda values: Literal(value=tuple(values), text=str(values)))
    if form is Form.TAGS:
        return _TAG_PATTERNS.map(lambda patterns: Literal(value=patterns, text=str(patterns)))
    values: st.SearchStrategy[LiteralValue]
    match form:
        case Form.FLAG:
            values = st.booleans()
        case Form.RANGE:
            values = _RANGES
        case Form.PATTERN:
            values = _PATTERNS
        case Form.TEXT:
            values = _TEXTS
        case Form.ONE:
            values = SCALARS[type_]
    return values.map(lambda value: Literal(value=value, text=str(value)))


@st.composite
def leaves(draw: st.DrawFn) -> Comparison:
    """One comparison of any fact with any operator that it takes."""
    fact: Fact = draw(st.sampled_from(list(FACTS.values())))
    operator: Operator = draw(st.sampled_from(operators_for(fact.type)))
    law = LAWS[operator]
    others = [other for other in FACTS.values() if other.type is law.reference.get(fact.type)]
    refers: bool = bool(others) and draw(st.booleans())
    operand: Literal | FactReference
    if refers:
        operand = FactReference(fact=draw(st.sampled_from(others)), place=HERE)
    else:
        operand = draw(literals(fact.type, law.form))
    return Comparison(fact=fact, operator=operator, operand=operand, place=HERE)


def _joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        several.map(lambda found: AllOf(parts=found, place=HERE)),
        several.map(lambda found: AnyOf(parts=found, place=HERE)),
        parts.map(lambda part: Not(part=part, place=HERE)),
    )


conditions: st.SearchStrategy[Condition] = st.recursive(leaves(), _joined, max_leaves=8)

# Trees for the YAML reader. Words that are plain text to every reader of YAML, and some that need quotes.
_WORDS = st.text(alphabet="abcxyz é\U0001f600:#-'\"\\[]{}0123%.", min_size=1, max_size=8)
_KEYS = st.text(alphabet="abcdefgh", min_size=1, max_size=6)
trees = st.dictionaries(
    _KEYS,
    st.recursive(
        st.one_of(_WORDS, st.integers(-999, 999), st.booleans(), st.none()),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)
