"""The shape check says what is wrong in words."""

import jsonschema

from tests.policy.texts import source_of
from tidegate.policy.located_yaml import read_located
from tidegate.policy.shape import shape_problems

SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "enum": ["red", "green"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "names": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": "^a", "errorMessage": "Begin with a."},
        },
        "inner": {"type": "object", "properties": {"x": True}, "required": ["x"], "additionalProperties": False},
    },
    "additionalProperties": False,
}


def _problems(text: str) -> list[str]:
    document, _ = read_located(source_of(text))
    assert document is not None
    return sorted(str(problem) for problem in shape_problems(document, jsonschema.Draft202012Validator(SCHEMA)))


def test_a_document_of_the_right_shape_has_no_problems() -> None:
    assert _problems("colour: red\ncount: 1\nnames: [ann]\ninner: {x: 1}\n") == []


def test_every_problem_is_told_with_its_place_and_its_advice() -> None:
    assert _problems("colour: gren\ncount: 10\nnames: [ann, bob, 5]\ninner: {y: 1, z: 2}\n") == [
        "tried.yaml:1:9: gren is no colour. Did you mean green?",
        "tried.yaml:2:8: 10 is no count. Write 9 or less.",
        "tried.yaml:3:14: bob is no names. Begin with a.",
        "tried.yaml:3:19: names must be a text, and 5 is not. Begin with a.",
        "tried.yaml:4:15: There is no z here. Known here: x.",
        "tried.yaml:4:8: x is missing. Add x: to this entry of inner.",
        "tried.yaml:4:9: There is no y here. Known here: x.",
    ]


def test_a_value_of_another_type_is_told_the_words_too() -> None:
    assert _problems("colour: [red, green]\n") == [
        "tried.yaml:1:9: colour must be a text, and a list is not. Write one of red, green."
    ]
