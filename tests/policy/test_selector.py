"""Which scale sets a policy applies to."""

import pytest

from tests.policy.texts import facts, policy_of, problems_of, text_of
from tidegate.policy.fact import FactValue
from tidegate.policy.selector import Selector


def _selector(written: str) -> Selector:
    return policy_of(rest=f"appliesTo: {written}\n" if written else "").applies_to


FITTING = [
    ("", {}, True),
    ("{scaleSet.location: westeurope}", {}, True),
    ("{scaleSet.location: WestEurope}", {}, True),
    ("{scaleSet.location: west*}", {}, True),
    ("{scaleSet.location: [northeurope, westeurope]}", {}, True),
    ("{scaleSet.location: northeurope}", {}, False),
    ("{scaleSet.location: westeurope, scaleSet.name: other}", {}, False),
    ("{scaleSet.isServiceFabric: true}", {}, False),
    ("{scaleSet.isServiceFabric: false}", {}, True),
    ("{upgrade.kind: OS_IMAGE}", {"upgrade.kind": "OS_IMAGE"}, True),
    ("{scaleSet.tags: {stage: prod*}}", {"scaleSet.tags": {"Stage": "Production"}}, True),
    ("{scaleSet.tags: {stage: [test, prod]}}", {"scaleSet.tags": {"stage": "prod"}}, True),
    ("{scaleSet.tags: {stage: prod, team: '*'}}", {"scaleSet.tags": {"stage": "prod"}}, False),
]


@pytest.mark.parametrize(("written", "given", "fits"), FITTING)
def test_a_policy_applies_where_every_condition_fits(written: str, given: dict[str, FactValue], fits: bool) -> None:
    assert _selector(written).fits(facts(given)) is fits


@pytest.mark.parametrize(
    ("written", "specificity"),
    [
        ("", 0),
        ("{scaleSet.location: [a, b]}", 1),
        ("{scaleSet.tags: {stage: prod, team: blue}}", 2),
        ("{scaleSet.tags: {stage: prod, team: blue}, upgrade.kind: EXTENSION}", 3),
    ],
)
def test_each_fact_and_each_tag_counts_as_one(written: str, specificity: int) -> None:
    assert _selector(written).specificity == specificity


@pytest.mark.parametrize(
    ("one", "other", "overlapping"),
    [
        ("{scaleSet.location: west*}", "{scaleSet.location: '*europe'}", True),
        ("{scaleSet.location: west*}", "{scaleSet.location: north*}", False),
        ("{scaleSet.location: west*}", "{scaleSet.name: web}", True),
        ("{scaleSet.tags: {stage: prod}}", "{scaleSet.tags: {Stage: test}}", False),
        ("{scaleSet.tags: {stage: prod}}", "{scaleSet.tags: {team: blue}}", True),
        ("{scaleSet.isServiceFabric: true}", "{scaleSet.isServiceFabric: false}", False),
        ("", "{scaleSet.name: web}", True),
    ],
)
def test_two_selectors_overlap_unless_they_ask_different_things_of_one_fact(
    one: str, other: str, overlapping: bool
) -> None:
    assert _selector(one).may_overlap(_selector(other)) is overlapping
    assert _selector(other).may_overlap(_selector(one)) is overlapping


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{scaleSet.locatoin: a}", "There is no scaleSet.locatoin here. Did you mean scaleSet.location?"),
        ("{progress.elapsed: PT1H}", "There is no progress.elapsed here."),
        ("{scaleSet.capacity: 3}", "There is no scaleSet.capacity here."),
        ("{scaleSet.isServiceFabric: maybe}", "scaleSet.isServiceFabric must be true or false, and maybe is not."),
        ("{scaleSet.name: 5}", "scaleSet.name must be a text or a list, and 5 is not."),
        ("{scaleSet.tags: stage}", "scaleSet.tags must be a map, and stage is not."),
        ("{scaleSet.tags: {stage: 5}}", "stage must be a text or a list, and 5 is not."),
        ("{scaleSet.tags: {}}", "scaleSet.tags is empty. Name at least one tag."),
        ("{scaleSet.name: []}", "scaleSet.name is empty."),
        ("{upgrade.kind: EXTENSOIN}", "upgrade.kind is never EXTENSOIN. Did you mean EXTENSION?"),
        ("{}", "appliesTo is empty. Leave appliesTo out where the policy is for every scale set."),
    ],
)
def test_a_wrong_selector_is_refused(written: str, said: str) -> None:
    (problem,) = problems_of(text_of(rest=f"appliesTo: {written}\n"))
    assert problem.startswith("tried.yaml:4:")
    assert said in problem
