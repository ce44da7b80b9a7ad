"""Checks the shape of a policy against the JSON Schema, and says what is wrong in words, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import jsonschema
from jsonschema.protocols import Validator

from tidegate.policy.located import LocatedMap, LocatedScalar, LocatedValue, follow, plain
from tidegate.policy.problem import Problem
from tidegate.policy.suggestion import did_you_mean

_KINDS = {
    "object": "a map",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
}


def shape_problems(document: LocatedValue, validator: Validator) -> Iterator[Problem]:
    """Everything about the document that the schema refuses.

    The schema may say how to mend what it refuses, in an `errorMessage`; editors show the same words.
    """
    errors = list(validator.iter_errors(plain(document)))
    mistyped: dict[tuple[object, ...], jsonschema.ValidationError] = {}
    for error in errors:
        at = tuple(error.absolute_path)
        if error.validator == "type" and (at not in mistyped or _breadth(error) > _breadth(mistyped[at])):
            mistyped[at] = error
    for error in errors:
        # Of a value of the wrong type nothing else is worth saying, and the widest list of right types says it best.
        if mistyped.get(tuple(error.absolute_path), error) is error:
            yield from _problems(error, document)


def _breadth(error: jsonschema.ValidationError) -> int:
    """How many types the value might have had."""
    return len(error.validator_value) if isinstance(error.validator_value, list) else 1


def _problems(error: jsonschema.ValidationError, document: LocatedValue) -> Iterator[Problem]:
    path = list(error.absolute_path)
    node = follow(document, path)
    subject = next((step for step in reversed(path) if isinstance(step, str)), "The policy")
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, node)
        case "required":
            yield _missing_key(error, node, subject)
        case "minProperties" if not error.instance:
            yield Problem(place=node.place, message=f"{subject} is empty.", advice=_advice(error))
        case "maxProperties" | "minProperties" | "anyOf":
            yield Problem(place=node.place, message=f"{_here(node)} does not say one thing.", advice=_advice(error))
        case _:
            yield Problem(place=node.place, message=_message(error, node, subject), advice=_advice(error))


def _here(node: LocatedValue) -> str:
    keys = [entry.key for entry in node.entries] if isinstance(node, LocatedMap) else []
    return f"This map ({', '.join(keys)})" if keys else "This empty map"


def _unknown_keys(error: jsonschema.ValidationError, node: LocatedValue) -> Iterator[Problem]:
    assert isinstance(node, LocatedMap), "only maps have keys"
    known = list(cast("dict[str, object]", error.schema)["properties"])  # type: ignore[call-overload]
    for entry in node.entries:
        if entry.key not in known:
            advice = did_you_mean(entry.key, known, f"Known here: {', '.join(known)}.")
            yield Problem(place=entry.key_place, message=f"There is no {entry.key} here.", advice=advice)


def _missing_key(error: jsonschema.ValidationError, node: LocatedValue, subject: str) -> Problem:
    assert isinstance(node, LocatedMap), "only maps lack keys"
    wanted = [key for key in cast("list[str]", error.validator_value) if node.get(key) is None]
    missing = next(key for key in wanted if repr(key) in error.message)
    where = "the file" if subject == "The policy" else f"this entry of {subject}"
    return Problem(place=node.place, message=f"{missing} is missing.", advice=f"Add {missing}: to {where}.")


def _message(error: jsonschema.ValidationError, node: LocatedValue, subject: str) -> str:
    written = _written(node)
    match error.validator:
        case "type":
            wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            return f"{subject} must be {' or '.join(_KINDS[str(kind)] for kind in wanted)}, and {written} is not."
        case "minItems" | "minLength":
            return f"{subject} is empty."
        case "maxLength":
            return f"{subject} is longer than {error.validator_value} characters."
        case _:
            return f"{written} is no {subject}."


def _written(node: LocatedValue) -> str:
    match node:
        case LocatedScalar():
            return node.text or "nothing"
        case LocatedMap():
            return "a map"
        case _:
            return "a list"


def _advice(error: jsonschema.ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    if error.instance is None:
        return "Write a value after the colon, or leave the key out."
    given = schema.get("errorMessage")
    if isinstance(given, str):
        return given
    match error.validator:
        case "enum" | "type" if "enum" in schema:
            words = cast("list[str]", schema["enum"])
            return did_you_mean(str(error.instance), words, f"Write one of {', '.join(words)}.")
        case "const":
            return f"Write {error.validator_value}."
        case "minimum":
            return f"Write {error.validator_value} or more."
        case "maximum":
            return f"Write {error.validator_value} or less."
        case "minItems" | "minLength":
            return "Write at least one, or leave the key out."
        case "maxLength":
            return "Shorten it."
        case _:
            return str(schema.get("description", "Look at the JSON Schema beside the policies."))
