"""ARM resource ids of the things Tidegate knows, compared without regard to case as ARM does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SEGMENT = r"[A-Za-z0-9_.()\-]{1,90}"
_SCALE_SET = re.compile(
    rf"/subscriptions/(?P<subscription>{_SEGMENT})/resourceGroups/(?P<group>{_SEGMENT})"
    rf"/providers/Microsoft\.Compute/virtualMachineScaleSets/(?P<name>{_SEGMENT})",
    re.IGNORECASE | re.ASCII,
)
_SUBSCRIPTION = re.compile(rf"(?:/subscriptions/)?(?P<subscription>{_SEGMENT})", re.IGNORECASE | re.ASCII)
_UPGRADE_SUFFIX = "/rollingUpgrades/"

SCALE_SET_SHAPE = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
)


class MalformedId(ValueError):
    """The text does not have the shape of the id that was asked for."""

    def __init__(self, text: str, shape: str) -> None:
        super().__init__(f"{text!r} is not of the form {shape}")
        self.text = text
        self.shape = shape


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSetId:
    """The id of one scale set; two spellings that differ in case only are the same id (equal, same hash)."""

    subscription: str = field(compare=False)
    resource_group: str = field(compare=False)
    name: str = field(compare=False)
    key: str = field(init=False)
    """The whole id in lower case: what stores and maps go by."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", str(self).lower())

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Compute/virtualMachineScaleSets/{self.name}"
        )

    @classmethod
    def parse(cls, text: str) -> ScaleSetId:
        """Read an ARM id.

        Raises:
            MalformedId: the text is not the id of a scale set.
        """
        match = _SCALE_SET.fullmatch(text)
        if match is None:
            raise MalformedId(text, SCALE_SET_SHAPE)
        return cls(subscription=match["subscription"], resource_group=match["group"], name=match["name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeName:
    """The name of one rolling upgrade: its scale set's id and an id of its own."""

    scale_set: ScaleSetId
    upgrade_id: str

    def __str__(self) -> str:
        return f"{self.scale_set}{_UPGRADE_SUFFIX}{self.upgrade_id}"

    @classmethod
    def parse(cls, text: str) -> UpgradeName:
        """Read `{scale set id}/rollingUpgrades/{upgrade id}`.

        Raises:
            MalformedId: the text has another shape.
        """
        at = text.lower().rfind(_UPGRADE_SUFFIX.lower())
        upgrade_id = text[at + len(_UPGRADE_SUFFIX) :]
        if at < 0 or re.fullmatch(_SEGMENT, upgrade_id) is None:
            raise MalformedId(text, SCALE_SET_SHAPE + _UPGRADE_SUFFIX + "{upgrade}")
        return cls(scale_set=ScaleSetId.parse(text[:at]), upgrade_id=upgrade_id)


def parse_subscription(text: str) -> str:
    """The subscription id in lower case, from `/subscriptions/{id}` or the bare id.

    Raises:
        MalformedId: the text is neither.
    """
    match = _SUBSCRIPTION.fullmatch(text)
    if match is None:
        raise MalformedId(text, "/subscriptions/{subscription}")
    return match["subscription"].lower()
