"""Orders for hosts: how one becomes a goal state, and how a goal state's result becomes its answer.

Law: a host is at one order at a time; a newer one takes the place of the one under way, which then has failed. An
operation is carried out once and answered as often as it is given. Nothing is answered before its result is kept.
"""

from __future__ import annotations

import dataclasses

from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure, GoalStateResult
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceAnswer, InstanceOrder, Move, MoveFailure
from tidegate.fleets.agents.host_book import HostBook
from tidegate.fleets.agents.host_card import HostCard, Part, UnderWay
from tidegate.fleets.agents.host_state import code_text, read_version
from tidegate.fleets.agents.profile import Profile
from tidegate.fleets.moves import NOT_INSTALLED, all_failed
from tidegate.fleets.promise import Reply
from tidegate.fleets.site import SUPERSEDED

IMAGE_NOT_SUPPORTED = "ImageUpgradeNotSupported"
"""The failure's code of a move to another image: a host's operating system is its owner's."""
ANOTHER_VERSION = "AnotherVersion"
"""The failure's code where a host says that all went well, and reports that it runs another version."""


class Orders:
    """What the hosts of the book are at."""

    def __init__(self, book: HostBook) -> None:
        self._book = book

    def take(self, card: HostCard, order: InstanceOrder, reply: Reply) -> None:
        """Let the host begin, or answer again what it finished; what follows goes out once all of it is kept."""
        known = card.answer_of(order.operation_id)
        if known is not None:
            card.answers.append((reply, known))
            self._book.keeping.note(card, Part.NONE)
            return
        under_way = card.under_way
        if under_way is not None and under_way.order.operation_id == order.operation_id:
            card.reply = reply
            return
        profile = self._book.placed(card.name.scale_set).profile
        if under_way is not None:
            self._supersede(card, under_way, profile)
        self._begin(card, order, reply, profile)
        self._book.refresh(card)

    def finish(self, card: HostCard, result: GoalStateResult) -> None:
        """The host worked a goal state through. A result that comes again, or late, changes nothing but what is not
        known yet: one of an operation that nobody here knows of is remembered, should it be given again."""
        profile = self._book.site(card.name.scale_set).profile
        if result.incarnation >= card.reached_incarnation:
            self._take_over(card, result, profile)
        under_way, operation_id = card.under_way, result.operation_id
        is_its_end = (
            under_way is not None
            and under_way.order.operation_id == operation_id
            and result.incarnation >= under_way.incarnation
        )
        if under_way is not None and is_its_end:
            failures = (*under_way.refused, *_failed_moves(under_way, result, profile))
            card.under_way = None
            if result.incarnation < card.goal_incarnation:
                # A later goal state carried the order on. A host that had ended the order by then takes it for done,
                # and would not look at what else changed: it is told once more, without the order.
                card.goal_incarnation += 1
            self._book.probes.renew(card)
            self._book.refresh(card)
            reply, card.reply = card.reply, None
            self._book.answer(card, reply, _answer(card, operation_id, failures, self._probe(card)))
            return
        self._book.refresh(card)
        if operation_id and under_way is None and card.answer_of(operation_id) is None:
            told = tuple(map(_as_move_failure, result.failures))
            self._book.answer(card, None, _answer(card, operation_id, told, self._probe(card)))

    def _begin(self, card: HostCard, order: InstanceOrder, reply: Reply, profile: Profile) -> None:
        refused = tuple(failure for move in order.moves if (failure := _refusal(move, profile)) is not None)
        if len(refused) == len(order.moves):
            self._book.answer(card, reply, _answer(card, order.operation_id, refused, self._probe(card)))
            return
        for move in order.moves:
            key = profile.handler_of(move.extension_name) if isinstance(move, ExtensionMove) else None
            if key is not None:
                card.wanted[key] = str(move.version)
        card.goal_incarnation += 1
        card.under_way = UnderWay(order=order, incarnation=card.goal_incarnation, refused=refused)
        card.reply = reply
        self._book.keeping.note(card, Part.WORK)

    def _supersede(self, card: HostCard, under_way: UnderWay, profile: Profile) -> None:
        """What it was to move goes back to what last ran well, as far as the newer order does not say otherwise."""
        for move in under_way.order.moves:
            key = profile.handler_of(move.extension_name) if isinstance(move, ExtensionMove) else None
            if key is not None and key in card.ran_well:
                card.wanted[key] = card.ran_well[key]
        card.under_way = None
        card.goal_incarnation += 1
        reply, card.reply = card.reply, None
        failures = all_failed(under_way.order, SUPERSEDED, "A newer order for the host took its place.")
        self._book.answer(card, reply, _answer(card, under_way.order.operation_id, failures, self._probe(card)))

    def _take_over(self, card: HostCard, result: GoalStateResult, profile: Profile) -> None:
        """How the host stands after the goal state."""
        card.handlers = result.handlers
        card.reached_incarnation = result.incarnation
        card.failures = {failure.extension_name.lower(): failure for failure in result.failures}
        for report in result.handlers:
            handler = profile.handlers.get(report.extension_type.key)
            has_failed = handler is not None and any(each.name.lower() in card.failures for each in handler.extensions)
            if handler is not None and not has_failed and read_version(report.installed_version) is not None:
                card.ran_well[report.extension_type.key] = report.installed_version
        card.leaving = {
            key: leaving for key, leaving in card.leaving.items() if leaving.incarnation > result.incarnation
        }
        self._book.keeping.note(card, Part.WORK | Part.REPORT)

    def _probe(self, card: HostCard) -> ProbeState:
        return self._book.site(card.name.scale_set).instance(card).probe


