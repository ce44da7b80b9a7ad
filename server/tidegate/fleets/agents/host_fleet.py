"""A fleet of hosts: real machines that joined, each of which an agent runs by the goal states it is sent.

Law: the instances of a scale set are the hosts that joined it; its capacity makes none and takes none away. An order is
in the store before its host hears of it, and its result is there before anybody hears of that. A host that cannot be
reached is waited for; for how long is the policy's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial

import structlog

from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import HealthObservation, ProbeState
from tidegate.domain.host import GoalState, GoalStateResult, HandlerReport, HostHello
from tidegate.domain.instance import Instance
from tidegate.domain.order import InstanceAnswer, InstanceOrder
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.fleets.agents.goal_making import GoalMaking, Published
from tidegate.fleets.agents.host_book import HostBook
from tidegate.fleets.agents.host_card import HostCard, Part
from tidegate.fleets.agents.host_store import HostStore
from tidegate.fleets.agents.keeping import CallLater
from tidegate.fleets.agents.limits import AgentLimits
from tidegate.fleets.agents.line import Line
from tidegate.fleets.agents.newcomers import Newcomers, OnJoined
from tidegate.fleets.agents.orders import Orders, carried_on
from tidegate.fleets.agents.probe_feed import Probes
from tidegate.fleets.agents.profile import Profile, read_profile
from tidegate.fleets.agents.profile_change import adopt
from tidegate.fleets.agents.promise import Welcome
from tidegate.fleets.agents.settings import ProtectedSettings, SettingsNumbers
from tidegate.fleets.agents.site import HostSite
from tidegate.fleets.moves import all_failed
from tidegate.fleets.promise import Reply
from tidegate.fleets.simulated import NO_SUCH_INSTANCE
from tidegate.packages.promise import PackageStore

log = structlog.stdlib.get_logger(__name__)


class AgentFleet:
    """Keeps the promise of `tidegate.fleets.promise.Fleet`; hosts come to it through `desk.Desk`."""

    def __init__(
        self,
        *,
        store: HostStore,
        packages: PackageStore,
        settings: ProtectedSettings,
        probes: Probes,
        now_ms: Callable[[], int],
        call_later: CallLater | None = None,
        limits: AgentLimits | None = None,
        on_joined: OnJoined | None = None,
        published: Published | None = None,
    ) -> None:
        """The hosts in `store` are there from the start, and the fleet closes it; packages and probes it does not.

        `on_joined` is awaited once for each host, after it has worked through its first goal state. `published` tells
        which versions hosts that are new may be given; without it, all that have packages.
        """
        later = _call_on_running_loop if call_later is None else call_later
        self.limits = AgentLimits() if limits is None else limits
        self._settings = settings
        self._numbers = SettingsNumbers(store.settings())
        self.making = GoalMaking(packages, settings, self._numbers, published)
        self.book = HostBook(store, probes, self.limits, now_ms, later)
        self._orders = Orders(self.book)
        self.newcomers = Newcomers(self.book, on_joined)

    async def place(self, scale_set: ScaleSet) -> None:
        """See the promise. Hosts are told of what changed in the profile; they keep the versions that they run."""
        site = self.book.site(scale_set.scale_set_id)
        profile = read_profile(scale_set, self._settings.digest)
        firsts = {key: await self.making.first_version(handler) for key, handler in profile.handlers.items()}
        # Nothing is waited for from here until all is noted: no host is told of new settings by the old profile.
        for changed in self._numbers.take_up(scale_set.scale_set_id.key, profile):
            self.book.keeping.note_settings(changed)
        if profile.circular and profile.digest != site.profile.digest:
            log.warning("extensions_wait_in_a_circle", scale_set=str(scale_set.scale_set_id), who=profile.circular)
        site.definition, site.profile = scale_set, profile
        for card in site:
            if adopt(card, profile, firsts):
                self.book.keeping.note(card, Part.WORK)
            self.book.probes.watch(card, scale_set.health_probe)
            self.book.refresh(card)
        await self.book.keeping.kept()
        self._wake(site)

    async def forget(self, scale_set: ScaleSetId) -> None:
        """See the promise. Its hosts' streams end, and what they show is worth nothing from now on."""
        self.book.forget_site(scale_set)
        await self.book.keeping.kept()

    async def instances(self, scale_set: ScaleSetId) -> tuple[Instance, ...]:
        """See the promise. The order is the natural one of the instance ids."""
        return self.book.placed(scale_set).instances()

    async def observe(self, scale_set: ScaleSetId) -> HealthObservation:
        """See the promise."""
        return self.book.placed(scale_set).observe()

    async def begin(self, orders: Sequence[InstanceOrder], reply: Reply) -> None:
        """See the promise. All of them are one transaction. An order for a host that is not there has failed at once.

        Raises:
            HostsNotKept: they cannot be kept just now; they may be given again.
        """
        for order in orders:
            card = self.book.find(order.scale_set, order.instance_id)
            if card is None or self.book.site(order.scale_set).definition is None:
                self.book.call_later(0.0, partial(self._answer_for_nobody, order, reply))
            else:
                self._orders.take(card, order, reply)
        await self.book.keeping.kept()

    def has(self, scale_set: ScaleSetId, instance_id: str) -> bool:
        """A host of the scale set is called so."""
        return self.book.find(scale_set, instance_id) is not None

    def numbers(self, scale_set: ScaleSetId) -> Collection[str]:
        """The instance ids of its hosts that are numbers, which simulated machines have too; usually none."""
        return self.book.site(scale_set).numbers

    async def close(self) -> None:
        """See the promise; closes the store too."""
        self.book.stop()
        await self.newcomers.close()
        await self.book.keeping.close()

    async def packages_changed(self, extension_type: ExtensionType) -> None:
        """Hosts that could be given no version of the type yet are given one, where there is one now.

        Raises:
            FleetUnavailable: that cannot be kept just now.
        """
        for site in self.book.sites:
            first = await self._first_version(site, extension_type.key) if _waiting(site, extension_type) else ""
            for card in _waiting(site, extension_type) if first else ():
                card.wanted[extension_type.key] = first
                card.goal_incarnation += 1
                self.book.keeping.note(card, Part.WORK)
        await self.book.kept()

    async def first_versions(self, scale_set: ScaleSetId) -> tuple[Profile, dict[str, str]]:
        """The profile as it is now, and the version that each of its handlers gets on a host that is new.

        Raises:
            ScaleSetNotFound: the fleet does not have the scale set.
        """
        while True:
            profile = self.book.placed(scale_set).profile
            firsts = {key: await self.making.first_version(handler) for key, handler in profile.handlers.items()}
            if self.book.placed(scale_set).profile is profile:
                return profile, firsts

    async def connect(self, card: HostCard, hello: HostHello) -> Line:
        """Take up what the host says of itself, and begin a line to it."""
        self._greet(card, hello)
        welcome = Welcome(
            heartbeat_seconds=self.limits.heartbeat_seconds,
            silence_seconds=self.limits.silence_seconds,
            at_ms=self.book.now_ms(),
        )
        line = Line(card, welcome, self, self._make_goal_state)
        self.book.put_line(card, line)
        self.newcomers.look_at(card)
        try:
            if card.kept_incarnation != card.goal_incarnation:
                await self.book.kept()
        except BaseException:
            # Nobody gets this line, and so nobody would close it.
            line.close()
            raise
        return line

    def heard(self, card: HostCard, at_ms: int | None) -> None:
        """The host is alive."""
        self.book.heard(card, at_ms)

    def reported(self, card: HostCard, handlers: Sequence[HandlerReport]) -> None:
        """The host's handlers stand so. What did not change costs nothing."""
        self.book.heard(card, None)
        if tuple(handlers) != card.handlers:
            card.handlers = tuple(handlers)
            self.book.keeping.note_report(card)
            self.book.refresh(card)

    async def finished(self, card: HostCard, result: GoalStateResult) -> None:
        """The host worked a goal state through; returns once that is kept.

        Raises:
            FleetUnavailable: it is not; the host is to repeat it.
        """
        self.book.heard(card, None)
        self._orders.finish(card, result)
        await self.book.kept()
        self.newcomers.look_at(card)

    def hung_up(self, card: HostCard, line: Line) -> None:
        """The line has ended."""
        self.book.drop_line(card, line)

    def dismiss(self, card: HostCard) -> None:
        """The host was let go: what it was at has failed, since nobody will ever answer for it; what it had ended is
        answered as it ended, though that may not be kept any more."""
        for reply, answer in card.answers:
            self.book.call_later(0.0, partial(self._answer, reply, answer))
        if card.under_way is not None and card.reply is not None:
            self.book.call_later(0.0, partial(self._answer_for_nobody, card.under_way.order, card.reply))

    async def _first_version(self, site: HostSite, key: str) -> str:
        """What a host that is new in the scale set gets of the handler as the profile has it when this returns."""
        while (handler := site.profile.handlers.get(key)) is not None:
            first = await self.making.first_version(handler)
            if site.profile.handlers.get(key) is handler:
                return first
        return ""

    def _greet(self, card: HostCard, hello: HostHello) -> None:
        said = (hello.agent_version, hello.platform, hello.probe_address)
        if said != (card.agent_version, card.platform, card.probe_address):
            card.agent_version, card.platform, card.probe_address = said
            self.book.keeping.note(card, Part.IDENTITY)
            definition = self.book.site(card.name.scale_set).definition
            self.book.probes.watch(card, None if definition is None else definition.health_probe)
        if hello.reached_incarnation > card.goal_incarnation:
            # It was told of goal states that nobody here remembers: it hears of none that it would take for an old one.
            card.goal_incarnation = hello.reached_incarnation + 1
            card.under_way = carried_on(card.under_way, card.goal_incarnation)
            self.book.keeping.note(card, Part.WORK)
        if hello.reached_incarnation != card.reached_incarnation or hello.handlers != card.handlers:
            card.reached_incarnation, card.handlers = hello.reached_incarnation, hello.handlers
            self.book.keeping.note_report(card)
        self.book.heard(card, hello.at_ms)
        self.book.refresh(card)

    async def _make_goal_state(self, card: HostCard) -> GoalState | None:
        site = self.book.site(card.name.scale_set)
        return None if site.definition is None else await self.making.goal_state(card, site.profile)

    def _wake(self, site: HostSite) -> None:
        for card in site:
            line = self.book.lines.get(card.uid)
            if line is not None:
                line.wake()

    def _answer_for_nobody(self, order: InstanceOrder, reply: Reply) -> None:
        failures = all_failed(order, NO_SUCH_INSTANCE, f"{order.scale_set} has no instance {order.instance_id}.")
        answer = InstanceAnswer(
            operation_id=order.operation_id,
            instance_id=order.instance_id,
            failures=failures,
            probe=ProbeState.UNKNOWN,
        )
        self._answer(reply, answer)

    def _answer(self, reply: Reply, answer: InstanceAnswer) -> None:
        if not self.book.is_closed:
            reply(answer)


def _waiting(site: HostSite, extension_type: ExtensionType) -> list[HostCard]:
    """The hosts that could be given no version of the type yet."""
    return [card for card in site if card.wanted.get(extension_type.key) == ""]


def _call_on_running_loop(delay_seconds: float, happen: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(delay_seconds, happen)
