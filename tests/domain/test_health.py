"""Health is what is not well; everybody else is."""

from tidegate.domain.health import HealthObservation, ProbeState


def test_an_observation_that_names_nobody_says_that_all_are_well() -> None:
    observation = HealthObservation(total_count=3)
    assert not observation.probe_unhealthy
    assert not observation.initializing
    assert not observation.extension_failed


def test_probe_states_are_spelled_as_the_health_extension_spells_them() -> None:
    assert {str(state) for state in ProbeState} == {"None", "Initializing", "Healthy", "Unhealthy", "Unknown"}
