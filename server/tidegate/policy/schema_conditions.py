"""The part of the JSON Schema that describes conditions: which facts and operators each section offers."""

from __future__ import annotations

from typing import TypeAlias

from tidegate.policy.fact import FactType, Section
from tidegate.policy.facts import FACTS, available
from tidegate.policy.operators import LAWS, Form, Operator, operators_for

Schema: TypeAlias = dict[str, object]

SECTIONS = (Section.ELIGIBILITY, Section.BATCHING, Section.HALT)
_ONE_THING = "Write either all, any, not, or a fact with one operator."

_LITERALS: dict[FactType, Schema] = {
    FactType.BOOLEAN: {"type": "boolean"},
    FactType.INTEGER: {"type": "integer"},
    FactType.PERCENT: {"type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,6})?%$", "examples": ["20%"]},
    FactType.DURATION: {"type": "string", "pattern": "^P", "examples": ["PT5M", "P1D"]},
    FactType.STRING: {"type": "string"},
    FactType.STRINGS: {"type": "string"},
    FactType.VERSION: {"type": ["string", "number"], "examples": ["1.10"]},
}


def fact_name(names: list[str]) -> Schema:
    """The name of one of the facts, with the sentence about each for editors."""
    docs = [f"{FACTS[name].doc} ({FACTS[name].type.value})" for name in names]
    return {"type": "string", "enum": names, "enumDescriptions": docs}


def reference(name: Schema) -> Schema:
    """`{fact: name}`."""
    return {"type": "object", "properties": {"fact": name}, "required": ["fact"], "additionalProperties": False}


def condition_definitions(*, published: bool) -> Schema:
    """The definitions of a condition in each section, and what they share."""
    definitions: Schema = {
        "patterns": {
            "type": ["string", "array"],
            "description": "A text, or a list any of which may fit; * and ? stand for any characters and any one.",
            "items": {"type": "string"},
            "minItems": 1,
        },
        "tagPatterns": {
            "type": "object",
            "description": "For each tag the pattern or patterns that its value must fit.",
            "additionalProperties": {"$ref": "#/$defs/patterns"},
            "minProperties": 1,
            "errorMessage": "Name at least one tag.",
        },
    }
    for section in SECTIONS:
        definitions[f"{section.value}Condition"] = _condition(section, published)
        for type_ in FactType if published else ():
            names = _names(section, type_)
            if names:
                definitions[_reference_name(section, type_)] = reference(fact_name(names))
    return definitions


def _names(section: Section, type_: FactType | None) -> list[str]:
    return [name for name in available(section) if FACTS[name].type is type_]


def _reference_name(section: Section, type_: FactType) -> str:
    return f"{section.value}{type_.value.capitalize()}Fact"


def _condition(section: Section, published: bool) -> Schema:
    this = {"$ref": f"#/$defs/{section.value}Condition"}
    names = list(available(section)) if published else list(FACTS)
    parts: Schema = {"type": "array", "minItems": 1, "items": this}
    properties: Schema = {
        "all": {**parts, "description": "Holds where every part holds."},
        "any": {**parts, "description": "Holds where at least one part holds."},
        "not": {**this, "description": "Holds where the part does not."},
        "fact": {**(fact_name(names) if published else {"type": "string"}), "description": "The fact to look at."},
    }
    for operator in Operator:
        properties[operator.value] = {"description": f"{LAWS[operator].doc} Takes {LAWS[operator].form.value}."}
    groups: list[Schema] = [
        {"if": {"required": [key]}, "then": {"maxProperties": 1, "errorMessage": _ONE_THING}}
        for key in ("all", "any", "not")
    ]
    groups.append(
        {
            "if": {"required": ["fact"]},
            "then": {"minProperties": 2, "maxProperties": 2, "errorMessage": "Write one operator beside the fact."},
            "else": {
                "anyOf": [{"required": ["all"]}, {"required": ["any"]}, {"required": ["not"]}],
                "errorMessage": _ONE_THING,
            },
        }
    )
    typed = [_typed(section, type_) for type_ in FactType if _names(section, type_)] if published else []
    return {
        "type": "object",
        "description": "A condition: all, any, not, or a fact with one operator.",
        "properties": properties,
        "additionalProperties": False,
        "allOf": [*groups, *typed],
    }


def _typed(section: Section, type_: FactType) -> Schema:
    """What may stand beside a fact of the type: only its operators, each with operands of its like."""
    names = _names(section, type_)
    beside: Schema = {operator.value: _operand(section, type_, operator) for operator in operators_for(type_)}
    return {
        "if": {"properties": {"fact": {"enum": names}}, "required": ["fact"]},
        "then": {"properties": beside, "propertyNames": {"enum": ["fact", *beside]}},
    }


def _operand(section: Section, type_: FactType, operator: Operator) -> Schema:
    law = LAWS[operator]
    literals: dict[Form, Schema] = {
        Form.TAGS: {"$ref": "#/$defs/tagPatterns"},
        Form.FLAG: {"type": "boolean"},
        Form.ONE: _LITERALS.get(type_, {}),
        Form.MANY: {"type": "array", "minItems": 1, "items": _LITERALS.get(type_, {})},
    }
    literal = literals.get(law.form, {"type": "string", "minLength": 1})
    wanted = law.reference.get(type_)
    if wanted is None or not _names(section, wanted):
        return literal
    other = {"$ref": f"#/$defs/{_reference_name(section, wanted)}"}
    return {"if": {"type": "object"}, "then": other, "else": literal}
