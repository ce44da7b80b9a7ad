"""A host's name is its scale set's id and an instance id, in any spelling."""

import pytest

from tests.domain.examples import WEB
from tidegate.domain.host import ExtensionGoal, HostName
from tidegate.domain.resource_id import MalformedId

NAME = f"{WEB}/virtualMachines/web-0"


def test_a_name_is_read_as_it_is_written() -> None:
    name = HostName.parse(NAME)
    assert (name.scale_set, name.instance_id, str(name)) == (WEB, "web-0", NAME)


def test_two_spellings_that_differ_in_case_are_one_name() -> None:
    upper = HostName.parse(NAME.upper())
    assert upper == HostName.parse(NAME)
    assert hash(upper) == hash(HostName.parse(NAME))
    assert upper.key == NAME.lower()


@pytest.mark.parametrize(
    "instance_id", ["a", "0", "web.example_1-2", "a" * 64]
)  # fmt: skip
def test_an_instance_id_may_be_any_of_these(instance_id: str) -> None:
    assert HostName.parse(f"{WEB}/virtualMachines/{instance_id}").instance_id == instance_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web-0",
        str(WEB),
        f"{WEB}/virtualMachines/",
        f"{WEB}/virtualMachines/-a",
        f"{WEB}/virtualMachines/.a",
        f"{WEB}/virtualMachines/a b",
        f"{WEB}/virtualMachines/a/b",
        f"{WEB}/virtualMachines/é",
        f"{WEB}/virtualMachines/{'a' * 65}",
        "/virtualMachines/a",
    ],
)
def test_anything_else_is_no_name(text: str) -> None:
    with pytest.raises(MalformedId, match="virtualMachines"):
        HostName.parse(text)


def test_settings_are_shown_by_no_repr() -> None:
    goal = ExtensionGoal(
        extension_name="web",
        has_settings=True,
        sequence_number=1,
        public_settings_json='{"key":"Tr0ub4dor"}',
        protected_settings=b"Tr0ub4dor",
    )
    assert "Tr0ub4dor" not in repr(goal)
