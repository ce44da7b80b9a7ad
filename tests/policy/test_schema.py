"""The JSON Schema of a policy."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.policy.test_read_condition import WRONG
from tests.policy.texts import denying, problems_of, source_of, text_of
from tidegate.policy.located import plain
from tidegate.policy.located_yaml import read_located
from tidegate.policy.schema import policy_schema, published_text

PUBLISHED = jsonschema.Draft202012Validator(policy_schema(published=True))
LOADERS = jsonschema.Draft202012Validator(policy_schema(published=False))


def _accepted_by(validator: jsonschema.Draft202012Validator, text: str) -> bool:
    document, _ = read_located(source_of(text))
    assert document is not None
    return validator.is_valid(plain(document))


def test_the_published_file_is_the_generated_one(repository: Path) -> None:
    published = (repository / "rules/policy.schema.json").read_text(encoding="utf-8")
    assert published == published_text(), "write published_text() to rules/policy.schema.json"


@pytest.mark.parametrize("published", [True, False])
def test_the_schema_is_a_schema(published: bool) -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema(published=published))


def test_the_shipped_policies_fit_both_schemas(repository: Path) -> None:
    for path in sorted((repository / "rules").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert _accepted_by(PUBLISHED, text), path.name
        assert _accepted_by(LOADERS, text), path.name


@pytest.mark.parametrize("condition", [condition for condition, _, _ in WRONG])
def test_an_editor_shows_the_mistakes_in_conditions_that_the_loader_refuses(condition: str) -> None:
    assert not _accepted_by(PUBLISHED, text_of(eligibility=denying(condition)))


@pytest.mark.parametrize(
    "condition",
    [
        "{fact: subscription.enrolled, equals: 20%}",
        "{fact: scaleSet.rollingUpgradePolicy.maxBatchInstancePercent, atMost: 20}",
        "{fact: instance.zone, in: [1]}",
        "{fact: instance.zone, in: {fact: scaleSet.name}}",
        "{fact: scaleSet.tags, tagged: stage}",
        "{fact: scaleSet.zones, isEmpty: none}",
    ],
)
def test_an_editor_shows_operands_of_the_wrong_type(condition: str) -> None:
    text = text_of(eligibility=denying(condition))
    assert problems_of(text)
    assert not _accepted_by(PUBLISHED, text)


@pytest.mark.parametrize(
    "condition",
    [
        "{fact: extension.targetVersion, atLeast: 1.10}",
        '{fact: extension.targetVersion, within: ">=1.2"}'.replace("within", "withinVersions"),
        "{fact: instance.zone, in: {fact: scaleSet.zones}}",
        "{fact: scaleSet.zones, contains: {fact: instance.zone}}",
        "{fact: scaleSet.tags, tagged: {stage: [prod*, live]}}",
        "{not: {all: [{fact: scaleSet.zones, isEmpty: true}]}}",
    ],
)
def test_what_the_loader_accepts_the_schemas_accept(condition: str) -> None:
    text = text_of(eligibility=denying(condition))
    assert problems_of(text) == []
    assert _accepted_by(PUBLISHED, text)
    assert _accepted_by(LOADERS, text)


def test_every_fact_is_offered_with_its_sentence() -> None:
    definitions = json.loads(published_text())["$defs"]
    fact = definitions["eligibilityCondition"]["properties"]["fact"]
    assert len(fact["enum"]) == len(fact["enumDescriptions"])
    assert "extension.targetVersionAge" in fact["enum"]
    assert "progress.elapsed" not in fact["enum"]
    assert "progress.elapsed" in definitions["haltCondition"]["properties"]["fact"]["enum"]
