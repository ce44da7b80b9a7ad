"""Long names made short."""

import pytest

from tests.cli.samples import SCALE_SET, UPGRADE, at
from tidegate.cli.short_names import (
    clock_text,
    digest_start,
    group_and_name,
    ids_text,
    last_part,
    length_text,
    moment_text,
    seconds_text,
    size_text,
    target_text,
)
from tidegate_client.messages import UpgradeTarget


def test_ids_lose_what_everybody_knows() -> None:
    assert last_part(UPGRADE) == "u1"
    assert group_and_name(SCALE_SET) == "shop/web"
    assert group_and_name("something else") == "something else"
    assert digest_start("3f2a9c1b77aa") == "3f2a9c1b"


def test_moments_are_utc() -> None:
    assert moment_text(at(5)) == "2026-01-01 00:00:05 UTC"
    assert clock_text(at(65)) == "00:01:05"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42, "42 s"), (60, "1 min 0 s"), (185, "3 min 5 s"), (7_620, "2 h 7 min")],
)
def test_lengths_are_told_as_a_person_would(seconds: float, told: str) -> None:
    assert seconds_text(seconds) == told


def test_a_length_lies_between_two_moments() -> None:
    assert length_text(at(1), at(2.5)) == "1.5 s"


def test_many_ids_are_counted() -> None:
    assert ids_text(["0", "1"]) == "0, 1"
    assert ids_text([str(number) for number in range(12)]).endswith("10, 11")
    assert ids_text([str(number) for number in range(13)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... (13 instances)"


def test_a_target_is_an_extension_or_the_image() -> None:
    assert target_text(UpgradeTarget(extension_name="agent", version="1.4")) == "agent 1.4"
    assert target_text(UpgradeTarget(version="22.04.1")) == "image 22.04.1"


@pytest.mark.parametrize(
    ("size_bytes", "told"),
    [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_048_575, "1.0 MiB"), (28_311_552, "27.0 MiB")],
)
def test_sizes_are_told_in_units_of_1024(size_bytes: int, told: str) -> None:
    assert size_text(size_bytes) == told
