"""The faults that are about one scale set: on which of its instances each holds, and how often it has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from tidegate.domain.order import InstanceOrder, Move
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.faults import Fault, InstallFails, NeverAnswers, Slow
from tidegate.fleets.luck import draw

SomeFault = TypeVar("SomeFault", bound=Fault)


class FaultBook:
    """Faults by their number, which is their place in the fleet's whole list and stays the same over a restart."""

    def __init__(self, *, seed: int, scale_set: ScaleSetId, spent: dict[tuple[int, str], int]) -> None:
        self.spent = spent
        """How often a fault of orders has held on an instance; only counted for faults with `times`."""
        self._unsaved: dict[tuple[int, str], None] = {}
        self._seed = seed
        self._scale_set = scale_set
        self._faults: dict[int, Fault] = {}
        self._drawn: dict[int, frozenset[str]] = {}

    def add(self, number: int, fault: Fault, instance_ids: Sequence[str]) -> bool:
        """Take the fault up where it is about this scale set; whether it is."""
        if not fault.where.fits_scale_set(self._scale_set):
            return False
        self._faults[number] = fault
        self._draw(number, fault, instance_ids)
        return True

    def resize(self, instance_ids: Sequence[str]) -> None:
        """Draw shares anew for these instances; a larger scale set keeps those that were drawn, and adds some."""
        for number, fault in self._faults.items():
            self._draw(number, fault, instance_ids)

    def drop(self, instance_ids: Iterable[str]) -> None:
        """These instances are gone; new ones of the same ids begin without a past."""
        for name in instance_ids:
            for number in self._faults:
                self.spent.pop((number, name), None)
                self._unsaved.pop((number, name), None)

    def of_kind(self, kind: type[SomeFault]) -> list[tuple[int, SomeFault]]:
        """The faults of this kind with their numbers, in order."""
        return [(number, fault) for number, fault in self._faults.items() if isinstance(fault, kind)]

    def concerns(self, number: int, instance_id: str) -> bool:
        """Whether the fault is about this instance."""
        where = self._faults[number].where
        if where.instance_ids is not None and instance_id not in where.instance_ids:
            return False
        return where.share is None or instance_id in self._drawn[number]

    def failing(self, instance_id: str, move: Move) -> InstallFails | None:
        """The fault that makes this move fail, if one does; it is then counted."""
        for number, fault in self.of_kind(InstallFails):
            if fault.where.fits_move(move) and self._holds(number, fault, instance_id):
                return fault
        return None

    def held(self, order: InstanceOrder, kind: type[SomeFault]) -> list[SomeFault]:
        """The faults of this kind that hold for this order; each is then counted."""
        return [
            fault
            for number, fault in self.of_kind(kind)
            if any(map(fault.where.fits_move, order.moves)) and self._holds(number, fault, order.instance_id)
        ]

    def delay_seconds(self, order: InstanceOrder) -> float | None:
        """How much longer the order takes than it should; None: it is never answered."""
        if not self._faults:
            return 0.0
        if self.held(order, NeverAnswers):
            return None
        return sum(fault.seconds for fault in self.held(order, Slow))

    @property
    def unsaved(self) -> tuple[tuple[int, str, int], ...]:
        """Fault, instance and times for each count that changed and was not kept since."""
        return tuple((number, name, self.spent[number, name]) for number, name in self._unsaved)

    def kept(self) -> None:
        """All that was unsaved is in the file."""
        self._unsaved.clear()

    def _holds(self, number: int, fault: Fault, instance_id: str) -> bool:
        if not self.concerns(number, instance_id):
            return False
        if fault.where.times is None:
            return True
        spent = self.spent.get((number, instance_id), 0)
        if spent >= fault.where.times:
            return False
        self.spent[number, instance_id] = spent + 1
        self._unsaved[number, instance_id] = None
        return True

    def _draw(self, number: int, fault: Fault, instance_ids: Sequence[str]) -> None:
        share = fault.where.share
        if share is not None:
            count = math.ceil(share * len(instance_ids) - 1e-9)
            purpose = f"{self._scale_set.key}/faults/{number}"
            self._drawn[number] = draw(self._seed, purpose, instance_ids, count)
