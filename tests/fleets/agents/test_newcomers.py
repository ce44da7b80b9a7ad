"""Of each host that is new whoever wants to hear of it hears once, and again where that was lost."""

import asyncio
from pathlib import Path

from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.peers import Peer
from tests.fleets.agents.world import put_packages, until, world
from tidegate.domain.refusal import JournalUnavailable
from tidegate.domain.resource_id import ScaleSetId


class Ears:
    """Hears of newcomers, unless it cannot just now."""

    def __init__(self) -> None:
        self.told: list[tuple[ScaleSetId, str]] = []
        self.is_deaf = False

    async def joined(self, scale_set_id: ScaleSetId, uid: str) -> None:
        if self.is_deaf:
            raise JournalUnavailable("the disk is full")
        self.told.append((scale_set_id, uid))


async def test_a_host_is_told_of_after_its_first_goal_state_and_once() -> None:
    ears = Ears()
    async with world(on_joined=ears.joined) as made:
        await put_packages(made.packages, ["2.0"])
        await made.fleet.place(scale_set(has_probe=False))
        peer = await made.add("a")
        await until(lambda: bool(ears.told))
        uid = made.desk.authenticate(peer.credential).uid
        await peer.stop()
        peer.start()
        await made.fleet.place(scale_set(has_probe=False, extensions={"Agent": "2.0", "Monitor": "1.0"}))
        await until(lambda: peer.reached == 2)
        assert ears.told == [(WEB, uid)]


async def test_a_host_that_has_not_worked_is_not_told_of() -> None:
    ears = Ears()
    async with world(on_joined=ears.joined) as made:
        await made.fleet.place(scale_set(has_probe=False))
        peer = await made.add("a")
        peer.may_work.clear()
        await until(lambda: bool(made.fleet.book.lines))
        assert ears.told == []
        peer.may_work.set()
        await until(lambda: bool(ears.told))


async def test_where_nobody_could_hear_it_is_told_again_with_the_next_line() -> None:
    ears = Ears()
    ears.is_deaf = True
    async with world(on_joined=ears.joined) as made:
        await made.fleet.place(scale_set(has_probe=False))
        peer = await made.add("a")
        await until(lambda: peer.reached == 1 and not peer.results)
        await peer.stop()
        ears.is_deaf = False
        peer.start()
        await until(lambda: len(ears.told) == 1)


async def test_a_server_that_went_down_before_it_was_told_tells_it_again_by_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    heard = asyncio.Event()

    async def hang(_: ScaleSetId, __: str) -> None:
        heard.set()
        await asyncio.Event().wait()

    async with world(file=file, on_joined=hang) as before:
        await before.fleet.place(scale_set(has_probe=False))
        peer = await before.add("a")
        uid = before.desk.authenticate(peer.credential).uid
        await heard.wait()
    ears = Ears()
    async with world(file=file, on_joined=ears.joined) as after:
        await after.fleet.place(scale_set(has_probe=False))
        again = Peer(after.desk, peer.credential)
        again.reached, again.installed = peer.reached, peer.installed
        again.start()
        await until(lambda: bool(ears.told))
        assert ears.told == [(WEB, uid)]
        await again.stop()
    async with world(file=file, on_joined=ears.joined) as last:
        await last.fleet.place(scale_set(has_probe=False))
        (card,) = last.fleet.book.cards
        assert card.is_announced, "it is kept that it was told"
