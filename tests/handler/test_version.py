"""A handler's versions are numbers, and its folders are named by the text."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.version import HandlerVersion, MalformedVersion

PARTS = st.lists(st.integers(min_value=0, max_value=9_999_999_999), min_size=1, max_size=4)


def version_of(parts: list[int]) -> HandlerVersion:
    return HandlerVersion(".".join(map(str, parts)))


@pytest.mark.parametrize("text", ["0", "1.10", "2.1.6.0", "1.0.9184.0", "007.1"])
def test_one_to_four_numbers_are_a_version_and_its_text_is_kept(text: str) -> None:
    assert str(HandlerVersion(text)) == text


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".1", "1..2", "1.2.3.4.5", "v1", "1.x", " 1", "1\n", "-1", "1.٣", "1." + "9" * 11]
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(MalformedVersion, match=r"such as 1\.10") as refusal:
        HandlerVersion(text)
    assert refusal.value.text == text


@given(PARTS, PARTS)
def test_versions_are_ordered_as_their_numbers_are(one: list[int], other: list[int]) -> None:
    first, second = (one + [0] * 4)[:4], (other + [0] * 4)[:4]
    assert (version_of(one) < version_of(other)) == (first < second)
    assert (version_of(one) >= version_of(other)) == (first >= second)
    assert (version_of(one) == version_of(other)) == (first == second)


@given(PARTS)
def test_missing_parts_are_zero(parts: list[int]) -> None:
    padded = version_of((parts + [0] * 4)[:4])
    assert version_of(parts) == padded
    assert hash(version_of(parts)) == hash(padded)


def test_its_parts_can_be_asked_for() -> None:
    version = HandlerVersion("3.4")
    assert (version.major, version.minor, version.numbers) == (3, 4, (3, 4, 0, 0))
    assert repr(version) == "HandlerVersion(text='3.4')"


def test_a_version_is_not_its_text() -> None:
    assert HandlerVersion("2.1") != "2.1"
    with pytest.raises(TypeError):
        sorted([HandlerVersion("2.1"), "2.1"])  # type: ignore[type-var]


def test_a_version_survives_being_pickled() -> None:
    version = pickle.loads(pickle.dumps(HandlerVersion("2.1")))
    assert (version, version.text) == (HandlerVersion("2.1"), "2.1")
