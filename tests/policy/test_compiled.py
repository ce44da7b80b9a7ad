"""Compiled policies, and the table of everything that is refused."""

import pytest

from tests.policy.texts import BATCHING, HEAD, facts, policy_of, problems_of, source_of, text_of
from tidegate.policy.compiled import compile_policy
from tidegate.policy.problem import PolicyRefused
from tidegate.policy.source import PolicySource

SOUND = text_of(
    eligibility="- {name: aged, when: {fact: extension.targetVersion, lessThan: 1.10}, deny: It is old.}",
    rest="description: A policy to try.\n",
)


def test_a_policy_knows_itself() -> None:
    policy = compile_policy(source_of(SOUND))
    assert (policy.name, policy.description) == ("tried", "A policy to try.")
    assert policy.source == source_of(SOUND)
    assert str(policy.place) == "tried.yaml:1:1"
    assert policy.applies_to.specificity == 0
    assert len(policy.digest) == 64


def test_the_same_source_is_compiled_once() -> None:
    assert compile_policy(source_of(SOUND)) is compile_policy(source_of(SOUND))
    compile_policy.cache_clear()
    assert compile_policy(source_of(SOUND)) == compile_policy(source_of(SOUND))


@pytest.mark.parametrize(
    "same",
    [
        f"# a comment\n{SOUND}\n\n# another\n",
        SOUND.replace("name: tried", "name:   'tried'  # quoted"),
        SOUND.replace("apiVersion: tidegate/v1\nkind: Policy\n", "kind: Policy\napiVersion: tidegate/v1\n"),
        SOUND.replace(BATCHING, "batching:\n  - batch:   20%\n    name: plain\n"),
        SOUND.replace("\n", "\r\n"),
    ],
)
def test_comments_and_layout_do_not_change_the_digest(same: str) -> None:
    other = PolicySource(file="elsewhere.yaml", text=same)
    assert other != source_of(SOUND)
    assert compile_policy(other).digest == compile_policy(source_of(SOUND)).digest


@pytest.mark.parametrize(
    "changed",
    [
        SOUND.replace("20%", "21%"),
        SOUND.replace("1.10", "1.1"),
        SOUND.replace("aged", "older"),
        SOUND + "retry: {after: P1D, attempts: 1}\n",
    ],
)
def test_every_change_of_meaning_changes_the_digest(changed: str) -> None:
    assert compile_policy(source_of(changed)).digest != compile_policy(source_of(SOUND)).digest


def test_the_digest_stays_the_same_over_releases() -> None:
    """Journals keep it: a change here would make every frozen policy look edited."""
    source = PolicySource(file="a.yaml", text=HEAD + BATCHING)
    assert compile_policy(source).digest == "c65c4ef2fc5d1369e2215a45ba6f34ccf6ff44ae6004eef9f9758ca79e6c8f71"


def test_what_is_not_the_policys_own_text_is_no_part_of_its_equality() -> None:
    assert policy_of() == policy_of()
    assert policy_of(rest="description: x\n") != policy_of()
    assert "held_by" not in repr(policy_of())
    assert policy_of().batching.held_by(facts()) == 1


REFUSED = [
    ("", ["1:1: The file is empty. Begin with apiVersion: tidegate/v1."]),
    (
        "just words\n",
        ["1:1: The policy must be a map, and just words is not. How extensions are kept new on a scale set."],
    ),
    (
        "name: x\n",
        [
            "1:1: apiVersion is missing. Add apiVersion: to the file.",
            "1:1: batching is missing. Add batching: to the file.",
            "1:1: kind is missing. Add kind: to the file.",
        ],
    ),
    (
        f"apiVersion: tidegate/v2\nkind: policy\nname: My Policy\n{BATCHING}",
        [
            "1:13: tidegate/v2 is no apiVersion. Write tidegate/v1.",
            "2:7: policy is no kind. Write Policy.",
            "3:7: My Policy is no name. Write lower-case words joined by dashes, such as small-steps.",
        ],
    ),
    (f"{HEAD}{BATCHING}haltt: []\n", ["6:1: There is no haltt here. Did you mean halt?"]),
    (f"{HEAD}{BATCHING}halt: []\n", ["6:7: halt is empty. Write at least one, or leave the key out."]),
    (
        f"{HEAD}{BATCHING}halt: x\n",
        ["6:7: halt must be a list, and x is not. When must it stop? The gravest verdict wins."],
    ),
    (f"{HEAD}batching: [5]\n", ["4:12: batching must be a map, and 5 is not. A pace."]),
    (
        f"{HEAD}{BATCHING}description: no\n",
        [
            '6:14: Readers of YAML disagree about no. Write false if the truth value is meant, or "no" in quotes'
            " if the word is meant."
        ],
    ),
    (
        f"{HEAD}{BATCHING}description: \n",
        ["6:13: description must be a text, and nothing is not. Write a value after the colon, or leave the key out."],
    ),
    (
        f"{HEAD}{BATCHING}eligibility:\n  - name: first\n    wen: {{fact: scaleSet.capcity, lessThan: 3}}\n"
        "    deny: '{scaleSet.nam} is small.'\n  - name: second\n    when: {fact: scaleSet.capcity, lessThan: 3}\n",
        [
            "8:5: There is no wen here. Did you mean when?",
            "9:11: There is no fact scaleSet.nam. Did you mean scaleSet.name?",
            "10:5: deny is missing. Add deny: to this entry of eligibility.",
            "11:18: There is no fact scaleSet.capcity. Did you mean scaleSet.capacity?",
        ],
    ),
    (
        f"{HEAD}{BATCHING}eligibility:\n  - name: long\n    deny: {'x' * 501}\n",
        ["8:11: deny is longer than 500 characters. Shorten it."],
    ),
]


@pytest.mark.parametrize(("text", "problems"), REFUSED, ids=[repr(text[-40:]) for text, _ in REFUSED])
def test_everything_wrong_is_told_at_once_with_its_place(text: str, problems: list[str]) -> None:
    assert problems_of(text) == [f"tried.yaml:{problem}" for problem in problems]


def test_a_refusal_is_told_again_each_time() -> None:
    for _ in range(2):
        with pytest.raises(PolicyRefused):
            compile_policy(source_of("name: x\n"))
