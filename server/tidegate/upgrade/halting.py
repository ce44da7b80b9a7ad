"""Halting: the halt rules are asked, and their gravest verdict is obeyed.

Law: a resume of what a rule had paused lets the next step pass. A rule that wants a pause is not obeyed from then until
the next batch has begun, so that whoever resumes is not stopped again by the very thing he resumed in spite of; a rule
that wants an end always is, and a resume of what somebody had paused excuses nothing. Once an end is decided
no rule is asked any more. The judge itself knows which rules a force silences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace

from tidegate.domain.natural_order import natural_key
from tidegate.policy import judge
from tidegate.policy.decision import HaltDecision, Verdict
from tidegate.policy.moment import Moment
from tidegate.upgrade.events import HaltDecided, UpgradePaused
from tidegate.upgrade.numbers import ages_now, attempted_count, facts_now, has_failed, has_succeeded
from tidegate.upgrade.state import Upgrade
from tidegate.upgrade.unfolding import Unfolding

MOST_INSTANCES_NAMED = 1_000
"""Instances that a halt names at most."""

Named = Callable[[], Iterable[str]]
"""Gives the instances that moved a rule; asked only where a halt is decided."""


def ask(unfolding: Unfolding, moment: Moment) -> HaltDecision:
    """What the halt rules say at this moment; a pause that is excused has become going on."""
    upgrade, at_ms = unfolding.upgrade, unfolding.at_ms
    halt = judge.halt(
        upgrade.policy, moment, facts_now(upgrade, at_ms), attempted_count(upgrade), ages_now(upgrade, at_ms)
    )
    if halt.verdict is not Verdict.PAUSE or not upgrade.is_excused:
        return halt
    because = f"It was resumed, although: {halt.decision.because}"
    return replace(halt, decision=replace(halt.decision, verdict=Verdict.GO_ON, because=because), code="")


def obey(unfolding: Unfolding, halt: HaltDecision, named: Named) -> bool:
    """Say the end or the pause that the rules want. True where the upgrade goes on."""
    at_ms = unfolding.at_ms
    match halt.verdict:
        case Verdict.GO_ON:
            return True
        case Verdict.PAUSE:
            if not unfolding.upgrade.is_held:
                unfolding.say(UpgradePaused(at_ms=at_ms, decision=halt.decision))
            return False
        case Verdict.HALT | Verdict.ROLL_BACK | Verdict.ROLL_BACK_FAILED:
            ids = tuple(sorted(named(), key=natural_key)[:MOST_INSTANCES_NAMED])
            unfolding.say(HaltDecided(at_ms=at_ms, decision=halt.decision, code=halt.code, unhealthy_instance_ids=ids))
            return False
        case Verdict.ALLOW | Verdict.DENY | Verdict.PACE:
            raise AssertionError(f"a halt rule cannot say {halt.verdict}")


def ask_during_batch(unfolding: Unfolding, unhealthy: Set[str] = frozenset()) -> None:
    """Ask while the batch is under way, where the policy has rules for that and no end is decided."""
    upgrade = unfolding.upgrade
    if not upgrade.is_ending and upgrade.policy.halt[Moment.DURING_BATCH].rules:
        halt = ask(unfolding, Moment.DURING_BATCH)
        obey(unfolding, halt, lambda: {*unhealthy, *failed_of_batch(upgrade)})


def failed_of_batch(upgrade: Upgrade) -> list[str]:
    """The failed instances of the batch under way; takes time linear in the batch."""
    begun = upgrade.started.plan.order[upgrade.batch_start : upgrade.begun]
    return [planned.instance_id for planned in begun if has_failed(upgrade, planned.instance_id)]


def unhealthy_upgraded(upgrade: Upgrade, unhealthy: Set[str]) -> set[str]:
    """Of all instances attempted so far those that failed or are unhealthy now; linear in the attempted."""
    failed = {instance_id for instance_id, record in upgrade.records.items() if record.code}
    return failed | {instance_id for instance_id in unhealthy if has_succeeded(upgrade, instance_id)}
