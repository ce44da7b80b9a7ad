"""An expected etag is compared with the current one; none expected is any."""

import pytest

from tests.journal.samples import scale_set_id
from tidegate.domain.refusal import EtagMismatch
from tidegate.journal.etag import check_etag


@pytest.mark.parametrize(("expected", "current"), [(None, ""), (None, "7"), ("", ""), ("7", "7")])
def test_what_was_expected_passes(expected: str | None, current: str) -> None:
    check_etag(scale_set_id(), expected, current)


@pytest.mark.parametrize(
    ("expected", "current", "said"),
    [
        ("", "7", "is there already, with the etag '7'."),
        ("7", "", "is not there, so it does not have the etag '7'."),
        ("7", "8", "has the etag '8' now, not '7': somebody changed it since you read it."),
    ],
)
def test_anything_else_is_refused_with_what_is_there(expected: str, current: str, said: str) -> None:
    with pytest.raises(EtagMismatch) as refused:
        check_etag(scale_set_id(), expected, current)
    assert refused.value.message == f"{scale_set_id()} {said}"
