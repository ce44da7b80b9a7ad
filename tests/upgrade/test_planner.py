"""The planner's promises, for any scale set and any pace."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.upgrade.building import extension_target, instance, instances, planned, policy, unhealthy
from tidegate.domain.instance import Instance
from tidegate.domain.natural_order import natural_key
from tidegate.upgrade.plan import Plan, PlannedInstance

FLEETS = st.lists(
    st.tuples(
        st.integers(0, 60).map(str),
        st.sampled_from(["", "1", "2", "10"]),
        st.integers(0, 3),
        st.booleans(),
        st.sampled_from(["1.0", "1.0", "1.0", "1.1", "2.0"]),
    ),
    unique_by=lambda drawn: drawn[0],
    max_size=25,
).map(
    lambda drawn: [
        (unhealthy if is_sick else replace)(
            instance(instance_id, zone=zone, fault_domain=domain, versions={"agent": version})
        )
        for instance_id, zone, domain, is_sick, version in drawn
    ]
)
PACES = st.fixed_dictionaries(
    {
        "batch": st.sampled_from([1, 3, "20%", "100%", [1, 2, 4], ["5%", "50%"]]),
        "zones": st.sampled_from(["together", "oneAfterAnother"]),
        "faultDomains": st.sampled_from(["spread", "oneAfterAnother", "ignored"]),
        "unhealthyFirst": st.booleans(),
    }
)


# Any: the settings of a pace are whatever a policy may say for them.


def plan_of(fleet: Sequence[Instance], pace: Mapping[str, Any]) -> Plan:
    return planned(policy(pace), fleet).plan


def members(plan: Plan) -> list[tuple[PlannedInstance, ...]]:
    return [plan.order[batch.start : batch.start + batch.size] for batch in plan.batches]


@given(FLEETS, PACES)
def test_every_instance_is_planned_or_skipped_exactly_once(fleet: list[Instance], pace: Mapping[str, Any]) -> None:
    plan = plan_of(fleet, pace)
    told = [one.instance_id for one in plan.order] + [one for group in plan.skipped for one in group.instance_ids]
    assert sorted(told) == sorted(one.instance_id for one in fleet)
    assert plan.total_count == len(fleet)


@given(FLEETS, PACES)
def test_batches_are_the_order_cut_without_gaps_and_none_is_above_its_size(
    fleet: list[Instance], pace: Mapping[str, Any]
) -> None:
    plan = plan_of(fleet, pace)
    assert [one for batch in members(plan) for one in batch] == list(plan.order)
    assert [batch.number for batch in plan.batches] == list(range(1, len(plan.batches) + 1))
    steps = pace["batch"] if isinstance(pace["batch"], list) else [pace["batch"]]
    for batch in plan.batches:
        step = steps[min(batch.number, len(steps)) - 1]
        most = step if isinstance(step, int) else max(1, int(step[:-1]) * len(fleet) // 100)
        assert 1 <= batch.size <= most


@given(FLEETS, PACES)
def test_zones_and_fault_domains_are_mixed_only_where_the_pace_says_so(
    fleet: list[Instance], pace: Mapping[str, Any]
) -> None:
    for batch in members(plan_of(fleet, pace)):
        if pace["zones"] == "oneAfterAnother":
            assert len({one.zone for one in batch}) == 1
        if pace["faultDomains"] == "oneAfterAnother":
            assert len({one.fault_domain for one in batch}) == 1


@given(FLEETS, PACES, st.randoms(use_true_random=False))
def test_the_plan_and_its_digest_do_not_depend_on_the_order_of_the_instances(
    fleet: list[Instance], pace: Mapping[str, Any], chance: object
) -> None:
    shuffled = list(fleet)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan_of(shuffled, pace) == plan_of(fleet, pace)


@given(FLEETS, PACES)
def test_unhealthy_instances_come_before_all_healthy_ones_where_the_pace_says_so(
    fleet: list[Instance], pace: Mapping[str, Any]
) -> None:
    sick = {one.instance_id for one in fleet if one.probe == "Unhealthy"}
    told = [one.instance_id in sick for one in plan_of(fleet, {**pace, "unhealthyFirst": True}).order]
    assert told == sorted(told, reverse=True)


@given(FLEETS, st.sampled_from(["spread", "oneAfterAnother", "ignored"]))
def test_zones_go_one_after_another_in_natural_order(fleet: list[Instance], fault_domains: str) -> None:
    plan = plan_of(fleet, {"batch": 2, "faultDomains": fault_domains})
    keys = [natural_key(one.zone) for one in plan.order]
    assert keys == sorted(keys)


@given(st.integers(1, 40), st.integers(1, 5))
def test_a_batch_takes_evenly_of_the_fault_domains(count: int, domain_count: int) -> None:
    plan = plan_of(instances(count, fault_domain_count=domain_count), {"batch": domain_count})
    for batch in members(plan)[:-1]:
        assert max(Counter(one.fault_domain for one in batch).values()) == 1


def test_an_uneven_fault_domain_comes_last_and_nobody_is_lost() -> None:
    fleet = [instance(str(number), fault_domain=0 if number < 2 else 1) for number in range(6)]
    plan = plan_of(fleet, {"batch": 2})
    assert [one.fault_domain for one in plan.order] == [0, 1, 0, 1, 1, 1]


def test_the_digest_tells_targets_orders_and_batches_apart() -> None:
    fleet = instances(6)
    plans = [
        planned(policy({"batch": 2}), fleet).plan,
        planned(policy({"batch": 3}), fleet).plan,
        planned(policy({"batch": 2}), fleet[:5]).plan,
        planned(policy({"batch": 2}), fleet, [extension_target(version="1.2")]).plan,
        planned(policy({"batch": 2}), [replace(one, zone="1") for one in fleet]).plan,
        planned(policy({"batch": 2}), [instance(str(number), versions={"agent": "1.0.1"}) for number in range(6)]).plan,
    ]
    for one, other in pairwise(sorted(plan.digest for plan in plans)):
        assert one != other


def test_the_digest_stays_the_same_from_version_to_version() -> None:
    plan = planned(policy({"batch": 2}), instances(3, ("1", "2"), 2)).plan
    assert plan.digest == "412bf5cc4917e9e1d324d44b56c0b490a354e81744303c9d2086213875cb33d7"


def test_the_facts_the_pace_was_asked_about_go_with_the_plan() -> None:
    fleet = [unhealthy(instance("0")), instance("1"), instance("2", versions={"agent": "1.1"})]
    facts = planned(policy({"batch": 1}), fleet).facts
    assert facts["progress.totalInstanceCount"] == 3
    assert facts["progress.plannedInstanceCount"] == 2
    assert facts["progress.unhealthyInstanceCount"] == 1
    assert facts["progress.batchNumber"] == 1


def calls_to_plan(count: int) -> int:
    """Calls that planning so many instances takes: a measure of work that no busy machine disturbs."""
    fleet, rules = instances(count, ("1", "2", "3"), 5), policy({"batch": 1, "unhealthyFirst": True})
    calls = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        planned(rules, fleet)
    finally:
        sys.setprofile(before)
    return calls


def test_planning_takes_work_in_proportion_to_the_instances() -> None:
    calls_to_plan(10)
    assert calls_to_plan(2_000) < 4.2 * calls_to_plan(500)
