"""A resume token goes on right after its event, in a watch of its own scale set and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.api.resume_token import ResumePoint, give_resume_token, read_resume_token
from tidegate.domain.refusal import ResumeTokenMismatch
from tidegate.domain.resource_id import ScaleSetId

WEB = ScaleSetId(subscription="s", resource_group="g", name="web")
DB = ScaleSetId(subscription="s", resource_group="g", name="db")
IDS = st.text(alphabet="abcdef0123456789-", min_size=1, max_size=90)


@given(IDS, st.integers(min_value=0, max_value=2**63 - 1))
def test_a_token_gives_back_its_upgrade_and_its_event(upgrade_id: str, sequence: int) -> None:
    token = give_resume_token(WEB, upgrade_id, sequence)
    assert read_resume_token(WEB, token) == ResumePoint(upgrade_id=upgrade_id, sequence=sequence)


def test_the_case_of_the_scale_set_does_not_count() -> None:
    shouted = ScaleSetId(subscription="S", resource_group="G", name="WEB")
    assert read_resume_token(shouted, give_resume_token(WEB, "u", 3)) == ResumePoint(upgrade_id="u", sequence=3)


def test_no_token_asks_for_a_snapshot() -> None:
    assert read_resume_token(WEB, "") is None


def test_a_token_of_another_scale_set_is_refused() -> None:
    with pytest.raises(ResumeTokenMismatch, match="/virtualMachineScaleSets/db"):
        read_resume_token(DB, give_resume_token(WEB, "u", 3))


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_made_up_tokens_are_refused(token: str) -> None:
    with pytest.raises(ResumeTokenMismatch):
        read_resume_token(WEB, token)


@given(st.data())
def test_a_changed_or_shortened_token_is_refused(data: st.DataObject) -> None:
    token = give_resume_token(WEB, "0a1b2c", 41)
    at = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    changed = token[:at] + data.draw(st.sampled_from("AZaz09-_")) + token[at + 1 :]
    for wrong in {changed, token[:at]} - {token, ""}:
        with pytest.raises(ResumeTokenMismatch):
            read_resume_token(WEB, wrong)


def test_a_token_of_any_length_is_refused_without_much_work() -> None:
    with pytest.raises(ResumeTokenMismatch):
        read_resume_token(WEB, "A" * 5_000_000)
