"""One scale set of the simulated fleet at work: who is at which order, and what comes of it.

Law: a machine works on one order at a time; a newer order takes the place of the one under way, which then has
failed. What is done while the machine cannot be reached is finished when it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.fleets import moves
from tidegate.fleets.ailments import Ailments, CallLater
from tidegate.fleets.fault_book import FaultBook
from tidegate.fleets.faults import AnswersLate, AnswersTwice, Fault
from tidegate.fleets.machines import Change, Definition, Machines
from tidegate.fleets.promise import Reply

SUPERSEDED = "Superseded"
"""The failure's code of an order that a newer one took the place of."""


@dataclass(slots=True, eq=False, kw_only=True)
class Work:
    """An order that a machine is at."""

    site: Site
    order: InstanceOrder
    reply: Reply
    before: Instance


@dataclass(slots=True, eq=False, kw_only=True)
class Ended:
    """An answer on its way to whoever gave the order last."""

    site: Site
    reply: Reply
    answer: InstanceAnswer
    is_given_twice: bool = False
    late_seconds: float = 0.0


class Site:
    """The machines of one scale set and their work. Nothing is answered here: what has ended waits to be taken."""

    def __init__(
        self,
        *,
        machines: Machines,
        book: FaultBook,
        call_later: CallLater,
        resume: Callable[[Sequence[Work]], None],
    ) -> None:
        """`resume` takes work that was done and may now be finished, since its machine is back."""
        self.machines = machines
        self.book = book
        self.is_gone = False
        self.is_placed = False
        """The definition and what it changed of the machines are in the file, where there is one."""
        self._ended: list[Ended] = []
        self._unsaved: dict[str, None] = {}
        self._ailments = Ailments(machines=machines, book=book, call_later=call_later, on_return=self._return)
        self._resume = resume
        self._work: dict[str, Work] = {}
        self._held: dict[str, Work] = {}

    def add_fault(self, number: int, fault: Fault) -> None:
        """Take the fault up where it is about this scale set."""
        if self.book.add(number, fault, tuple(self.machines)):
            self._ailments.take_up(number, fault)

    def redefine(self, definition: Definition) -> list[str]:
        """Take up a new definition; the ids of machines that changed or are new."""
        changed, gone = self.machines.redefine(definition)
        for name in gone:
            self._work.pop(name, None)
            self._unsaved.pop(name, None)
        self._ailments.forget(gone)
        self.book.drop(gone)
        self.book.resize(tuple(self.machines))
        self._ailments.refresh(self.machines)
        return changed

    def take(self, order: InstanceOrder, reply: Reply) -> Work | None:
        """Let the machine begin; None where there is nothing to begin, since the order has ended or is under way."""
        name = order.instance_id
        known = self.machines.answer_of(name, order.operation_id)
        if known is not None:
            self._ended.append(Ended(site=self, reply=reply, answer=known))
            return None
        under_way = self._work.get(name)
        if under_way is not None and under_way.order.operation_id == order.operation_id:
            under_way.reply = reply
            return None
        if under_way is not None:
            self._supersede(under_way)
        before = self.machines[name]
        work = self._work[name] = Work(site=self, order=order, reply=reply, before=before)
        self.machines.put_software(before, moves.begun(before, order))
        return work

    def finish(self, work: Work) -> None:
        """The time of the work is over: carry it out, unless it is not wanted any more or its machine is offline."""
        order = work.order
        name = order.instance_id
        if self.is_gone or self._work.get(name) is not work:
            return
        if self._ailments.is_offline(name):
            self._held[name] = work
            return
        del self._work[name]
        states, image_version, failures = moves.carried_out(
            self.machines[name], order, lambda move: self.book.failing(name, move)
        )
        self.machines.put_software(self.machines[name], states, image_version)
        self._ailments.refresh((name,))
        answer = InstanceAnswer(
            operation_id=order.operation_id,
            instance_id=name,
            failures=failures,
            probe=self.machines[name].probe,
        )
        self._keep(answer)
        self._ended.append(
            Ended(
                site=self,
                reply=work.reply,
                answer=answer,
                is_given_twice=bool(self.book.held(order, AnswersTwice)),
                late_seconds=sum(fault.seconds for fault in self.book.held(order, AnswersLate)),
            )
        )

    def take_ended(self) -> list[Ended]:
        """What has ended since this was last asked for."""
        ended, self._ended = self._ended, []
        return ended

    @property
    def change(self) -> Change:
        """What has changed of the machines and was not kept since."""
        return Change(machines=self.machines, instance_ids=tuple(self._unsaved), spent=self.book.unsaved)

    def kept(self) -> None:
        """The change is in the file."""
        self._unsaved.clear()
        self.book.kept()

    def stop(self) -> None:
        """The scale set is gone: nothing under way is ever answered."""
        self.is_gone = True
        self._ailments.stop()
        self._work.clear()
        self._held.clear()

    def _supersede(self, work: Work) -> None:
        name = work.order.instance_id
        instance = self.machines[name]
        self.machines.put_software(instance, moves.undone(instance, work.before.extensions))
        answer = InstanceAnswer(
            operation_id=work.order.operation_id,
            instance_id=name,
            failures=moves.all_failed(work.order, SUPERSEDED, "A newer order for the machine took its place."),
            probe=instance.probe,
        )
        self._keep(answer)
        self._ended.append(Ended(site=self, reply=work.reply, answer=answer))

    def _keep(self, answer: InstanceAnswer) -> None:
        self.machines.remember(answer)
        self._unsaved[answer.instance_id] = None

    def _return(self, instance_ids: Iterable[str]) -> None:
        self._resume([self._held.pop(name) for name in instance_ids if name in self._held])
