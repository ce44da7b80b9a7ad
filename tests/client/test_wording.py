"""How values of the contract are written for people and for scripts."""

import json

import pytest

from tidegate_client.messages import (
    EventType,
    FactValue,
    InstanceStatus,
    Phase,
    RollingUpgrade,
    StatusCode,
    UpgradeKind,
    Verdict,
)
from tidegate_client.wording import (
    FactLike,
    document_of,
    fact_text,
    fact_value,
    instance_word,
    json_of,
    phase_word,
    status_word,
    verdict_word,
    word,
)


def test_statuses_are_azures_words() -> None:
    named = {status_word(value) for value in StatusCode.values() if value}
    assert named == {"RollingForward", "RollingBack", "Cancelled", "Completed", "Faulted"}


def test_enumerations_lose_their_prefix() -> None:
    assert instance_word(InstanceStatus.INSTANCE_STATUS_ALREADY_NEWEST) == "already newest"
    assert phase_word(Phase.PHASE_ROLLING_BACK) == "rolling back"
    assert verdict_word(Verdict.VERDICT_GO_ON) == "go on"
    assert word(UpgradeKind, UpgradeKind.UPGRADE_KIND_OS_IMAGE) == "os image"
    assert word(EventType, EventType.EVENT_TYPE_WAVE_BEGAN) == "wave began"


def test_a_value_of_a_newer_server_is_its_number() -> None:
    assert word(Phase, 99) == "99"


def test_json_has_zeros_and_false_but_no_absent_messages() -> None:
    document = document_of(RollingUpgrade(name="u", last_sequence=7))
    assert document["force"] is False
    assert document["lastSequence"] == "7"
    assert document["status"] == "STATUS_CODE_UNSPECIFIED"
    assert "error" not in document
    assert "endTime" not in document
    text = json_of(RollingUpgrade(location="Zürich"))
    assert "Zürich" in text
    assert "\n" not in text
    assert json.loads(text) == document_of(RollingUpgrade(location="Zürich"))


@pytest.mark.parametrize(
    ("fact", "field", "text"),
    [
        (True, "bool_value", "true"),
        (40, "int_value", "40"),
        (2.5, "double_value", "2.5"),
        ("2.1", "string_value", "2.1"),
        (["1", "2"], "list_value", "[1, 2]"),
        ({"tier": "gold", "env": "prod"}, "map_value", "{env: prod, tier: gold}"),
    ],
)
def test_facts_go_there_and_back(fact: FactLike, field: str, text: str) -> None:
    value = fact_value(fact)
    assert value.WhichOneof("value") == field
    assert fact_text(value) == text


def test_a_fact_without_a_value_is_empty() -> None:
    assert fact_text(FactValue()) == ""
