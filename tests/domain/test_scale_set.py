"""A scale set knows its extensions by name and whether anything watches its instances."""

import dataclasses

import pytest

from tests.domain.examples import scale_set


@pytest.mark.parametrize("name", ["Agent", "agent", "AGENT"])
def test_an_extension_is_found_by_its_name_in_any_case(name: str) -> None:
    found = scale_set(extensions={"Monitor": "1.0", "Agent": "2.0"}).extension(name)
    assert found is not None
    assert found.name == "Agent"


def test_an_extension_that_is_not_there_is_not_found() -> None:
    assert scale_set(extensions={"Agent": "2.0"}).extension("Agen") is None


@pytest.mark.parametrize(
    ("probe", "application_health", "has_probe"),
    [(True, False, True), (False, True, True), (True, True, True), (False, False, False)],
)
def test_either_source_of_health_is_a_probe(probe: bool, application_health: bool, has_probe: bool) -> None:
    watched = dataclasses.replace(
        scale_set(), has_health_probe=probe, has_application_health_extension=application_health
    )
    assert watched.has_probe is has_probe
