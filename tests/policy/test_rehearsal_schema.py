"""The JSON Schema of rehearsals."""

from pathlib import Path

import jsonschema

from tests.policy.texts import source_of
from tidegate.policy.located import plain
from tidegate.policy.located_yaml import read_located
from tidegate.policy.rehearsal_schema import published_text, rehearsal_schema


def test_the_published_file_is_the_generated_one(repository: Path) -> None:
    published = (repository / "rules/rehearsal.schema.json").read_text(encoding="utf-8")
    assert published == published_text(), "write published_text() to rules/rehearsal.schema.json"


def test_the_shipped_rehearsals_fit_it(repository: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(rehearsal_schema())
    for path in sorted((repository / "rules/rehearsals").glob("*.yaml")):
        document, problems = read_located(source_of(path.read_text(encoding="utf-8")))
        assert not problems
        assert document is not None
        assert jsonschema.Draft202012Validator(rehearsal_schema()).is_valid(plain(document)), path.name
