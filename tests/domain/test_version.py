"""Versions are numbers, not text, and the newest that fits never crosses a major."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.version import MalformedVersion, Version, newest_within

PARTS = st.lists(st.integers(min_value=0, max_value=9_999_999_999), min_size=1, max_size=4)
VERSIONS = PARTS.map(lambda parts: Version(".".join(map(str, parts))))


def versions(*texts: str) -> frozenset[Version]:
    return frozenset(map(Version, texts))


@pytest.mark.parametrize("text", ["0", "1.10", "2.1.6.0", "18.04.202012111", "007.1"])
def test_one_to_four_numbers_are_a_version_and_its_text_is_kept(text: str) -> None:
    assert str(Version(text)) == text


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".1", "1..2", "1.2.3.4.5", "v1", "1.x", " 1", "1\n", "-1", "1,2", "1.٣", "1." + "9" * 11]
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(MalformedVersion, match=r"such as 1\.10") as refusal:
        Version(text)
    assert refusal.value.text == text


def test_versions_are_compared_as_numbers() -> None:
    assert sorted(map(Version, ["1.10", "1.9", "1.2.1", "1.2"]), key=lambda version: version) == list(
        map(Version, ["1.2", "1.2.1", "1.9", "1.10"])
    )


def test_missing_parts_are_zero() -> None:
    assert Version("2.1") == Version("2.1.0.0")
    assert hash(Version("2.1")) == hash(Version("2.1.0.0"))
    assert Version("2").numbers == (2, 0, 0, 0)
    assert (Version("3.4.5").major, Version("3.4.5").minor) == (3, 4)


def test_a_version_is_not_its_text() -> None:
    assert Version("2.1") != "2.1"
    with pytest.raises(TypeError):
        sorted([Version("2.1"), "2.1"])  # type: ignore[type-var]


def test_a_version_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Version("2.1").text = "2.2"
    with pytest.raises(AttributeError):
        del Version("2.1").text


@given(VERSIONS)
def test_a_version_survives_being_pickled_with_its_text(version: Version) -> None:
    again = pickle.loads(pickle.dumps(version))
    assert again == version
    assert str(again) == str(version)


@given(VERSIONS, VERSIONS)
def test_order_equality_and_hash_agree(left: Version, right: Version) -> None:
    assert (left < right) + (left == right) + (left > right) == 1
    assert (left == right) == (left.numbers == right.numbers)
    assert left != right or hash(left) == hash(right)


@pytest.mark.parametrize(
    ("requested", "published", "minor_may_rise", "newest"),
    [
        ("2.0", ["2.0.1", "2.9", "2.10", "3.0"], True, "2.10"),
        ("2.0", ["2.0.1", "2.0.10", "2.9", "3.0"], False, "2.0.10"),
        ("2.5", ["2.4.9", "1.9"], True, None),
        ("2.5", ["2.4.9", "2.5.1"], True, "2.5.1"),
        ("2.5", ["2.4", "2.6"], False, None),
        ("2", ["2.7"], True, "2.7"),
        ("2.0", [], True, None),
    ],
)
def test_the_newest_that_azure_would_deliver(
    requested: str, published: list[str], minor_may_rise: bool, newest: str | None
) -> None:
    expected = None if newest is None else Version(newest)
    assert newest_within(Version(requested), versions(*published), minor_may_rise) == expected


@given(VERSIONS, st.frozensets(VERSIONS, max_size=8), st.booleans())
def test_the_newest_never_crosses_a_major_nor_goes_below_what_was_asked(
    requested: Version, published: frozenset[Version], minor_may_rise: bool
) -> None:
    newest = newest_within(requested, published, minor_may_rise)
    if newest is not None:
        assert newest in published
        assert newest.major == requested.major
        assert newest.minor >= requested.minor
        assert minor_may_rise or newest.minor == requested.minor
