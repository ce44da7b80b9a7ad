"""The prober in virtual time: who is asked when, how many at once, and what is told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import wraps
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.fleets.probing.scripted import Say, ScriptedAsker
from tidegate.domain.health import ProbeState
from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.domain.probe_address import ProbeAddressMalformed
from tidegate.executor.clock import LoopClock
from tidegate.executor.virtual_time import run_virtual
from tidegate.fleets.probing.asking import Answer, Question
from tidegate.fleets.probing.prober import Prober, ProbingLimits

EPOCH_MS = 1_760_000_000_000
TCP = ProbeDefinition(protocol=ProbeProtocol.TCP, port=80)
INITIALIZING, HEALTHY, UNHEALTHY = ProbeState.INITIALIZING, ProbeState.HEALTHY, ProbeState.UNHEALTHY


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test in virtual time."""

    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def story() -> None:
            await test(*arguments, **named)

        run_virtual(story())

    return run


def well(_question: Question, _number: int) -> Answer:
    return Answer.WELL


def scripted(answers: str) -> Say:
    """+ well, - unwell, 0 not asked; the last one for ever."""
    meanings = {"+": Answer.WELL, "-": Answer.UNWELL, "0": Answer.NOT_ASKED}
    return lambda _question, number: meanings[answers[min(number, len(answers) - 1)]]


@asynccontextmanager
async def probing(
    say: Say = well, *, answer_seconds: float = 0.0, most_at_once: int = 256
) -> AsyncIterator[tuple[Prober, ScriptedAsker]]:
    asker = ScriptedAsker(say, answer_seconds=answer_seconds)
    prober = Prober(asker=asker, now_ms=LoopClock(EPOCH_MS).now_ms, limits=ProbingLimits(most_at_once=most_at_once))
    try:
        yield prober, asker
    finally:
        await prober.close()
        assert asker.is_closed


def ignored(_state: ProbeState) -> None:
    """Nobody listens."""


@virtual
async def test_a_host_is_initializing_until_enough_answers_are_equal() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("+-++")) as (prober, asker):
        assert prober.watch("web/0", TCP, "web-0", told.append) is INITIALIZING
        await asyncio.sleep(3 * 15)
        assert (len(asker.asked), told, prober.state("web/0")) == (3, [], INITIALIZING)
        await asyncio.sleep(20)
    assert told == [HEALTHY]


@virtual
async def test_each_change_is_told_once() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("++++--+-++")) as (prober, _):
        prober.watch("web/0", TCP, "web-0", told.append)
        await asyncio.sleep(15 * 30)
        assert prober.state("web/0") is HEALTHY
    assert told == [HEALTHY, UNHEALTHY, HEALTHY]


@virtual
async def test_a_host_is_asked_once_in_each_interval() -> None:
    async with probing() as (prober, asker):
        prober.watch("web/0", TCP, "web-0", ignored)
        await asyncio.sleep(15 * 100)
        times = asker.times("web-0")
        assert 99 <= len(times) <= 101
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert all(13.4 < gap < 16.6 for gap in gaps)


@virtual
async def test_thousands_of_hosts_are_spread_evenly_and_never_burst() -> None:
    async with probing(answer_seconds=0.01) as (prober, asker):
        for number in range(5_000):
            prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
        await asyncio.sleep(60)
        by_second = Counter(int(at_seconds) for at_seconds, _ in asker.asked)
        assert all(0.7 < by_second[second] / (5_000 / 15) < 1.3 for second in range(1, 59))
        assert asker.most_at_once < 30
        assert prober.late_count == 0


@virtual
async def test_hosts_that_hang_hold_no_more_connections_than_allowed_and_none_is_left_out() -> None:
    async with probing(scripted("-"), answer_seconds=5.0, most_at_once=20) as (prober, asker):
        for number in range(200):
            prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
        with capture_logs() as logs:
            await asyncio.sleep(200)
        assert asker.most_at_once == 20
        counts = Counter(host for _, host in asker.asked)
        assert len(counts) == 200
        assert max(counts.values()) - min(counts.values()) <= 2, "each has its turn"
        assert prober.late_count > 400
        assert [(line["event"], line["watched"]) for line in logs] == [("probes_late", 200)], "told once"
        assert all(prober.state(f"web/{number}") is UNHEALTHY for number in range(200))