def carried_on(under_way: UnderWay | None, incarnation: int) -> UnderWay | None:
    """The order under way, where a host begins to count its goal states anew from there."""
    return None if under_way is None else dataclasses.replace(under_way, incarnation=incarnation)


def _refusal(move: Move, profile: Profile) -> MoveFailure | None:
    match move:
        case ImageMove():
            message = "A host's operating system image cannot be moved from here."
            return MoveFailure(extension_name="", code=IMAGE_NOT_SUPPORTED, message=message)
        case ExtensionMove(extension_name=name):
            return _not_installed(name) if profile.handler_of(name) is None else None


def _not_installed(extension_name: str) -> MoveFailure:
    message = f"The scale set's profile has no extension {extension_name!r}."
    return MoveFailure(extension_name=extension_name, code=NOT_INSTALLED, message=message)


def _failed_moves(under_way: UnderWay, result: GoalStateResult, profile: Profile) -> list[MoveFailure]:
    """Of the moves that were not refused, those that the result does not bear out."""
    refused = {failure.extension_name.lower() for failure in under_way.refused}
    told = {failure.extension_name.lower(): failure for failure in result.failures}
    installed = {report.extension_type.key: report.installed_version for report in result.handlers}
    failed = []
    for move in under_way.order.moves:
        if not isinstance(move, ExtensionMove) or move.extension_name.lower() in refused:
            continue
        failure = told.get(move.extension_name.lower())
        key = profile.handler_of(move.extension_name)
        if failure is not None:
            failed.append(_as_move_failure(failure))
        elif key is None:
            failed.append(_not_installed(move.extension_name))
        elif read_version(installed.get(key, "")) != move.version:
            failed.append(_another_version(move, installed.get(key, "")))
    return failed


def _another_version(move: ExtensionMove, installed: str) -> MoveFailure:
    runs = f"version {installed}" if installed else "none"
    message = f"The host says that all went well, and that it runs {runs} of {move.extension_name}."
    return MoveFailure(extension_name=move.extension_name, code=ANOTHER_VERSION, message=message)


def _as_move_failure(failure: ExtensionFailure) -> MoveFailure:
    return MoveFailure(extension_name=failure.extension_name, code=code_text(failure.code), message=failure.message)


def _answer(card: HostCard, operation_id: str, failures: tuple[MoveFailure, ...], probe: ProbeState) -> InstanceAnswer:
    return InstanceAnswer(operation_id=operation_id, instance_id=card.instance_id, failures=failures, probe=probe)
