"""The policies in force."""

import pytest

from tests.executor.world import SHIPPED, shipped
from tidegate.domain.refusal import PolicyNotFound
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.source import PolicySource

BROKEN = PolicySource(file="broken.yaml", text="apiVersion: tidegate/v1\nkind: Policy\nname: broken\nhalts: []\n")


def test_policies_are_shown_by_name() -> None:
    keeper = PolicyKeeper(shipped(*reversed(SHIPPED)))
    assert [policy.name for policy in keeper.policies()] == sorted(SHIPPED)
    assert keeper.policy("quorum").source.file == "quorum.yaml"
    with pytest.raises(PolicyNotFound):
        keeper.policy("nobody")


def test_a_first_set_that_is_unsound_is_refused() -> None:
    with pytest.raises(PolicyRefused):
        PolicyKeeper([BROKEN])


@pytest.mark.parametrize("sources", [[BROKEN], [*shipped("azure-default"), BROKEN], []], ids=["bad", "partly", "gone"])
def test_an_unsound_or_vanished_set_never_replaces_a_good_one(sources: list[PolicySource]) -> None:
    keeper = PolicyKeeper(shipped("azure-default", "cautious"))
    before = keeper.policies()
    assert not keeper.replace(sources)
    assert keeper.policies() == before
    assert keeper.problems()


def test_a_good_set_replaces_the_whole_one_and_its_problems() -> None:
    keeper = PolicyKeeper(shipped("azure-default", "cautious"))
    keeper.replace([BROKEN])
    assert keeper.replace(shipped("azure-default"))
    assert [policy.name for policy in keeper.policies()] == ["azure-default"]
    assert keeper.problems() == ()


def test_who_listens_is_told_of_a_set_that_says_something_else_and_of_no_other() -> None:
    told: list[str] = []
    (default,) = shipped("azure-default")
    keeper = PolicyKeeper([default])
    keeper.when_replaced(lambda: told.append(keeper.digest()))
    before = keeper.digest()
    assert not keeper.replace([BROKEN])
    assert keeper.replace([PolicySource(file="renamed.yaml", text=f"# A remark.\n{default.text}")])
    assert (told, keeper.digest()) == ([], before)
    assert keeper.replace(shipped("cautious", "azure-default"))
    assert told == [keeper.digest()] != [before]


def test_the_order_of_the_files_does_not_change_the_digest_of_the_set() -> None:
    assert PolicyKeeper(shipped(*SHIPPED)).digest() == PolicyKeeper(shipped(*reversed(SHIPPED))).digest()
