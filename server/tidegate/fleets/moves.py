"""What an order does to a machine: pure steps from what it runs to what it runs then."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.instance import Instance
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceOrder, Move, MoveFailure
from tidegate.fleets.faults import InstallFails

NOT_INSTALLED = "ExtensionNotFound"
"""The failure's code where an order moves an extension that the machine does not run."""

Failing = Callable[[Move], InstallFails | None]
"""The fault that makes a move fail, if one does."""


def begun(instance: Instance, order: InstanceOrder) -> dict[str, ExtensionState]:
    """The machine's extensions while the order is under way: those that it moves are updating."""
    moved = {move.extension_name.lower() for move in order.moves if isinstance(move, ExtensionMove)}
    return {
        name: dataclasses.replace(state, provisioning_state=ProvisioningState.UPDATING, code="", message="")
        if name.lower() in moved
        else state
        for name, state in instance.extensions.items()
    }


def undone(instance: Instance, before: Mapping[str, ExtensionState]) -> dict[str, ExtensionState]:
    """The machine's extensions when an order under way is dropped: what was updating is as it was `before`."""
    return {
        name: before.get(name, state) if state.provisioning_state is ProvisioningState.UPDATING else state
        for name, state in instance.extensions.items()
    }


def carried_out(
    instance: Instance, order: InstanceOrder, failing: Failing
) -> tuple[dict[str, ExtensionState], str, tuple[MoveFailure, ...]]:
    """What the machine runs after the order, its extensions and its image's version, and what failed.

    A move that fails keeps the old version and says so; the next one that succeeds clears that.
    """
    states = dict(instance.extensions)
    spelled = {name.lower(): name for name in states}
    image_version = instance.image_version
    failures = []
    for move in order.moves:
        fault = failing(move)
        match move:
            case ExtensionMove():
                name = spelled.get(move.extension_name.lower())
                if name is None:
                    failures.append(_not_installed(move))
                    continue
                states[name] = _moved(states[name], move, fault)
            case ImageMove():
                image_version = image_version if fault else str(move.version)
        if fault is not None:
            failures.append(MoveFailure(extension_name=_named(move), code=fault.code, message=fault.message))
    return states, image_version, tuple(failures)


def all_failed(order: InstanceOrder, code: str, message: str) -> tuple[MoveFailure, ...]:
    """Every move of the order failed for the same reason."""
    return tuple(MoveFailure(extension_name=_named(move), code=code, message=message) for move in order.moves)


def _moved(state: ExtensionState, move: ExtensionMove, fault: InstallFails | None) -> ExtensionState:
    if fault is None:
        return ExtensionState(name=state.name, version=move.version)
    return ExtensionState(
        name=state.name,
        version=state.version,
        provisioning_state=ProvisioningState.FAILED,
        code=fault.code,
        message=fault.message,
    )


def _not_installed(move: ExtensionMove) -> MoveFailure:
    message = f"The machine does not run the extension {move.extension_name!r}."
    return MoveFailure(extension_name=move.extension_name, code=NOT_INSTALLED, message=message)


def _named(move: Move) -> str:
    return move.extension_name if isinstance(move, ExtensionMove) else ""
