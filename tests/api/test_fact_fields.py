"""Facts of a request: of their type and within their bounds, or refused by their path; neutral where left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.fact_fields import read_facts
from tidegate.api.fields import Fields
from tidegate.domain.refusal import MalformedRequest
from tidegate.domain.version import Version
from tidegate.policy.fact import FactValue
from tidegate.policy.facts import FACTS
from tidegate.v1 import decision_pb2 as pb

TAGS = pb.FactValue(map_value=pb.StringMap(entries={"team": "shop"}))
ZONES = pb.FactValue(list_value=pb.StringList(values=["1", "2"]))


def read(given: dict[str, pb.FactValue]) -> dict[str, FactValue]:
    with Fields() as fields:
        return read_facts(fields, "facts", given)


def wrong(given: dict[str, pb.FactValue]) -> list[tuple[str, str]]:
    with pytest.raises(MalformedRequest) as refused:
        read(given)
    return [(each.field, each.description) for each in refused.value.violations]


def test_what_is_left_out_is_neutral() -> None:
    facts = read({})
    assert facts == {name: fact.neutral for name, fact in FACTS.items()}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("subscription.enrolled", pb.FactValue(bool_value=True), True),
        ("scaleSet.capacity", pb.FactValue(int_value=12), 12),
        ("scaleSet.rollingUpgradePolicy.maxBatchInstancePercent", pb.FactValue(double_value=12.5), 12.5),
        ("scaleSet.rollingUpgradePolicy.maxBatchInstancePercent", pb.FactValue(int_value=12), 12.0),
        ("extension.targetVersionAge", pb.FactValue(double_value=86_400), 86_400.0),
        ("scaleSet.location", pb.FactValue(string_value="westeurope"), "westeurope"),
        ("upgrade.kind", pb.FactValue(string_value="OS_IMAGE"), "OS_IMAGE"),
        ("scaleSet.zones", ZONES, ("1", "2")),
        ("scaleSet.tags", TAGS, {"team": "shop"}),
        ("extension.targetVersion", pb.FactValue(string_value="1.10"), Version("1.10")),
    ],
)
def test_a_fact_of_its_type_is_taken(name: str, value: pb.FactValue, wanted: FactValue) -> None:
    assert read({name: value})[name] == wanted


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("scaleset.capacity", pb.FactValue(int_value=1), "is no fact. Did you mean scaleSet.capacity?"),
        ("weather", pb.FactValue(bool_value=True), "is no fact."),
        ("subscription.enrolled", pb.FactValue(string_value="yes"), "is not boolean; write bool_value"),
        ("subscription.enrolled", pb.FactValue(), "is not boolean"),
        ("scaleSet.capacity", pb.FactValue(double_value=1.5), "is not integer; write int_value"),
        ("scaleSet.capacity", pb.FactValue(int_value=-1), "is less than 0"),
        ("progress.unhealthyUpgradedPercent", pb.FactValue(double_value=100.5), "is more than 100"),
        ("progress.unhealthyUpgradedPercent", pb.FactValue(double_value=float("nan")), "is not a finite number"),
        ("progress.elapsed", pb.FactValue(double_value=float("inf")), "is not a finite number"),
        ("upgrade.kind", pb.FactValue(string_value="BIOS"), "is one of EXTENSION, OS_IMAGE"),
        ("scaleSet.zones", pb.FactValue(string_value="1"), "is not strings; write list_value"),
        ("scaleSet.tags", ZONES, "is not tags; write map_value"),
        ("extension.targetVersion", pb.FactValue(string_value="new"), "is not a version"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(name: str, value: pb.FactValue, said: str) -> None:
    ((path, description),) = wrong({name: value})
    assert path == f'facts["{name}"]'
    assert description.startswith(said)


def test_all_wrong_facts_are_named_at_once() -> None:
    found = wrong({"b": TAGS, "a": TAGS, "scaleSet.zones": TAGS})
    assert [path for path, _ in found] == ['facts["a"]', 'facts["b"]', 'facts["scaleSet.zones"]']


def test_more_facts_than_there_are_are_refused_unread() -> None:
    ((path, description),) = wrong({str(index): TAGS for index in range(len(FACTS) + 1)})
    assert path == "facts"
    assert "there are only" in description


VALUES = st.one_of(
    st.booleans().map(lambda value: pb.FactValue(bool_value=value)),
    st.integers(min_value=-(2**63), max_value=2**63 - 1).map(lambda value: pb.FactValue(int_value=value)),
    st.floats().map(lambda value: pb.FactValue(double_value=value)),
    st.text().map(lambda value: pb.FactValue(string_value=value)),
    st.just(TAGS),
    st.just(ZONES),
    st.just(pb.FactValue()),
)


@given(st.dictionaries(st.sampled_from(list(FACTS)), VALUES))
def test_a_value_of_the_wrong_type_never_passes(given: dict[str, pb.FactValue]) -> None:
    try:
        facts = read(given)
    except MalformedRequest:
        return
    for name, value in facts.items():
        assert isinstance(value, type(FACTS[name].neutral)), name
