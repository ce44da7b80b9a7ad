"""All hosts: found by their names and by what they show, silent or heard of, and gone where they are gone."""

import asyncio

import pytest

from tests.domain.examples import WEB, scale_set
from tests.executor.world import virtual
from tests.fleets.agents.cards import card, report, status
from tests.fleets.agents.world import World, until, world
from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import ProbeState
from tidegate.domain.host import Substatus
from tidegate.domain.host_refusal import NotAuthenticated
from tidegate.domain.order import InstanceAnswer
from tidegate.domain.refusal import FleetUnavailable, ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.agents.host_book import HostBook, gone
from tidegate.fleets.agents.host_card import HostCard, Part, Presence
from tidegate.fleets.agents.host_store import HostStore
from tidegate.fleets.agents.limits import AgentLimits

API = ScaleSetId(subscription="sub", resource_group="fleet", name="api")


def probe(book: HostBook, host: HostCard) -> ProbeState:
    return book.site(WEB).instance(host).probe


async def test_hosts_are_found_by_uid_and_by_name() -> None:
    async with world() as made:
        book = made.fleet.book
        host = card("a")
        book.add(host)
        assert book.card_of("uid-a") is host
        assert book.find(WEB, "A") is host
        assert book.find(API, "a") is None
        assert book.cards == (host,)
        assert [site.scale_set_id for site in book.sites] == [WEB]


async def test_a_scale_set_counts_as_placed_once_the_fleet_was_told_of_it() -> None:
    async with world() as made:
        book = made.fleet.book
        book.add(card("a"))
        with pytest.raises(ScaleSetNotFound):
            book.placed(WEB)
        await made.fleet.place(scale_set())
        assert book.placed(WEB).card("a") is not None


async def test_a_host_is_awaited_then_here_then_silent_and_back_again() -> None:
    @virtual
    async def story() -> None:
        made = World(limits=AgentLimits(silence_seconds=60.0))
        book = made.fleet.book
        host = card("a")
        book.add(host)
        assert probe(book, host) is ProbeState.INITIALIZING
        book.heard(host, None)
        assert probe(book, host) is ProbeState.NONE
        await asyncio.sleep(61)
        assert host.presence is Presence.SILENT
        assert probe(book, host) is ProbeState.UNKNOWN
        assert book.site(WEB).observe().probe_unhealthy == {"a"}
        assert not book.site(WEB).instance(host).is_reachable
        book.heard(host, None)
        assert probe(book, host) is ProbeState.NONE
        await made.close()

    await asyncio.to_thread(story)


async def test_a_host_that_never_comes_is_silent_in_the_end() -> None:
    @virtual
    async def story() -> None:
        made = World(limits=AgentLimits(silence_seconds=60.0))
        made.fleet.book.add(card("a"))
        await asyncio.sleep(61)
        assert made.fleet.book.site(WEB).observe().probe_unhealthy == {"a"}
        await made.close()

    await asyncio.to_thread(story)


async def test_how_far_a_clock_is_off_is_known() -> None:
    async with world() as made:
        host = card("a")
        made.fleet.book.add(host)
        made.fleet.book.heard(host, made.clock.now_ms() + 86_400_000)
        assert host.clock_skew_ms is not None
        assert abs(host.clock_skew_ms - 86_400_000) < 1_000
        made.fleet.book.heard(host, None)
        assert host.clock_skew_ms > 0, "what it said last stays"


async def test_application_health_and_probe_make_one_state() -> None:
    health = ExtensionType(publisher="Microsoft.ManagedServices", type="ApplicationHealthLinux")
    async with world() as made:
        book = made.fleet.book
        host = card("a")
        book.add(host)
        book.heard(host, None)
        for message, state in (("Unhealthy", ProbeState.UNHEALTHY), ("Healthy", ProbeState.HEALTHY)):
            part = Substatus(name="ApplicationHealthState", status="success", message=message)
            host.handlers = (report(of=health, extensions=[status("AppHealth", parts=[part])]),)
            book.refresh(host)
            assert probe(book, host) is state


async def test_a_host_that_is_gone_is_nobody() -> None:
    async with world() as made:
        await made.fleet.place(scale_set(has_probe=False))
        peer = await made.add("a")
        await until(lambda: bool(made.fleet.book.lines))
        (host,) = made.fleet.book.cards
        made.fleet.book.drop(host, gone("It was let go."))
        assert isinstance(await peer.ended(), NotAuthenticated)
        assert made.fleet.book.cards == ()
        assert not made.fleet.book.lines


async def test_a_forgotten_scale_set_takes_its_hosts_and_tokens_with_it() -> None:
    async with world() as made:
        for each in (WEB, API):
            await made.fleet.place(scale_set(has_probe=False, scale_set_id=each))
            await made.desk.create_token(each, "", 60.0)
        await made.add("a")
        await made.add("a", scale_set=API)
        made.fleet.book.forget_site(WEB)
        made.fleet.book.forget_site(WEB)
        assert [host.name.scale_set for host in made.fleet.book.cards] == [API]
        assert {token.scale_set for token in made.fleet.book.tokens.values()} == {str(API)}


async def test_a_full_disk_is_told_at_the_door_as_unavailable() -> None:
    async with world() as made:
        connection = made.store._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(100):
            made.fleet.book.keeping.note(card(f"host-{number}"), Part.ALL)
        with pytest.raises(FleetUnavailable, match="full"):
            await made.fleet.book.kept()


async def test_everything_in_the_store_is_there_from_the_start() -> None:
    store = HostStore()
    async with world() as made:
        book = HostBook(store, made.prober, AgentLimits(), made.clock.now_ms, lambda *_: None)
        assert (book.cards, book.tokens, book.lines) == ((), {}, {})
    store.close()


async def test_after_stopping_nobody_hears_of_anything() -> None:
    async with world() as made:
        heard: list[InstanceAnswer] = []
        answer = InstanceAnswer(operation_id="op", instance_id="a", failures=(), probe=ProbeState.NONE)
        host = card("a")
        made.fleet.book.add(host)
        made.fleet.book.answer(host, heard.append, answer)
        made.fleet.book.stop()
        await made.fleet.book.kept()
        assert host.finished == (answer,), "it is kept all the same"
        assert heard == []
