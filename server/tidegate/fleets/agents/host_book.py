"""All hosts of this server: found by what they are called and by what they show, each with its line, kept and timed.

Law: whoever changes a card notes it here and refreshes it; what follows, answers and goal states, goes out when the
store has the change and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from tidegate.domain.application_health import application_health, health_of
from tidegate.domain.health import ProbeState
from tidegate.domain.host_refusal import NotAuthenticated, StreamReplaced
from tidegate.domain.order import InstanceAnswer
from tidegate.domain.refusal import FleetUnavailable, Refusal, ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.agents.host_card import HostCard, Part, Presence
from tidegate.fleets.agents.host_store import HostsNotKept, HostStore, KeptToken
from tidegate.fleets.agents.keeping import CallLater, Keeping, Kept
from tidegate.fleets.agents.limits import AgentLimits
from tidegate.fleets.agents.line import Line
from tidegate.fleets.agents.probe_feed import ProbeFeed, Probes
from tidegate.fleets.agents.silence import Silence
from tidegate.fleets.agents.site import HostSite
from tidegate.fleets.promise import Reply

log = structlog.stdlib.get_logger(__name__)


class HostBook:
    """The cards of all hosts, and everything that goes by them."""

    def __init__(
        self, store: HostStore, probes: Probes, limits: AgentLimits, now_ms: Callable[[], int], call_later: CallLater
    ) -> None:
        """All hosts in the store are there from the start, and awaited."""
        self.now_ms = now_ms
        self.call_later = call_later
        self.keeping = Keeping(store, call_later, self._kept)
        self.probes = ProbeFeed(probes, self.refresh)
        self.tokens: dict[str, KeptToken] = {token.id: token for token in store.tokens()}
        self.lines: dict[str, Line] = {}
        self.is_closed = False
        self._silence: Silence[HostCard] = Silence(limits.silence_seconds, now_ms, call_later, self._fell_silent)
        self._cards: dict[str, HostCard] = {}
        self._sites: dict[str, HostSite] = {}
        for card in store.hosts():
            self.add(card)

    @property
    def cards(self) -> Sequence[HostCard]:
        """All hosts, in no order."""
        return tuple(self._cards.values())

    @property
    def sites(self) -> Sequence[HostSite]:
        """All scale sets of which something is known."""
        return tuple(self._sites.values())

    def card_of(self, uid: str) -> HostCard | None:
        """The host whose uid that is."""
        return self._cards.get(uid)

    def site(self, scale_set: ScaleSetId) -> HostSite:
        """The hosts of the scale set, made where there is nothing of it yet."""
        site = self._sites.get(scale_set.key)
        if site is None:
            site = self._sites[scale_set.key] = HostSite(scale_set)
        return site

    def placed(self, scale_set: ScaleSetId) -> HostSite:
        """The hosts of a scale set that the fleet was told of, or raises ScaleSetNotFound."""
        site = self._sites.get(scale_set.key)
        if site is None or site.definition is None:
            raise ScaleSetNotFound(str(scale_set))
        return site

    def find(self, scale_set: ScaleSetId, instance_id: str) -> HostCard | None:
        """The host of that instance id in a scale set, where there is one."""
        site = self._sites.get(scale_set.key)
        return None if site is None else site.card(instance_id)

    def add(self, card: HostCard) -> None:
        """A host that is new, or was read from the store. It is awaited, for as long as hosts may be silent."""
        self._cards[card.uid] = card
        self.site(card.name.scale_set).add(card)
        self._silence.heard(card)
        self.refresh(card)

    def drop(self, card: HostCard, because: Refusal) -> None:
        """The host is none any more: its line ends, and what it shows is worth nothing."""
        del self._cards[card.uid]
        self.site(card.name.scale_set).drop(card)
        self._silence.forget(card)
        self.probes.unwatch(card)
        card.answers.clear()
        card.reply = None
        self.keeping.note_gone(card)
        line = self.lines.pop(card.uid, None)
        if line is not None:
            line.end(because)

    def forget_site(self, scale_set: ScaleSetId) -> None:
        """The scale set is gone, with its hosts and the tokens for it."""
        site = self._sites.get(scale_set.key)
        if site is None:
            return
        for card in tuple(site):
            self.drop(card, gone(f"The scale set of the host {card.instance_id} is gone."))
        del self._sites[scale_set.key]
        spent = [token.id for token in self.tokens.values() if token.scale_set.lower() == scale_set.key]
        for token_id in spent:
            del self.tokens[token_id]
        self.keeping.note_spent(spent)

    def put_line(self, card: HostCard, line: Line) -> None:
        """The host speaks through this line now; the one it had before has been replaced."""
        before = self.lines.get(card.uid)
        self.lines[card.uid] = line
        if before is not None:
            log.info("host_line_replaced", host=str(card.name))
            before.end(StreamReplaced(str(card.name)))

    def drop_line(self, card: HostCard, line: Line) -> None:
        """The line is closed; a later one of the host stays."""
        if self.lines.get(card.uid) is line:
            del self.lines[card.uid]

    def refresh(self, card: HostCard) -> None:
        """Something of the host has changed: how it stands as an instance."""
        site = self.site(card.name.scale_set)
        site.refresh(card, self._health(card, site))

    def heard(self, card: HostCard, at_ms: int | None) -> None:
        """The host is alive; `at_ms` is what its own clock says, where it said."""
        now_ms = self.now_ms()
        card.last_heard_at_ms = now_ms
        if at_ms is not None:
            card.clock_skew_ms = at_ms - now_ms
        self._silence.heard(card)
        if card.presence is not Presence.HERE:
            if card.presence is Presence.SILENT:
                log.info("host_is_back", host=str(card.name))
            card.presence = Presence.HERE
            self.refresh(card)

    def answer(self, card: HostCard, reply: Reply | None, answer: InstanceAnswer) -> None:
        """Remember the answer, and give it once it is kept."""
        card.remember(answer)
        if reply is not None:
            card.answers.append((reply, answer))
        self.keeping.note(card, Part.WORK)

    async def kept(self) -> None:
        """As `keeping.kept`, for callers who come to the door.

        Raises:
            FleetUnavailable: what was noted is not in the store; it is tried again.
        """
        try:
            await self.keeping.kept()
        except HostsNotKept as broken:
            raise FleetUnavailable("keep the hosts", str(broken)) from broken

    def stop(self) -> None:
        """Nobody hears of anything any more."""
        self.is_closed = True
        self._silence.stop()
        for card in self._cards.values():
            self.probes.unwatch(card)

    def _health(self, card: HostCard, site: HostSite) -> ProbeState:
        """What all that is known of the host's health makes together."""
        is_expected = site.definition is not None and site.definition.has_application_health_extension
        return health_of(
            load_balancer=self.probes.state(card),
            application=application_health(card.handlers, is_expected=is_expected),
            is_silent=card.presence is Presence.SILENT,
            is_awaited=card.presence is Presence.AWAITED,
        )

    def _fell_silent(self, card: HostCard) -> None:
        card.presence = Presence.SILENT
        log.info("host_is_silent", host=str(card.name), is_connected=card.uid in self.lines)
        self.refresh(card)

    def _kept(self, kept: Sequence[Kept]) -> None:
        """The store has these: what waited for that goes out."""
        for each in () if self.is_closed else kept:
            card = each.card
            card.kept_incarnation = max(card.kept_incarnation, each.goal_incarnation)
            answers, card.answers[: each.answer_count] = card.answers[: each.answer_count], []
            for reply, answer in answers:
                reply(answer)
            line = self.lines.get(card.uid)
            if line is not None:
                line.wake()


def gone(why: str) -> NotAuthenticated:
    """What a host is told that is none any more."""
    return NotAuthenticated(why, "Let it join again with a new token: tidegate host token.")
