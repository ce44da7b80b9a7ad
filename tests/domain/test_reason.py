"""The reasons of refusals."""

from tidegate.domain.reason import Reason


def test_a_reason_is_its_own_word() -> None:
    assert all(reason.value == reason.name for reason in Reason)
