"""The schema of conditions."""

from typing import Any

import jsonschema
import pytest

from tidegate.policy.fact import FactType, Section
from tidegate.policy.operators import operators_for
from tidegate.policy.schema_conditions import SECTIONS, condition_definitions, fact_name, reference


def _validator(section: Section, published: bool) -> jsonschema.Draft202012Validator:
    definitions = condition_definitions(published=published)
    return jsonschema.Draft202012Validator({"$defs": definitions, "$ref": f"#/$defs/{section.value}Condition"})


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_offers_its_own_facts_and_the_loader_takes_any(section: Section) -> None:
    progress = {"fact": "progress.elapsed", "atLeast": "PT1H"}
    assert _validator(section, published=True).is_valid(progress) is (section is Section.HALT)
    assert _validator(section, published=False).is_valid(progress)


def test_beside_a_fact_only_its_operators_may_stand() -> None:
    validator = _validator(Section.ELIGIBILITY, published=True)
    operands: dict[str, Any] = {"startsWith": "w", "lessThan": "w"}
    fitting = {operator.value for operator in operators_for(FactType.STRING)}
    for operator, operand in operands.items():
        assert validator.is_valid({"fact": "scaleSet.name", operator: operand}) is (operator in fitting)


def test_a_reference_names_one_fact_and_nothing_else() -> None:
    validator = jsonschema.Draft202012Validator(reference(fact_name(["scaleSet.name"])))
    assert validator.is_valid({"fact": "scaleSet.name"})
    assert not validator.is_valid({"fact": "scaleSet.nam"})
    assert not validator.is_valid({"fact": "scaleSet.name", "plus": 1})
