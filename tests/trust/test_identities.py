"""Who a certificate stands for: one of us, or nobody."""

import pytest

from tidegate.trust.identities import Identity, IdentityKind, MalformedName, identity_of


@pytest.mark.parametrize("kind", IdentityKind)
def test_an_identity_is_a_uri_and_is_read_back(kind: IdentityKind) -> None:
    identity = Identity(kind=kind, name="ann@example.org")
    assert identity.uri == f"tidegate://{kind}/ann@example.org"
    assert identity_of(["https://example.org", identity.uri]) == identity


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["https://example.org/operator/ann"],
        ["spiffe://host/a"],
        ["tidegate://host/a", "tidegate://operator/a"],
        ["tidegate://host/a", "tidegate://host/a"],
        ["tidegate://host/a", "TIDEGATE://operator/a"],
        ["tidegate:host/a"],
        ["tidegate://root/a"],
        ["tidegate://HOST/a"],
        ["tidegate://host/"],
        ["tidegate://host/a/b"],
        ["tidegate://host/a?b"],
        ["tidegate://host/ä"],
        ["tidegate://host/a\n"],
        ["tidegate://user@host/a"],
    ],
)
def test_whatever_is_not_one_identity_is_nobody(uris: list[str]) -> None:
    assert identity_of(uris) is None


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a b", "a\n", "x" * 129])
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(MalformedName, match="cannot be a name in a certificate"):
        Identity(kind=IdentityKind.OPERATOR, name=name)
