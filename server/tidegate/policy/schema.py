"""The JSON Schema of a policy, made from the tables of facts and operators.

`rules/policy.schema.json` is its text. Law: what the loader accepts, the schema accepts. The published schema is
the stricter help for editors: it offers in each place the facts that may be asked for there and the operators that fit
them. The loader checks only the shape with it and judges the meaning itself, where it can say more.
"""

from __future__ import annotations

import functools
import json
from typing import TypeAlias

from tidegate.policy.fact import Section
from tidegate.policy.facts import FACTS, FactType, available
from tidegate.policy.moment import Moment
from tidegate.policy.pace import FailedInstances, FaultDomains
from tidegate.policy.read_rules import VERDICTS
from tidegate.policy.schema_conditions import SECTIONS, condition_definitions, fact_name, reference

Schema: TypeAlias = dict[str, object]

NAME_PATTERN = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
CODE_PATTERN = "^[A-Za-z][A-Za-z0-9]*$"
_KEBAB = "Write lower-case words joined by dashes, such as small-steps."


@functools.cache
def policy_schema(*, published: bool) -> Schema:
    """The schema: the published one for editors, or the loader's, which leaves meaning to the reader."""
    rules = {
        "eligibility": _rules("May it begin? Every rule whose condition holds denies.", _eligibility()),
        "batching": _rules(
            "How many, in which order, how long between? The first rule that fits decides.", _batching()
        ),
        "halt": _rules("When must it stop? The gravest verdict wins.", _halt()),
    }
    properties: Schema = {
        "apiVersion": {"const": "tidegate/v1", "description": "Version of the policy language."},
        "kind": {"const": "Policy"},
        "name": _name("Name of the policy; no two policies of a server share one."),
        "description": {"type": "string", "description": "What the policy is for, in a sentence."},
        "appliesTo": _applies_to(),
        **rules,
        "retry": _retry(),
    }
    body = _map(properties, ["apiVersion", "kind", "name", "batching"], "How extensions are kept new on a scale set.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tidegate policy",
        **body,
        "$defs": {**condition_definitions(published=published), **_definitions(published=published)},
    }


def _map(properties: Schema, required: list[str], description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _name(description: str) -> Schema:
    return {
        "type": "string",
        "pattern": NAME_PATTERN,
        "maxLength": 63,
        "description": description,
        "errorMessage": _KEBAB,
    }


def _rules(description: str, rule: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "description": description, "items": rule}


def _when(section: Section, description: str) -> Schema:
    return {"$ref": f"#/$defs/{section.value}Condition", "description": description}


def _eligibility() -> Schema:
    return _map(
        {
            "name": _name("Name of the rule; decisions cite it."),
            "when": _when(Section.ELIGIBILITY, "Denies where this holds; without it, always."),
            "deny": _sentence("Why it is denied. {fact.name} stands for the value of a fact."),
        },
        ["name", "deny"],
        "One reason to leave a scale set, an extension or an instance alone.",
    )


def _batching() -> Schema:
    amount = {"$ref": "#/$defs/amount"}
    return _map(
        {
            "name": _name("Name of the rule; decisions cite it."),
            "when": _when(Section.BATCHING, "Sets the pace where this holds; the last rule has none."),
            "because": _sentence("Why this pace. {fact.name} stands for the value of a fact."),
            "batch": {"$ref": "#/$defs/steps"},
            "zones": {"$ref": "#/$defs/zones"},
            "faultDomains": _word(
                [word.value for word in FaultDomains], "How a batch treats fault domains. Default spread."
            ),
            "unhealthyFirst": {"$ref": "#/$defs/switch", "description": "Unhealthy instances go first. Default false."},
            "pauseBetweenBatches": _duration("Pause after a batch has settled. Default PT0S."),
            "settleTimeout": _duration("Longest wait for the instances of a batch to become healthy. Default PT5M."),
            "instanceTimeout": _duration("Longest time one instance's upgrade may take. Default PT20M."),
            "minimumHealthy": {
                **amount,
                "description": "A batch shrinks so that as many healthy instances stay untouched.",
            },
            "maximumInFlight": {
                "$ref": "#/$defs/count",
                "description": "Largest number of instances worked on together.",
            },
            "failedInstances": _word(
                [word.value for word in FailedInstances],
                "What becomes of an instance whose upgrade failed. Default restoreWhenAutomatic.",
            ),
        },
        ["name", "batch"],
        "A pace.",
    )


def _halt() -> Schema:
    return _map(
        {
            "name": _name("Name of the rule; decisions cite it."),
            "at": _word([moment.value for moment in Moment], "When the rule is asked."),
            "when": _when(Section.HALT, "Speaks where this holds; without it, always."),
            "minimumSample": {
                "type": "integer",
                "minimum": 1,
                "description": "Silent until that many instances were attempted.",
            },
            "then": _word(list(VERDICTS), "What happens. The gravest of all rules that speak wins."),
            "because": _sentence("Why. {fact.name} stands for the value of a fact."),
            "code": {
                "type": "string",
                "pattern": CODE_PATTERN,
                "maxLength": 120,
                "description": "Error code to show. Default RollingUpgradeHaltedByPolicy.",
                "errorMessage": "Write one word of letters and digits, such as TooManyFailures.",
            },
            "evenWhenForced": {
                "type": "boolean",
                "description": "Speaks in a forced upgrade too. Default false: force skips the health stops.",
            },
        },
        ["name", "at", "then", "because"],
        "One reason to stop.",
    )


def _sentence(description: str) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": 500, "description": description}


def _word(words: list[str], description: str) -> Schema:
    return {"type": "string", "enum": words, "description": description}


def _duration(description: str) -> Schema:
    return {"$ref": "#/$defs/duration", "description": description}


def _retry() -> Schema:
    return _map(
        {
            "after": {"type": "string", "description": "How long after the end of the upgrade, such as P1D."},
            "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How often at most."},
        },
        ["after", "attempts"],
        "Failed instances are tried again by a later automatic upgrade.",
    )