@virtual
async def test_hosts_catch_up_once_there_is_room_again() -> None:
    async with probing(answer_seconds=5.0, most_at_once=2) as (prober, asker):
        for number in range(20):
            prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
        await asyncio.sleep(60)
        asker.answer_seconds = 0.0
        await asyncio.sleep(60)
        late = prober.late_count
        await asyncio.sleep(150)
        assert prober.late_count == late
        recent = Counter(host for at_seconds, host in asker.asked if at_seconds >= 120)
        assert all(9 <= count <= 11 for count in recent.values())


@virtual
async def test_a_server_that_was_busy_for_a_while_asks_nobody_twice_and_spreads_them_again() -> None:
    async with probing(answer_seconds=0.01) as (prober, asker):
        for number in range(1_000):
            prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
        await asyncio.sleep(30)
        asyncio.get_running_loop().jump(40)  # type: ignore[attr-defined]  # the virtual loop's own
        before = len(asker.asked)
        await asyncio.sleep(1)
        assert len(asker.asked) - before <= 1_100, "all are due at once, and once only"
        assert asker.most_at_once <= 256
        await asyncio.sleep(15)
        begin = asyncio.get_running_loop().time()
        await asyncio.sleep(15)
        by_second = Counter(int(at - begin) for at, _ in asker.asked if at >= begin)
        assert all(30 < by_second[second] < 110 for second in range(15))


@virtual
async def test_what_this_server_could_not_ask_says_nothing_of_the_host() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("++0000-0-")) as (prober, _):
        prober.watch("web/0", TCP, "web-0", told.append)
        await asyncio.sleep(15 * 7)
        assert (told, prober.not_asked_count) == ([HEALTHY], 4)
        await asyncio.sleep(15 * 4)
    assert told == [HEALTHY, UNHEALTHY]


@virtual
async def test_nobody_hears_of_a_host_that_is_watched_no_more() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("++--"), answer_seconds=3.0) as (prober, asker):
        prober.watch("web/0", TCP, "web-0", told.append)
        await asker.is_asking.wait()
        prober.unwatch("web/0")
        prober.unwatch("web/0")
        await asyncio.sleep(0.1)
        assert asker.at_once == 0, "what was being asked is let go"
        await asyncio.sleep(100)
        assert (len(asker.asked), asker.at_once, told) == (1, 0, [])
        assert prober.state("web/0") is ProbeState.NONE


@virtual
async def test_watching_again_changes_only_who_hears() -> None:
    first: list[ProbeState] = []
    second: list[ProbeState] = []
    async with probing() as (prober, asker):
        prober.watch("web/0", TCP, "web-0", first.append)
        await asyncio.sleep(5)
        prober.watch("web/0", TCP, "web-0", second.append)
        await asyncio.sleep(27)
        assert (first, second) == ([], [HEALTHY])
        assert prober.watch("web/0", TCP, "web-0", second.append) is HEALTHY
        await asyncio.sleep(15 * 100 - 32)
        assert 99 <= len(asker.asked) <= 101


@virtual
async def test_another_pace_keeps_what_is_known() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("++-")) as (prober, _):
        prober.watch("web/0", TCP, "web-0", told.append)
        await asyncio.sleep(32)
        slower = replace(TCP, interval_seconds=60.0, threshold=3)
        assert prober.watch("web/0", slower, "web-0", told.append) is HEALTHY
        await asyncio.sleep(110)
        assert told == [HEALTHY]
        await asyncio.sleep(80)
    assert told == [HEALTHY, UNHEALTHY]


