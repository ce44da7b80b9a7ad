"""The JSON Schema of a rehearsal file; `rules/rehearsal.schema.json` is its text."""

from __future__ import annotations

import functools
import json

from tidegate.policy.decision import Verdict
from tidegate.policy.fact import SCOPE_WORDS, FactType
from tidegate.policy.facts import FACTS
from tidegate.policy.moment import Moment
from tidegate.policy.pace import FailedInstances, FaultDomains
from tidegate.policy.schema import Schema

BATCHING = "batching"
MOMENTS = tuple(moment.value for moment in Moment)


def _map(properties: Schema, required: list[str], description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@functools.cache
def rehearsal_schema() -> Schema:
    """The schema; the types of the facts' values are left to the reader."""
    facts: Schema = {name: _value(fact.type, fact.doc) for name, fact in FACTS.items()}
    case = _map(
        {
            "name": {"type": "string", "minLength": 1, "description": "What the case shows, as a sentence."},
            "at": {"type": "string", "enum": [*SCOPE_WORDS.values(), BATCHING, *MOMENTS]},
            "facts": {**_map(facts, [], "The facts that differ from the usual ones, see rules/README.md.")},
            "attempted": {
                "type": "integer",
                "minimum": 0,
                "description": "Instances attempted so far. Default: progress.upgradedInstanceCount.",
            },
            "expect": _expectation(),
        },
        ["name", "at", "expect"],
        "One question to the policy and its answer.",
    )
    properties: Schema = {
        "apiVersion": {"const": "tidegate/v1"},
        "kind": {"const": "Rehearsal"},
        "policy": {"type": "string", "description": "Name of the policy that is rehearsed."},
        "cases": {"type": "array", "minItems": 1, "items": case},
    }
    body = _map(properties, ["apiVersion", "kind", "policy", "cases"], "What a policy must answer.")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tidegate rehearsal", **body}


def _value(type_: FactType, doc: str) -> Schema:
    kinds: dict[FactType, object] = {
        FactType.BOOLEAN: "boolean",
        FactType.INTEGER: "integer",
        FactType.STRINGS: "array",
        FactType.TAGS: "object",
        FactType.VERSION: ["string", "number"],
    }
    return {"type": kinds.get(type_, "string"), "description": doc}


def _expectation() -> Schema:
    rules = {"type": "array", "items": {"type": "string"}}
    return _map(
        {
            "verdict": {"type": "string", "enum": [verdict.value for verdict in Verdict]},
            "rules": {**rules, "description": "Exactly the rules that speak, in the order of the file."},
            "because": {"type": "string", "description": "The sentence of the deciding rule."},
            "code": {"type": "string", "description": "The error code of the deciding halt rule."},
            "pace": _pace(),
        },
        ["verdict"],
        "The answer; what is not written is not compared.",
    )


def _pace() -> Schema:
    amount: Schema = {"type": ["string", "integer"]}
    return _map(
        {
            "batch": {"type": ["string", "integer", "array"], "items": amount},
            "zones": {"type": "string", "enum": ["oneAfterAnother", "together"]},
            "faultDomains": {"type": "string", "enum": [word.value for word in FaultDomains]},
            "unhealthyFirst": {"type": "boolean"},
            "pauseBetweenBatches": {"type": "string"},
            "settleTimeout": {"type": "string"},
            "instanceTimeout": {"type": "string"},
            "minimumHealthy": amount,
            "maximumInFlight": {"type": "integer"},
            "failedInstances": {
                "type": "string",
                "enum": [FailedInstances.RESTORE_PREVIOUS_VERSION.value, FailedInstances.LEAVE.value],
            },
        },
        [],
        "The settings of the pace, with every reference to a fact resolved.",
    )


def published_text() -> str:
    """The schema as `rules/rehearsal.schema.json` holds it."""
    return json.dumps(rehearsal_schema(), indent=2, ensure_ascii=False) + "\n"
