"""Considering a wish: what the policy in force says to an upgrade of this scale set now, whether it likes it or not.

Law: every denial is told, not only the first. An extension is brought to the newest version that no rule denies; one
whose every version is denied is left out, and an upgrade whose every extension is left out is not eligible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from tidegate.domain.extension import Extension
from tidegate.domain.refusal import Denial, NoPolicyApplies, NotEligible
from tidegate.executor.facts import Survey, extension_facts, scale_set_facts
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.policy import judge
from tidegate.policy.compiled import CompiledPolicy
from tidegate.policy.decision import Decision, Eligibility, Verdict
from tidegate.policy.fact import Facts, Scope
from tidegate.upgrade.events import FactText
from tidegate.upgrade.plan import ExtensionTarget, Trigger, UpgradeKind
from tidegate.upgrade.targets import extension_targets

_AGE = "extension.targetVersionAge"
_ABOUT_A_VERSION = frozenset({"extension.targetVersion", _AGE})


class NotEligibleYet(NotEligible):
    """A rule denies a version for its age, which changes by itself: ask again later."""


def is_denied_for_age(decisions: Iterable[Decision]) -> bool:
    """A denial among them looked at how old the target version is."""
    return any(decision.verdict is Verdict.DENY and _looked_at(decision, {_AGE}) for decision in decisions)


def _looked_at(decision: Decision, names: Set[str]) -> bool:
    return any(fact.name in names for fact in decision.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants of a scale set."""

    kind: UpgradeKind
    trigger: Trigger = Trigger.MANUAL
    force: bool = False
    image_version: str = ""
    """For an image: the exact version, or empty for the scale set's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsideredExtension:
    """What the rules say to one extension."""

    extension: Extension
    is_allowed: bool
    target: ExtensionTarget | None
    """The newest allowed version; None where there is none, or nothing that fits was published."""
    facts: Facts
    decisions: tuple[Decision, ...]
    """The denials of the newest version, where it is denied; and why an older one is allowed, where one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """What the rules say to the whole of it."""

    wish: Wish
    found: Survey
    policy: CompiledPolicy
    facts: dict[str, FactText]
    scale_set: Eligibility
    extensions: tuple[ConsideredExtension, ...]

    @property
    def has_no_extension_left(self) -> bool:
        """There are extensions, and rules deny every one of them."""
        return bool(self.extensions) and not any(each.is_allowed for each in self.extensions)

    @property
    def is_eligible(self) -> bool:
        """It may begin."""
        return self.scale_set.allowed and not self.has_no_extension_left

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Everything that was decided, the scale set first, then extension by extension."""
        return (*self.scale_set.decisions, *(decision for each in self.extensions for decision in each.decisions))

    @property
    def refusal(self) -> NotEligible:
        """Why it may not begin."""
        name = str(self.found.scale_set.scale_set_id)
        return (NotEligibleYet if is_denied_for_age(self.decisions) else NotEligible)(name, self.denials)

    @property
    def denials(self) -> Sequence[Denial]:
        """Every denial that keeps it from beginning; an extension's only where all are denied."""
        name = str(self.found.scale_set.scale_set_id)
        of_scale_set = [_denial(name, decision) for decision in self.scale_set.denials]
        return [*of_scale_set, *(self.left_out if self.has_no_extension_left else ())]

    @property
    def left_out(self) -> Sequence[Denial]:
        """Every denial of an extension's version."""
        return [
            _denial(each.extension.name, decision)
            for each in self.extensions
            for decision in each.decisions
            if decision.verdict is Verdict.DENY
        ]


def consider(found: Survey, wish: Wish, policies: PolicyKeeper) -> Considered:
    """Ask the rules about the scale set and, in an extension upgrade, about each extension.

    Raises:
        NoPolicyApplies: no policy in force is for this scale set and this kind of upgrade.
    """
    facts = scale_set_facts(found, kind=wish.kind, trigger=wish.trigger, force=wish.force)
    policy = policies.choose(facts)
    if policy is None:
        raise NoPolicyApplies(str(found.scale_set.scale_set_id))
    extensions = found.scale_set.extensions if wish.kind is UpgradeKind.EXTENSION else ()
    return Considered(
        wish=wish,
        found=found,
        policy=policy,
        facts=facts,
        scale_set=judge.eligibility(policy, Scope.SCALE_SET, facts),
        extensions=tuple(_consider(found, policy, facts, extension) for extension in extensions),
    )


def _consider(found: Survey, policy: CompiledPolicy, facts: Facts, extension: Extension) -> ConsideredExtension:
    """The newest version that no rule denies; without one the denials of the newest version that there is."""
    newest: ConsideredExtension | None = None
    for target in _candidates(found, extension):
        own = extension_facts(found, extension, None if target is None else target.version)
        asked = judge.eligibility(policy, Scope.EXTENSION, {**facts, **own})
        # A rule about the version has nothing to say where there is none.
        denials = [each for each in asked.denials if target is not None or not _looked_at(each, _ABOUT_A_VERSION)]
        considered = ConsideredExtension(
            extension=extension,
            is_allowed=not denials,
            target=None if denials else target,
            facts=own,
            decisions=(*(() if newest is None else newest.decisions), *(denials if asked.denials else asked.decisions)),
        )
        if considered.is_allowed:
            return considered
        newest = newest or considered
    assert newest is not None, "there is always something to ask about"
    return newest


def _candidates(found: Survey, extension: Extension) -> Iterator[ExtensionTarget | None]:
    """Every version that the extension's profile allows, the newest first; None where there is none."""
    versions = found.versions(extension.extension_type)
    key, is_first = extension.extension_type.key, True
    while targets := extension_targets([extension], {key: versions}):
        is_first = False
        yield targets[0]
        versions -= {targets[0].version}
    if is_first:
        yield None


def _denial(subject: str, decision: Decision) -> Denial:
    return Denial(rule=decision.rule, because=decision.because, place=str(decision.place), subject=subject)
