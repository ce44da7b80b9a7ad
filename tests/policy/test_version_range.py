"""Ranges of versions."""

import pytest

from tidegate.domain.version import Version
from tidegate.policy.version_range import MalformedRange, read_range


@pytest.mark.parametrize(
    ("text", "version", "within"),
    [
        (">=1.2 <2", "1.10", True),
        (">=1.2 <2", "1.2", True),
        (">=1.2 <2", "2.0", False),
        (">= 1.2  < 2", "1.1.9", False),
        ("=1.2", "1.2.0.0", True),
        (">1.2", "1.2", False),
        ("<=1.2", "1.2", True),
    ],
)
def test_every_bound_must_hold(text: str, version: str, within: bool) -> None:
    assert read_range(text).holds(Version(version)) is within


@pytest.mark.parametrize("text", [">=2 <1", ">1.2 <=1.2", "=1.2 =1.3", ">=1.2 <2 >3"])
def test_a_range_in_which_no_version_can_lie_is_refused(text: str) -> None:
    with pytest.raises(MalformedRange, match="No version lies within all of these bounds"):
        read_range(text)


@pytest.mark.parametrize("text", [">=1.2 <=1.2", ">1.2 <1.3", "<1", ">=1 =1.2 <2"])
def test_a_range_in_which_a_version_can_lie_is_one(text: str) -> None:
    assert read_range(text).bounds


@pytest.mark.parametrize("text", ["", "1.2", "~1.2", ">=", ">=1.2<2", ">=1.2, <2", ">=1.2.3.4.5", ">=1..2"])
def test_other_texts_are_no_ranges(text: str) -> None:
    with pytest.raises(MalformedRange):
        read_range(text)
