"""A probe's definition, read from beside its id."""

from typing import Any

import pytest

from tests.domain.examples import WEB, changed
from tidegate.domain.arm_resource import read_scale_set, to_resource
from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.domain.refusal import MalformedResource, TemplateExpression
from tidegate.domain.scale_set import ScaleSet

HEALTH_PROBE = "properties.virtualMachineProfile.networkProfile.healthProbe"
PROPERTIES = f"{HEALTH_PROBE}.properties"
HTTP = {"protocol": "Http", "port": 8080, "requestPath": "/health"}


def put(probe: object) -> ScaleSet:
    return read_scale_set(WEB, changed(HEALTH_PROBE, probe), etag="1")


def read(**properties: Any) -> ProbeDefinition:
    probe = put({"properties": properties}).health_probe
    assert probe is not None
    return probe


def refused(**properties: Any) -> dict[str, str]:
    """The violations, description by the last part of the path; each lies within the probe's properties."""
    with pytest.raises(MalformedResource) as refusal:
        put({"properties": properties})
    found = {wrong.field.removeprefix(f"$.{PROPERTIES}."): wrong.description for wrong in refusal.value.violations}
    assert not any(name.startswith("$") for name in found)
    return found


def test_a_probe_is_read_from_beside_its_id() -> None:
    probe = put(
        {
            "id": "/probes/http",
            "properties": {**HTTP, "intervalInSeconds": 30, "timeoutInSeconds": 2.5, "probeThreshold": 3},
        }
    )
    assert probe.has_health_probe
    assert probe.health_probe == ProbeDefinition(
        protocol=ProbeProtocol.HTTP,
        port=8080,
        request_path="/health",
        interval_seconds=30.0,
        timeout_seconds=2.5,
        threshold=3,
    )


def test_what_is_left_out_is_azures_default_or_ours() -> None:
    assert read(protocol="Tcp", port=22) == ProbeDefinition(
        protocol=ProbeProtocol.TCP,
        port=22,
        request_path="/",
        interval_seconds=15.0,
        timeout_seconds=5.0,
        threshold=2,
    )


def test_properties_without_an_id_are_a_probe_too() -> None:
    assert put({"properties": HTTP}).has_health_probe


@pytest.mark.parametrize("probe", [None, {}, {"id": None}, {"id": None, "properties": None}])
def test_neither_id_nor_properties_are_no_probe(probe: object) -> None:
    assert not put(probe).has_health_probe
    assert put(probe).health_probe is None


def test_an_id_alone_is_a_probe_that_nobody_here_can_ask() -> None:
    assert put({"id": "/probes/http"}).has_health_probe
    assert put({"id": "/probes/http"}).health_probe is None


@pytest.mark.parametrize(
    ("given", "protocol"), [("tcp", ProbeProtocol.TCP), ("HTTP", ProbeProtocol.HTTP), ("https", ProbeProtocol.HTTPS)]
)
def test_the_protocol_is_read_in_any_case(given: str, protocol: ProbeProtocol) -> None:
    assert read(protocol=given, port=1).protocol is protocol


@pytest.mark.parametrize(
    ("given", "threshold"),
    [({"numberOfProbes": 4}, 4), ({"probeThreshold": 5}, 5), ({"numberOfProbes": 4, "probeThreshold": 1}, 1)],
)
def test_the_threshold_has_two_names_and_the_newer_one_counts(given: dict[str, int], threshold: int) -> None:
    assert read(**HTTP, **given).threshold == threshold


@pytest.mark.parametrize(
    ("given", "sent"), [("health", "/health"), ("/", "/"), ("", "/"), (None, "/"), ("/a?b=c%20d", "/a?b=c%20d")]
)
def test_a_path_begins_with_a_slash(given: str | None, sent: str) -> None:
    assert read(**{**HTTP, "requestPath": given}).request_path == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("protocol", "Udp"),
        ("protocol", None),
        ("port", None),
        ("port", 0),
        ("port", 65_536),
        ("port", "http"),
        ("requestPath", "/a b"),
        ("requestPath", "/a\r\nX-Evil: 1"),
        ("requestPath", "/ä"),
        ("requestPath", "/a#b"),
        ("requestPath", "/" + "a" * 2_048),
        ("intervalInSeconds", 0),
        ("intervalInSeconds", 3_601),
        ("timeoutInSeconds", 0),
        ("timeoutInSeconds", 61),
        ("numberOfProbes", 0),
        ("probeThreshold", 101),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(name: str, value: object) -> None:
    assert list(refused(**{**HTTP, "intervalInSeconds": 300, name: value})) == [name]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert set(refused(port=0, intervalInSeconds=0)) == {"protocol", "port", "intervalInSeconds"}
    assert set(refused()) == {"protocol", "port"}


def test_tcp_has_no_path() -> None:
    assert list(refused(protocol="Tcp", port=1, requestPath="/health")) == ["requestPath"]


def test_an_answer_takes_no_longer_than_the_next_question_is_away() -> None:
    assert read(**HTTP, intervalInSeconds=1).timeout_seconds == 1.0
    assert "from 0.1 to 2" in refused(**HTTP, intervalInSeconds=2, timeoutInSeconds=3)["timeoutInSeconds"]


def test_an_expression_in_a_probe_is_refused_as_one() -> None:
    with pytest.raises(TemplateExpression) as refusal:
        put({"properties": {**HTTP, "port": "[parameters('port')]"}})
    assert [wrong.field for wrong in refusal.value.violations] == [f"$.{PROPERTIES}.port"]


def test_a_probe_is_given_back_as_it_was_put() -> None:
    resource: Any = to_resource(put({"id": "x", "properties": {**HTTP, "noHealthyBackendsBehavior": "AllProbedUp"}}))
    found = resource["properties"]["virtualMachineProfile"]["networkProfile"]["healthProbe"]
    assert found == {"id": "x", "properties": {**HTTP, "noHealthyBackendsBehavior": "AllProbedUp"}}
