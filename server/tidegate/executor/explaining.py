"""Explaining an instance: what an upgrade did with it and why, or what a start would do with it now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.domain.refusal import InstanceNotFound, NotEligible
from tidegate.executor.admission import admit
from tidegate.executor.considering import Wish, consider
from tidegate.executor.facts import Survey
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.executor.replay import PAGE
from tidegate.journal.promise import Journal
from tidegate.policy.decision import Decision, Verdict
from tidegate.upgrade.events import BatchJudged, BatchStarted
from tidegate.upgrade.evolve import evolve
from tidegate.upgrade.explain import Explanation, explain
from tidegate.upgrade.plan import SkipReason, UpgradeKind
from tidegate.upgrade.state import InstanceStatus, Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why an instance stands where it stands."""

    upgrade: Upgrade | None
    """The upgrade that is spoken of; None where a start is considered."""
    explanation: str
    """The whole answer in a sentence or two."""
    decisions: tuple[Decision, ...]
    """Every decision that bears on it, the most telling first."""
    standing: Explanation
    """Where it stands; in a start that is only considered, it waits or is left alone."""


async def explain_upgrade(upgrade: Upgrade, instance_id: str, journal: Journal) -> Explained:
    """What the upgrade did with the instance, with the decisions about its batch.

    Raises:
        InstanceNotFound: the scale set had no such instance when the upgrade began.
        JournalUnavailable: the decisions cannot be read just now.
    """
    standing = explain(upgrade, instance_id)
    if standing is None:
        raise InstanceNotFound(instance_id, str(upgrade.scale_set))
    decisions = [] if standing.decision is None else [standing.decision]
    if standing.record is not None:
        decisions += await _decisions_of_batch(upgrade, standing.record.batch_number, journal)
    if upgrade.halt is not None:
        decisions.append(upgrade.halt.decision)
    most_telling_first = sorted(_each_once(decisions), key=_telling, reverse=True)
    return Explained(
        upgrade=upgrade, explanation=standing.sentence, decisions=tuple(most_telling_first), standing=standing
    )


def _telling(decision: Decision) -> int:
    """How much a decision says about one instance: that it was denied most, then what stopped its upgrade."""
    return len(Verdict) if decision.verdict is Verdict.DENY else decision.verdict.gravity


async def _decisions_of_batch(upgrade: Upgrade, batch_number: int, journal: Journal) -> list[Decision]:
    """Why the batch began, and how it was judged; read from the journal, which is gone through up to there."""
    found: list[Decision] = []
    after = 0
    while entries := await journal.read(upgrade.upgrade_id, after, PAGE):
        for entry in entries:
            match entry.event:
                case BatchStarted(number=number, decision=decision) | BatchJudged(number=number, decision=decision):
                    if number == batch_number:
                        found.append(decision)
                    if number > batch_number:
                        return found
                case _:
                    pass
        after = entries[-1].sequence
    return found


def explain_now(found: Survey, instance_id: str, policies: PolicyKeeper) -> Explained:
    """What a manual start of an extension upgrade would do with the instance now.

    Raises:
        InstanceNotFound: the scale set has no such instance.
        NoPolicyApplies: no policy in force is for this scale set.
    """
    name = str(found.scale_set.scale_set_id)
    if not any(instance.instance_id == instance_id for instance in found.instances):
        raise InstanceNotFound(instance_id, name)
    wish = Wish(kind=UpgradeKind.EXTENSION)
    try:
        admitted = admit(found, wish, policies)
    except NotEligible as refusal:
        return _explain_refusal(refusal, instance_id, consider(found, wish, policies).decisions)
    upgrade = evolve(None, admitted.started("", ""))
    standing = explain(upgrade, instance_id)
    assert standing is not None, "every instance is planned or skipped"
    decisions = [] if standing.decision is None else [standing.decision]
    return Explained(
        upgrade=None,
        explanation=_would_be(standing),
        decisions=_each_once([*decisions, *admitted.considered.decisions]),
        standing=standing,
    )


def _explain_refusal(refusal: NotEligible, instance_id: str, decisions: tuple[Decision, ...]) -> Explained:
    first = refusal.denials[0]
    more = f" (and {len(refusal.denials) - 1} more)" if len(refusal.denials) > 1 else ""
    sentence = f"No upgrade ran, and none may begin: the rule {first.rule} denies it, {first.because}{more}."
    standing = Explanation(
        instance_id=instance_id,
        status=SkipReason.DENIED,
        sentence=sentence,
        decision=decisions[0],
        record=None,
        batch_number=None,
    )
    return Explained(upgrade=None, explanation=sentence, decisions=decisions, standing=standing)


def _would_be(standing: Explanation) -> str:
    if standing.status is InstanceStatus.WAITING:
        return f"No upgrade ran; one that began now would upgrade it in batch {standing.batch_number}."
    return f"No upgrade ran; for one that began now: {standing.sentence}"


def _each_once(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    once: list[Decision] = []
    for decision in decisions:
        if decision not in once:
            once.append(decision)
    return tuple(once)
