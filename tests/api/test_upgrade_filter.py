"""The filter language: what it takes, and that what it does not take is refused with its position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.upgrade_filter import MalformedFilter, UpgradeFilter, read_filter
from tidegate.upgrade.plan import Trigger, UpgradeKind
from tidegate.upgrade.state import StatusCode


@pytest.mark.parametrize("text", ["", "   "])
def test_no_filter_asks_for_all(text: str) -> None:
    assert read_filter(text) == UpgradeFilter()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("kind = EXTENSION", UpgradeFilter(kind=UpgradeKind.EXTENSION)),
        ("kind=OS_IMAGE", UpgradeFilter(kind=UpgradeKind.OS_IMAGE)),
        ("trigger = AUTOMATIC", UpgradeFilter(trigger=Trigger.AUTOMATIC)),
        ("status = RollingForward", UpgradeFilter(status=StatusCode.ROLLING_FORWARD)),
        (" STATUS  =  faulted ", UpgradeFilter(status=StatusCode.FAULTED)),
        (
            "kind = EXTENSION AND trigger = MANUAL and status = Completed",
            UpgradeFilter(kind=UpgradeKind.EXTENSION, trigger=Trigger.MANUAL, status=StatusCode.COMPLETED),
        ),
    ],
)
def test_terms_are_read(text: str, wanted: UpgradeFilter) -> None:
    assert read_filter(text) == wanted


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("colour = RED", 1, "a field (kind, trigger, status) belongs here, not 'colour'"),
        ("kind EXTENSION", 6, "an equals sign belongs here, not 'EXTENSION'"),
        ("kind =", 7, "kind is one of EXTENSION, OS_IMAGE, not nothing"),
        ("kind = BOTH", 8, "not 'BOTH'"),
        ("status = Running", 10, "RollingForward, RollingBack, Cancelled, Completed, Faulted, not 'Running'"),
        ("kind = EXTENSION OR kind = OS_IMAGE", 18, "AND or the end belongs here, not 'OR'"),
        ("kind = EXTENSION AND", 21, "belongs here, but the filter ends"),
        ("kind = EXTENSION AND kind = OS_IMAGE", 29, "kind is asked for twice"),
        ("(kind = EXTENSION)", 1, "not '('"),
        ('kind = "EXTENSION"', 8, "not '\"'"),
        ("kind = EXTENSION" + " " * 1_000, 1_001, "at most 1000 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_position(text: str, position: int, said: str) -> None:
    with pytest.raises(MalformedFilter) as refused:
        read_filter(text)
    assert refused.value.position == position
    assert str(refused.value).startswith(f"at character {position}: ")
    assert said in str(refused.value)


def position_of_problem(text: str) -> int:
    """Where the filter cannot be read; 1 where it can."""
    try:
        read_filter(text)
    except MalformedFilter as malformed:
        return malformed.position
    return 1


@given(st.text() | st.text(alphabet="kindstaus=AND EXTENSION_OR()'\"", max_size=60))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    assert 1 <= position_of_problem(text) <= len(text) + 1
