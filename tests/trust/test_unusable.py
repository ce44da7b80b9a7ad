"""Why something cannot be used is one family, so that a server which cannot start says why in one place."""

import pytest

from tidegate.trust.unusable import AuthorityUnusable, KeyFileUnsafe, SafeUnusable, TrustUnusable


@pytest.mark.parametrize("kind", [AuthorityUnusable, KeyFileUnsafe, SafeUnusable])
def test_each_is_of_the_family_and_is_its_sentence(kind: type[TrustUnusable]) -> None:
    assert issubclass(kind, TrustUnusable)
    assert str(kind("Run: chmod 600 ca.key")) == "Run: chmod 600 ca.key"
