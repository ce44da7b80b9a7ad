"""Decisions explain themselves and can be stored."""

import json

import msgspec
import pytest

from tests.policy.texts import denying, facts, policy_of
from tidegate.domain.version import Version
from tidegate.policy.decision import Decision, FactSeen, HaltDecision, Verdict, seen
from tidegate.policy.fact import Scope
from tidegate.policy.facts import FACTS
from tidegate.policy.judge import eligibility, halt, pace
from tidegate.policy.moment import Moment
from tidegate.policy.pace import Pace

POLICY = policy_of(
    eligibility=denying("{fact: scaleSet.capacity, atLeast: 3}"),
    halt="- {name: stop, at: beforeBatch, when: {fact: progress.elapsed, atLeast: PT1H}, then: pause, because: Late.}",
)


def test_the_gravity_of_halts_rises_from_going_on_to_bringing_everything_back() -> None:
    order = [Verdict.GO_ON, Verdict.PAUSE, Verdict.HALT, Verdict.ROLL_BACK_FAILED, Verdict.ROLL_BACK]
    assert sorted(order, key=lambda verdict: verdict.gravity) == order
    assert len({verdict.gravity for verdict in order}) == 5


def test_a_fact_is_seen_once_with_its_age() -> None:
    asked = (FACTS["extension.targetVersion"], FACTS["scaleSet.name"], FACTS["extension.targetVersion"])
    given = facts({"extension.targetVersion": Version("1.10")})
    assert seen(asked, given, {"scaleSet.name": 12.5}) == (
        FactSeen(name="extension.targetVersion", value="1.10", age_seconds=0.0),
        FactSeen(name="scaleSet.name", value="web", age_seconds=12.5),
    )


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (eligibility(POLICY, Scope.SCALE_SET, facts()).denials[0], Decision),
        (halt(POLICY, Moment.BEFORE_BATCH, facts({"progress.elapsed": 3600.0}), 0), HaltDecision),
        (pace(POLICY, facts()), Pace),
    ],
)
def test_what_the_judge_answers_can_be_stored_and_read_back(value: object, kind: type[object]) -> None:
    stored = msgspec.json.encode(value)
    assert json.loads(stored)
    assert msgspec.json.decode(stored, type=kind) == value


def test_verdicts_are_stored_by_their_names() -> None:
    assert all(verdict.value == verdict.name for verdict in Verdict)


def test_an_allowance_tells_which_facts_it_saw() -> None:
    allowed = eligibility(POLICY, Scope.SCALE_SET, facts({"scaleSet.capacity": 2}), {"scaleSet.capacity": 3.0})
    assert allowed.allowed
    (decision,) = allowed.decisions
    assert (decision.verdict, decision.rule, decision.because) == (Verdict.ALLOW, "", "no rule denies it")
    assert str(decision.place) == "tried.yaml:1:1"
    assert decision.facts == (FactSeen(name="scaleSet.capacity", value=2, age_seconds=3.0),)
