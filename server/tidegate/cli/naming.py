"""How a command line names a scale set, an upgrade or an instance: by ARM id, or by group, name and subscription."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer

from tidegate.domain.resource_id import MalformedId, ScaleSetId, UpgradeName

_INSTANCE = re.compile(r"(?P<scale_set>.+)/virtualMachines/(?P<instance>[^/]+)", re.IGNORECASE)
_BOTH_WAYS = "Name the scale set by its ARM id or by -g and -n, not by both."


def scale_set_name(given: str, *, group: str, name: str, subscription: str) -> str:
    """The ARM id that was given, or that the parts make.

    Raises:
        typer.BadParameter: both or neither were given, a part is missing, or the id has another shape.
    """
    if given and (group or name):
        raise typer.BadParameter(_BOTH_WAYS)
    if given:
        return _checked(given)
    missing = [
        option
        for option, value in [("-g GROUP", group), ("-n NAME", name), ("--subscription ID", subscription)]
        if not value
    ]
    if missing:
        raise typer.BadParameter(f"Name the scale set by its ARM id, or by -g, -n and --subscription: {_and(missing)}.")
    subscription_id = subscription.removeprefix("/subscriptions/")
    return _checked(
        f"/subscriptions/{subscription_id}/resourceGroups/{group}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    )


def upgrade_or_scale_set(given: str, *, group: str, name: str, subscription: str) -> str:
    """An upgrade's name as it was given, or a scale set's ARM id, as `scale_set_name` reads it."""
    if "/rollingupgrades/" in given.lower():
        if group or name:
            raise typer.BadParameter(_BOTH_WAYS)
        try:
            return str(UpgradeName.parse(given))
        except MalformedId as malformed:
            raise typer.BadParameter(f"{malformed}.") from malformed
    return scale_set_name(given, group=group, name=name, subscription=subscription)


def instance_of(words: Sequence[str], *, group: str, name: str, subscription: str) -> tuple[str, str]:
    """The scale set and the instance's id in it, from `SCALE_SET INSTANCE`, from the instance's ARM id, or from the
    instance alone where group, name and subscription say the rest."""
    match words:
        case [scale_set, instance_id]:
            return scale_set_name(scale_set, group=group, name=name, subscription=subscription), instance_id
        case [word] if found := _INSTANCE.fullmatch(word):
            return scale_set_name(found["scale_set"], group=group, name=name, subscription=""), found["instance"]
        case [instance_id]:
            return scale_set_name("", group=group, name=name, subscription=subscription), instance_id
        case _:
            raise typer.BadParameter("Name one instance: SCALE_SET INSTANCE, or INSTANCE with -g and -n.")


def _checked(text: str) -> str:
    try:
        return str(ScaleSetId.parse(text))
    except MalformedId as malformed:
        raise typer.BadParameter(f"{malformed}.") from malformed


def _and(missing: Sequence[str]) -> str:
    told = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
    return f"{told} {'is' if len(missing) == 1 else 'are'} missing"