@pytest.mark.parametrize(
    ("definition", "address"),
    [
        (TCP, "web-1"),
        (TCP, "web-0:81"),
        (replace(TCP, port=81), "web-0"),
        (replace(TCP, protocol=ProbeProtocol.HTTP), "web-0"),
        (replace(TCP, request_path="/other"), "web-0"),
    ],
)
@virtual
async def test_another_question_begins_anew(definition: ProbeDefinition, address: str) -> None:
    async with probing() as (prober, _):
        prober.watch("web/0", TCP, "web-0", ignored)
        await asyncio.sleep(32)
        assert prober.state("web/0") is HEALTHY
        assert prober.watch("web/0", definition, address, ignored) is INITIALIZING


@virtual
async def test_an_address_that_is_none_is_refused_and_changes_nothing() -> None:
    async with probing() as (prober, asker):
        prober.watch("web/0", TCP, "web-0", ignored)
        with pytest.raises(ProbeAddressMalformed):
            prober.watch("web/0", TCP, "http://web-1/", ignored)
        await asyncio.sleep(32)
        assert prober.state("web/0") is HEALTHY
        assert {host for _, host in asker.asked} == {"web-0"}


@virtual
async def test_after_a_change_only_later_answers_count_and_come_soon() -> None:
    told: list[ProbeState] = []
    async with probing(scripted("++---")) as (prober, asker):
        prober.watch("web/0", TCP, "web-0", told.append)
        await asyncio.sleep(25)
        prober.renew("web/0")
        assert told == [HEALTHY, INITIALIZING]
        await asyncio.sleep(0.1)
        assert len(asker.asked) == 3, "asked at once"
        await asyncio.sleep(17)
    assert told == [HEALTHY, INITIALIZING, UNHEALTHY]


@virtual
async def test_an_answer_that_was_under_way_when_the_host_changed_does_not_count() -> None:
    told: list[ProbeState] = []
    say = scripted("++-")
    async with probing(say, answer_seconds=3.0) as (prober, asker):
        prober.watch("web/0", replace(TCP, threshold=1), "web-0", told.append)
        await asker.is_asking.wait()
        prober.renew("web/0")
        assert told == []
        await asyncio.sleep(2.9)
        assert (len(asker.asked), told) == (2, [])
        await asyncio.sleep(0.5)
        assert told == [HEALTHY]
        prober.renew("nobody")


@virtual
async def test_a_host_that_waits_for_its_turn_keeps_it_when_it_changes() -> None:
    async with probing(answer_seconds=5.0, most_at_once=1) as (prober, asker):
        for number in range(10):
            prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
        await asyncio.sleep(20)
        for number in range(10):
            prober.renew(f"web/{number}")
        await asyncio.sleep(300)
        assert asker.most_at_once == 1
        counts = Counter(host for _, host in asker.asked)
        assert len(counts) == 10
        assert max(counts.values()) - min(counts.values()) <= 2


@virtual
async def test_a_listener_may_stop_the_watch_it_hears_from() -> None:
    async with probing() as (prober, asker):
        prober.watch("web/0", TCP, "web-0", lambda _: prober.unwatch("web/0"))
        await asyncio.sleep(100)
        assert len(asker.asked) == 2


@virtual
async def test_coming_and_going_leaves_nothing_behind() -> None:
    async with probing() as (prober, _):
        for _turn in range(50):
            for number in range(100):
                prober.watch(f"web/{number}", TCP, f"web-{number}", ignored)
            for number in range(100):
                prober.unwatch(f"web/{number}")
        assert len(prober._calendar) <= 2


async def test_nobody_hears_anything_after_the_close() -> None:
    told: list[ProbeState] = []
    asker = ScriptedAsker(well, answer_seconds=60.0)
    prober = Prober(asker=asker, now_ms=LoopClock(EPOCH_MS).now_ms)
    prober.watch("web/0", TCP, "web-0", told.append)
    prober.renew("web/0")
    async with asyncio.timeout(5):
        await asker.is_asking.wait()
        await prober.close()
    assert (asker.at_once, asker.is_closed, told) == (0, True, [])
