"""Admission: whoever wants an upgrade gets its plan, or every reason why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidegate.domain.refusal import FieldViolation, MalformedRequest
from tidegate.domain.scale_set import ImageReference
from tidegate.domain.version import MalformedVersion, Version
from tidegate.executor.considering import Considered, NotEligibleYet, Wish, consider, is_denied_for_age
from tidegate.executor.facts import Survey
from tidegate.executor.policy_keeper import PolicyKeeper
from tidegate.upgrade.events import UpgradeStarted
from tidegate.upgrade.plan import ImageTarget, Target, UpgradeKind
from tidegate.upgrade.planner import PlannedUpgrade, plan_upgrade
from tidegate.upgrade.state import Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """It may begin, and this is what it would do."""

    considered: Considered
    planned: PlannedUpgrade
    image: ImageReference
    """The scale set's image; of an image upgrade with the version it goes to."""

    def is_done_by(self, active: Upgrade) -> bool:
        """The upgrade under way goes to the same versions, and over every instance that needs them."""
        plan = self.planned.plan
        return plan.targets == active.started.plan.targets and all(
            planned.instance_id in active.places for planned in plan.order
        )

    def check_age(self) -> None:
        """No instance needs anything now: find out whether one will.

        Raises:
            NotEligibleYet: only because a version is too young for a rule.
        """
        name = str(self.considered.found.scale_set.scale_set_id)
        if is_denied_for_age(self.considered.decisions):
            raise NotEligibleYet(name, self.considered.left_out)

    def started(self, upgrade_id: str, request_id: str) -> UpgradeStarted:
        """The first event of the upgrade."""
        wish, found, policy = self.considered.wish, self.considered.found, self.considered.policy
        return UpgradeStarted(
            at_ms=found.at_ms,
            upgrade_id=upgrade_id,
            scale_set=str(found.scale_set.scale_set_id),
            location=found.scale_set.location,
            kind=wish.kind,
            trigger=wish.trigger,
            force=wish.force,
            request_id=request_id,
            policy_name=policy.name,
            policy_digest=policy.digest,
            policy_source=policy.source,
            scale_set_policy=found.scale_set.rolling_upgrade_policy,
            facts=self.planned.facts,
            has_probe=found.scale_set.has_probe,
            image=self.image,
            plan=self.planned.plan,
            eligibility=self.considered.decisions,
        )


def admit(found: Survey, wish: Wish, policies: PolicyKeeper) -> Admitted:
    """Judge and plan.

    Raises:
        NoPolicyApplies: no policy in force is for this scale set and this kind of upgrade.
        NotEligible: rules deny the scale set, or every extension of it; carries every denial.
        MalformedRequest: an image upgrade without an exact version to go to.
    """
    considered = consider(found, wish, policies)
    if not considered.is_eligible:
        raise considered.refusal
    image = _image(found, wish) if wish.kind is UpgradeKind.OS_IMAGE else found.scale_set.image
    targets: list[Target] = [each.target for each in considered.extensions if each.target is not None]
    if wish.kind is UpgradeKind.OS_IMAGE:
        targets.append(ImageTarget(version=Version(image.version)))
    planned = plan_upgrade(
        policy=considered.policy,
        kind=wish.kind,
        facts=considered.facts,
        instances=found.instances,
        targets=targets,
        extension_facts={each.extension.name: each.facts for each in considered.extensions},
    )
    return Admitted(considered=considered, planned=planned, image=image)


def _image(found: Survey, wish: Wish) -> ImageReference:
    """The image with the exact version to go to: the one asked for, or the scale set's own."""
    own = found.scale_set.image
    text = wish.image_version or own.version
    try:
        Version(text)
    except MalformedVersion:
        said = f"{text!r} is not an exact version" if text else "neither the request nor the scale set names a version"
        advice = (
            "write the exact version to move to, such as 22.04.202410010. "
            "Azure finds out itself what imageReference.version latest is; this server has no list of images"
        )
        raise MalformedRequest([FieldViolation(field="image_version", description=f"{said}: {advice}")]) from None
    return replace(own, version=text)
