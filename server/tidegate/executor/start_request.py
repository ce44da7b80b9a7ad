"""What somebody asks to start, and whether he asked for it before."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.domain.refusal import RequestIdReused
from tidegate.domain.resource_id import ScaleSetId
from tidegate.executor.commands import name_of
from tidegate.executor.considering import Wish
from tidegate.upgrade.plan import ImageTarget, Trigger, UpgradeKind
from tidegate.upgrade.state import Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What to start."""

    scale_set: ScaleSetId
    kind: UpgradeKind
    trigger: Trigger = Trigger.MANUAL
    force: bool = False
    request_id: str = ""
    """The same id again gives the same upgrade; empty for none."""
    image_version: str = ""
    """For an image upgrade; empty for the scale set's own."""
    validate_only: bool = False

    @property
    def wish(self) -> Wish:
        """The part of it that is judged."""
        return Wish(kind=self.kind, trigger=self.trigger, force=self.force, image_version=self.image_version)

    def check_same(self, earlier: Upgrade) -> None:
        """Refuse where the upgrade that this request id started was asked for in other words.

        Raises:
            RequestIdReused: kind, force or image differ.
        """
        started = earlier.started
        targets = [target.version.text for target in started.plan.targets if isinstance(target, ImageTarget)]
        is_same_image = not self.image_version or [self.image_version] == targets
        if (started.kind, started.force) != (self.kind, self.force) or not is_same_image:
            raise RequestIdReused(self.request_id, name_of(earlier))
