"""An expected etag is compared with the current one; none expected is any."""

import pytest

from tests.journal.samples import scale_set_id
from tidegate.domain.refusal import EtagMismatch
from tidegate.journal.etag import check_etag


@pytest.mark.parametrize(("expected", "current"), [(None, ""), (None, "7"), ("", ""), ("7", "7")])
def test_what_was_expected_passes(expected: str | None, current: str) -> None:
    check_etag(scale_set_id(), expected, current)


@pytest.mark.parametrize(("expected", "current"), [("", "7"), ("7", ""), ("7", "8")])
def test_anything_else_is_refused_with_both_etags(expected: str, current: str) -> None:
    with pytest.raises(EtagMismatch, match=f"has the etag {current!r} now, not {expected!r}"):
        check_etag(scale_set_id(), expected, current)
