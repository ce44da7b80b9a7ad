"""The policies that come with Tidegate."""

from pathlib import Path

import pytest

from tests.policy.texts import facts
from tidegate.policy.policy_set import PolicySet, load_policies
from tidegate.policy.rehearsal import rehearse
from tidegate.policy.source import PolicySource

NAMES = ("azure-default", "cautious", "quorum", "zone-by-zone")


def _source(path: Path) -> PolicySource:
    return PolicySource(file=path.name, text=path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shipped(repository: Path) -> PolicySet:
    """The whole folder, loaded as the server does."""
    return load_policies([_source(path) for path in sorted((repository / "rules").glob("*.yaml"))])


def test_the_whole_folder_loads_without_ties(shipped: PolicySet) -> None:
    assert sorted(policy.name for policy in shipped.policies) == list(NAMES)
    for policy in shipped.policies:
        assert policy.source.file == f"{policy.name}.yaml"
        assert policy.description.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_scale_set_is_under_the_policy_that_its_tag_names(shipped: PolicySet, name: str) -> None:
    chosen = shipped.choose(facts({"scaleSet.tags": {"tidegate-policy": name}}))
    assert chosen is not None
    assert chosen.name == name


@pytest.mark.parametrize("tags", [{}, {"tidegate-policy": "unheard-of"}, {"team": "blue"}])
def test_every_other_scale_set_is_under_azures(shipped: PolicySet, tags: dict[str, str]) -> None:
    chosen = shipped.choose(facts({"scaleSet.tags": tags}))
    assert chosen is not None
    assert chosen.name == "azure-default"


@pytest.mark.parametrize("name", NAMES)
def test_every_rehearsal_passes_and_moves_every_rule_both_ways(shipped: PolicySet, repository: Path, name: str) -> None:
    policy = shipped.named(name)
    assert policy is not None
    rehearsed = rehearse(policy, _source(repository / "rules/rehearsals" / f"{name}.yaml"))
    failed = [f"{result.place} {result.case} {result.differences}" for result in rehearsed.results if not result.passed]
    assert not failed, "\n".join(failed)
    assert (rehearsed.never_spoke, rehearsed.never_silent) == ((), ())
    assert len(rehearsed.results) >= 10
