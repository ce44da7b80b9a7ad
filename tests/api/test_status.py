"""The table from reasons to statuses is complete, and is what the contract says of each reason."""

import re
from pathlib import Path

from tidegate.api.status import STATUS
from tidegate.domain.reason import Reason
from tidegate.v1 import refusal_pb2

PREFIX = "REFUSAL_REASON_"


def test_every_reason_has_a_status() -> None:
    assert set(STATUS) == set(Reason)


def test_the_contract_and_the_domain_have_the_same_reasons() -> None:
    wire = {name.removeprefix(PREFIX) for name in refusal_pb2.RefusalReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118
    assert wire == {reason.name for reason in Reason}
    assert all(reason.name == reason.value for reason in Reason)


def test_each_status_is_the_one_that_the_contract_documents(repository: Path) -> None:
    text = (repository / "proto/tidegate/v1/refusal.proto").read_text(encoding="utf-8")
    by_reason = {reason: status for status, reason in re.findall(rf"// ([A-Z_]+): [^\n]*\n  {PREFIX}(\w+) = ", text)}
    assert by_reason == {reason.name: status.name for reason, status in STATUS.items()}
