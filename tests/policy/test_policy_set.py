"""All policies of a server."""

import pytest

from tests.policy.texts import BATCHING, facts
from tidegate.policy.fact import FactValue
from tidegate.policy.policy_set import PolicySet, load_policies
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.source import PolicySource


def _source(name: str, applies_to: str = "") -> PolicySource:
    selector = f"appliesTo: {applies_to}\n" if applies_to else ""
    text = f"apiVersion: tidegate/v1\nkind: Policy\nname: {name}\n{selector}{BATCHING}"
    return PolicySource(file=f"{name}.yaml", text=text)


def _chosen(policies: PolicySet, given: dict[str, FactValue]) -> str:
    policy = policies.choose(facts(given))
    return "" if policy is None else policy.name


def test_the_most_specific_policy_that_fits_is_chosen() -> None:
    policies = load_policies(
        [
            _source("everywhere"),
            _source("production", "{scaleSet.tags: {stage: prod}}"),
            _source("production-here", "{scaleSet.tags: {stage: prod}, scaleSet.location: westeurope}"),
        ]
    )
    assert _chosen(policies, {}) == "everywhere"
    assert _chosen(policies, {"scaleSet.tags": {"stage": "prod"}, "scaleSet.location": "elsewhere"}) == "production"
    assert _chosen(policies, {"scaleSet.tags": {"stage": "prod"}}) == "production-here"


def test_none_is_chosen_where_none_fits() -> None:
    assert _chosen(load_policies([_source("web", "{scaleSet.name: web-*}")]), {}) == ""
    assert load_policies([]).policies == ()


def test_a_policy_is_found_by_its_name() -> None:
    policies = load_policies([_source("everywhere")])
    found = policies.named("everywhere")
    assert found is not None
    assert found.name == "everywhere"
    assert policies.named("nowhere") is None


def test_policies_that_could_tie_are_refused_with_both_places() -> None:
    sources = [_source("blue", "{scaleSet.tags: {team: blue}}"), _source("prod", "{scaleSet.tags: {stage: prod}}")]
    with pytest.raises(PolicyRefused) as refused:
        load_policies(sources)
    assert str(refused.value) == (
        "prod.yaml:4:12: prod and blue (blue.yaml:4:12) could both be for one scale set, equally specific."
        " Add a condition to appliesTo of one of them, or make their conditions exclude each other."
    )


def test_policies_that_exclude_each_other_do_not_tie() -> None:
    policies = load_policies(
        [_source("prod", "{scaleSet.tags: {stage: prod}}"), _source("test", "{scaleSet.tags: {stage: test}}")]
    )
    assert [policy.name for policy in policies.policies] == ["prod", "test"]


def test_two_policies_for_everything_tie() -> None:
    with pytest.raises(PolicyRefused, match="could both be for one scale set"):
        load_policies([_source("one"), _source("other")])


def test_one_name_for_two_policies_is_refused() -> None:
    twin = PolicySource(file="twin.yaml", text=_source("web", "{scaleSet.name: x}").text)
    with pytest.raises(PolicyRefused) as refused:
        load_policies([_source("web"), twin])
    assert [str(problem) for problem in refused.value.problems] == [
        "twin.yaml:1:1: A policy named web stands already in web.yaml. Give every policy its own name."
    ]


def test_the_problems_of_all_files_are_told_together() -> None:
    sources = [
        PolicySource(file="a.yaml", text=""),
        _source("one"),
        PolicySource(file="b.yaml", text="name: x\n"),
        _source("other"),
    ]
    with pytest.raises(PolicyRefused) as refused:
        load_policies(sources)
    assert sorted({problem.place.file for problem in refused.value.problems}) == ["a.yaml", "b.yaml", "other.yaml"]
