"""What an authority issues."""

from tidegate.trust.issued import Issued


def test_a_key_is_shown_by_no_repr() -> None:
    issued = Issued(certificate_pem="certificate", key_pem="open-sesame", begins_at_ms=0, expires_at_ms=1)
    assert "open-sesame" not in f"{issued!r} {issued}"