def _applies_to() -> Schema:
    properties: Schema = {}
    for name in available(Section.APPLIES_TO):
        fact = FACTS[name]
        doc = {"description": fact.doc}
        if fact.type is FactType.TAGS:
            properties[name] = {"$ref": "#/$defs/tagPatterns", **doc}
        elif fact.type is FactType.BOOLEAN:
            properties[name] = {"type": "boolean", **doc}
        else:
            properties[name] = {"$ref": "#/$defs/patterns", **doc}
    return {
        "type": "object",
        "description": "The scale sets that the policy is for; the policy with the most conditions that fit wins.",
        "properties": properties,
        "minProperties": 1,
        "additionalProperties": False,
        "errorMessage": "Leave appliesTo out where the policy is for every scale set.",
    }


def _either(types: tuple[FactType, ...], literal: Schema, description: str, *, published: bool) -> Schema:
    """A literal or a reference to a fact. If-then-else keeps the errors of the one that was meant."""
    names = [name for name in available(Section.BATCHING) if FACTS[name].type in types]
    return {
        "type": ["object", *([literal["type"]] if isinstance(literal["type"], str) else _SCALARS)],
        "description": description,
        "if": {"type": "object"},
        "then": reference(fact_name(names) if published else {"type": "string"}),
        "else": literal,
    }


_SCALARS = ("string", "integer")


def _definitions(*, published: bool) -> Schema:
    either = functools.partial(_either, published=published)
    amount = "A count such as 5, a percentage such as 20%, or {fact: name}."
    return {
        "amount": either((FactType.PERCENT, FactType.INTEGER), {"type": list(_SCALARS)}, amount),
        "steps": {
            "type": [*_SCALARS, "object", "array"],
            "description": "Instances in a batch; a list gives the first, second, ... batch, and the last one repeats.",
            "if": {"type": "array"},
            "then": {"minItems": 1, "items": {"$ref": "#/$defs/amount"}},
            "else": {"$ref": "#/$defs/amount"},
        },
        "zones": either(
            (FactType.BOOLEAN,),
            {"type": "string", "enum": ["oneAfterAnother", "together"]},
            "Whether a batch may reach over zones; a fact that is true means together. Default oneAfterAnother.",
        ),
        "switch": either((FactType.BOOLEAN,), {"type": "boolean"}, "true, false or {fact: name}."),
        "duration": either((FactType.DURATION,), {"type": "string"}, "An ISO 8601 duration or {fact: name}."),
        "count": either((FactType.INTEGER,), {"type": "integer", "minimum": 1}, "A count or {fact: name}."),
    }


def published_text() -> str:
    """The schema as `rules/policy.schema.json` holds it."""
    return json.dumps(policy_schema(published=True), indent=2, ensure_ascii=False) + "\n"


assert set(SECTIONS) < set(Section), "conditions stand in some sections"
