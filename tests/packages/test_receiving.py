"""What was offered against what comes."""

from __future__ import annotations

import pytest

from tests.packages.packing import digest, offer
from tidegate.domain.host_refusal import PackageInvalid
from tidegate.packages.receiving import Receipt, check_offer, is_digest


def wrong(error: pytest.ExceptionInfo[PackageInvalid]) -> list[str]:
    return [violation.field for violation in error.value.violations]


def test_everything_that_is_wrong_with_an_offer_is_told_at_once() -> None:
    check_offer(offer(b"12345", sha256=digest(b"12345")), 5)
    with pytest.raises(PackageInvalid) as error:
        check_offer(offer(b"123456", sha256="ABC"), 5)
    assert wrong(error) == ["size_bytes", "sha256"]
    with pytest.raises(PackageInvalid):
        check_offer(offer(b""), 5)


def test_the_receipt_of_all_that_was_offered_is_its_digest() -> None:
    receipt = Receipt(offer(b"12345", sha256=digest(b"12345")))
    for piece in (b"123", b"45"):
        receipt.take(piece)
    assert receipt.digest() == digest(b"12345")


def test_not_a_byte_more_is_taken_and_not_one_less_is_kept() -> None:
    receipt = Receipt(offer(b"12345"))
    receipt.take(b"1234")
    with pytest.raises(PackageInvalid) as error:
        receipt.digest()
    assert wrong(error) == ["size_bytes"]
    with pytest.raises(PackageInvalid):
        receipt.take(b"56")


def test_other_bytes_of_the_same_length_are_not_what_was_offered() -> None:
    receipt = Receipt(offer(b"12345", sha256=digest(b"12345")))
    receipt.take(b"54321")
    with pytest.raises(PackageInvalid) as error:
        receipt.digest()
    assert wrong(error) == ["sha256"]


@pytest.mark.parametrize("text", ["", "A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 63 + "\n", "../" + "a" * 61])
def test_only_64_hexadecimal_digits_in_lower_case_are_a_digest(text: str) -> None:
    assert not is_digest(text)
    assert is_digest("0123456789abcdef" * 4)
