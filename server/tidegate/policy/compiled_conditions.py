"""Turns conditions into one Python function, so that judging costs about what hand-written code would.

Law: nothing that a policy says becomes program text. The function is built as a syntax tree; operands and patterns are
bound as constants in its namespace, and facts are looked up by names out of the closed list. It agrees with `evaluate`
on every condition and every facts; a property test holds the two together.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from tidegate.domain.version import Version
from tidegate.policy import wildcard
from tidegate.policy.comparing import MEANINGS, tag_test
from tidegate.policy.condition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    FactReference,
    Literal,
    Not,
    TagPatterns,
)
from tidegate.policy.fact import Fact, Facts, FactType
from tidegate.policy.operators import Operator

MaskOfFacts: TypeAlias = Callable[[Facts], int]
"""From facts to the set of conditions that hold: bit 0 is the first condition."""

_COMPARISONS: dict[Operator, type[ast.cmpop]] = {
    Operator.EQUALS: ast.Eq,
    Operator.NOT_EQUALS: ast.NotEq,
    Operator.LESS_THAN: ast.Lt,
    Operator.AT_MOST: ast.LtE,
    Operator.GREATER_THAN: ast.Gt,
    Operator.AT_LEAST: ast.GtE,
}
_MEMBERSHIPS: dict[Operator, type[ast.cmpop]] = {Operator.IN: ast.In, Operator.NOT_IN: ast.NotIn}

_TEXT_METHODS: dict[Operator, str] = {Operator.STARTS_WITH: "startswith", Operator.ENDS_WITH: "endswith"}


def compile_mask(conditions: Sequence[Condition | None]) -> MaskOfFacts:
    """The function that says which of the conditions hold; None stands for a condition that always does.

    The function raises KeyError with the name of a fact that its conditions ask for and that is not there.
    """
    return _Builder().build(conditions)


def _load(name: str) -> ast.expr:
    return ast.Name(id=name, ctx=ast.Load())


def _store(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=value)


def _add_to_held(bit: int) -> ast.stmt:
    return ast.AugAssign(target=ast.Name(id="held", ctx=ast.Store()), op=ast.BitOr(), value=ast.Constant(bit))


class _Builder:
    """Collects the facts to look up and the constants to bind while it writes the conditions."""

    def __init__(self) -> None:
        self._namespace: dict[str, object] = {"__builtins__": {}}
        self._lookups: dict[str, ast.stmt] = {}

    def build(self, conditions: Sequence[Condition | None]) -> MaskOfFacts:
        always = sum(1 << index for index, condition in enumerate(conditions) if condition is None)
        judged = [
            ast.If(test=self._condition(condition), body=[_add_to_held(1 << index)], orelse=[])
            for index, condition in enumerate(conditions)
            if condition is not None
        ]
        body = [*self._lookups.values(), _store("held", ast.Constant(always)), *judged, ast.Return(value=_load("held"))]
        function = ast.FunctionDef(
            name="held_by",
            args=ast.arguments(posonlyargs=[], args=[ast.arg(arg="facts")], kwonlyargs=[], kw_defaults=[], defaults=[]),
            body=body,
            decorator_list=[],
        )
        module = ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))
        exec(compile(module, "<policy>", "exec"), self._namespace)
        return cast(MaskOfFacts, self._namespace["held_by"])

    def _condition(self, condition: Condition) -> ast.expr:
        match condition:
            case AllOf():
                return self._joined(ast.And(), condition.parts)
            case AnyOf():
                return self._joined(ast.Or(), condition.parts)
            case Not():
                return ast.UnaryOp(op=ast.Not(), operand=self._condition(condition.part))
            case Comparison():
                return self._comparison(condition)

    def _joined(self, how: ast.boolop, parts: tuple[Condition, ...]) -> ast.expr:
        """The parts joined; Python's syntax tree wants at least two."""
        values = [self._condition(part) for part in parts]
        return values[0] if len(values) == 1 else ast.BoolOp(op=how, values=values)

    def _comparison(self, leaf: Comparison) -> ast.expr:
        if leaf.fact.type is FactType.BOOLEAN and isinstance(leaf.operand, Literal):
            truth = self._fact(leaf.fact)
            wanted = leaf.operand.value is (leaf.operator is Operator.EQUALS)
            return truth if wanted else ast.UnaryOp(op=ast.Not(), operand=truth)
        if leaf.operator in _COMPARISONS:
            return self._compare(leaf, _COMPARISONS[leaf.operator])
        if leaf.operator in _MEMBERSHIPS and isinstance(leaf.operand, Literal):
            return self._compare(leaf, _MEMBERSHIPS[leaf.operator])
        if leaf.operator in _TEXT_METHODS:
            method = ast.Attribute(value=self._keyed(leaf.fact), attr=_TEXT_METHODS[leaf.operator], ctx=ast.Load())
            return ast.Call(func=method, args=[self._right(leaf)], keywords=[])
        if leaf.operator is Operator.SAME_MAJOR_AS:
            return ast.Compare(
                left=_first(self._keyed(leaf.fact)), ops=[ast.Eq()], comparators=[_first(self._right(leaf))]
            )
        if leaf.operator is Operator.MATCHES and isinstance(leaf.operand, Literal):
            fits = self._bind(wildcard.pattern(str(leaf.operand.value)).fullmatch)
            call: ast.expr = ast.Call(func=fits, args=[self._keyed(leaf.fact)], keywords=[])
            return ast.Compare(left=call, ops=[ast.IsNot()], comparators=[ast.Constant(None)])
        if leaf.operator is Operator.TAGGED and isinstance(leaf.operand, Literal):
            fits_tags = self._bind(tag_test(cast(TagPatterns, leaf.operand.value)))
            return ast.Call(func=fits_tags, args=[self._fact(leaf.fact)], keywords=[])
        operand = (
            self._fact(leaf.operand.fact) if isinstance(leaf.operand, FactReference) else self._bind(leaf.operand.value)
        )
        meaning = self._bind(MEANINGS[leaf.operator])
        return ast.Call(func=meaning, args=[self._fact(leaf.fact), operand], keywords=[])

    def _compare(self, leaf: Comparison, relation: type[ast.cmpop]) -> ast.expr:
        return ast.Compare(left=self._keyed(leaf.fact), ops=[relation()], comparators=[self._right(leaf)])

    def _right(self, leaf: Comparison) -> ast.expr:
        """The operand in the form in which it is compared; a list as a set."""
        if isinstance(leaf.operand, FactReference):
            return self._keyed(leaf.operand.fact)
        if isinstance(leaf.operand.value, tuple):
            return self._bind(frozenset(_key(one) for one in leaf.operand.value))
        return self._bind(_key(leaf.operand.value))

    def _fact(self, fact: Fact) -> ast.expr:
        """The value of the fact, looked up once at the head of the function: a missing one is found out at once."""
        local = "fact_" + fact.name.replace(".", "_")
        lookup = ast.Subscript(value=_load("facts"), slice=ast.Constant(fact.name), ctx=ast.Load())
        self._lookups.setdefault(local, _store(local, lookup))
        return _load(local)

    def _keyed(self, fact: Fact) -> ast.expr:
        """The value in the form in which it is compared: text without its case, a version as its numbers."""
        value = self._fact(fact)
        local = "key_" + fact.name.replace(".", "_")
        if fact.type is FactType.STRING:
            folded = ast.Call(func=ast.Attribute(value=value, attr="casefold", ctx=ast.Load()), args=[], keywords=[])
            self._lookups.setdefault(local, _store(local, folded))
            return _load(local)
        if fact.type is FactType.VERSION:
            numbers = ast.Attribute(value=value, attr="numbers", ctx=ast.Load())
            self._lookups.setdefault(local, _store(local, numbers))
            return _load(local)
        return value

    def _bind(self, value: object) -> ast.expr:
        """A name of the function's namespace that stands for the value."""
        name = f"operand_{len(self._namespace)}"
        self._namespace[name] = value
        return _load(name)


def _first(numbers: ast.expr) -> ast.expr:
    """The first of a version's numbers."""
    return ast.Subscript(value=numbers, slice=ast.Constant(0), ctx=ast.Load())


def _key(value: object) -> object:
    if isinstance(value, str):
        return value.casefold()
    return value.numbers if isinstance(value, Version) else value
