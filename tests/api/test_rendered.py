"""What is rendered once serves everybody until something happens, and does not fill the memory."""

from tests.api.stories import ended, story
from tests.executor.world import World
from tidegate.api.present_upgrade import present_upgrade
from tidegate.api.rendered import RenderedUpgrades, render_event, render_keepalive, render_latest, render_snapshot
from tidegate.api.resume_token import ResumePoint, read_resume_token
from tidegate.executor.virtual_time import run_virtual
from tidegate.upgrade.state import Upgrade
from tidegate.v1 import rolling_upgrade_service_pb2 as pb


class Counted:
    """Renders and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, upgrade: Upgrade) -> bytes:
        self.count += 1
        return f"{upgrade.upgrade_id}/{upgrade.sequence}".encode()


def test_the_same_upgrade_is_rendered_once_until_something_happens() -> None:
    render = Counted()
    rendered = RenderedUpgrades(render, 1_000)
    first, second = (step.upgrade for step in story()[:2])
    assert rendered.of(first) is rendered.of(first)
    assert rendered.of(second) != rendered.of(first)
    assert render.count == 3


def test_two_upgrades_that_stand_at_the_same_number_are_told_apart() -> None:
    async def run() -> list[Upgrade]:
        async with World() as world:
            await world.put(capacity=1)
            upgrades = []
            for version in ("1.1", "1.2"):
                await world.publish(version)
                upgrades.append(await world.start())
                await world.ended()
            return upgrades

    first, second = run_virtual(run())
    rendered = RenderedUpgrades(Counted(), 1_000)
    assert first.sequence == second.sequence
    assert rendered.of(first) != rendered.of(second)


def test_what_was_rendered_longest_ago_goes_first_when_the_room_is_full() -> None:
    async def run() -> list[Upgrade]:
        async with World() as world:
            await world.publish("1.1")
            for name in ("a", "b", "c"):
                await world.put(name, capacity=1)
            return [await world.start(name) for name in ("a", "b", "c")]

    render = Counted()
    a, b, c = run_virtual(run())
    rendered = RenderedUpgrades(render, 2 * len(render(a)))
    render.count = 0
    for upgrade in (a, b, c, b, c):
        rendered.of(upgrade)
    assert render.count == 3
    rendered.of(a)
    assert render.count == 4


def test_what_is_larger_than_all_the_room_is_given_and_not_kept() -> None:
    render = Counted()
    rendered = RenderedUpgrades(render, 1)
    upgrade = ended()
    assert rendered.of(upgrade) == rendered.of(upgrade)
    assert render.count == 2


def test_the_latest_answer_is_the_upgrade() -> None:
    upgrade = ended()
    told = pb.GetLatestRollingUpgradeResponse.FromString(render_latest(upgrade))
    assert told.rolling_upgrade == present_upgrade(upgrade)


def test_an_event_is_the_same_answer_of_both_watches_and_has_its_own_token() -> None:
    for step in story():
        raw = render_event(step.upgrade, step.entry)
        one = pb.WatchRollingUpgradeResponse.FromString(raw)
        all_of_them = pb.WatchScaleSetUpgradesResponse.FromString(raw)
        assert (one.event, one.resume_token) == (all_of_them.event, all_of_them.resume_token)
        assert all_of_them.SerializeToString(deterministic=True) == one.SerializeToString(deterministic=True)
        point = read_resume_token(step.upgrade.scale_set, one.resume_token)
        assert point == ResumePoint(upgrade_id=step.upgrade.upgrade_id, sequence=step.entry.sequence)


def test_a_snapshot_is_the_same_answer_of_both_watches_and_goes_on_after_its_upgrade() -> None:
    upgrade = ended(capacity=3)
    raw = render_snapshot(upgrade)
    one = pb.WatchRollingUpgradeResponse.FromString(raw)
    assert pb.WatchScaleSetUpgradesResponse.FromString(raw).snapshot == one.snapshot
    assert len(one.snapshot.instances) == 3
    point = read_resume_token(upgrade.scale_set, one.resume_token)
    assert point == ResumePoint(upgrade_id=upgrade.upgrade_id, sequence=upgrade.sequence)


def test_a_sign_of_life_is_the_same_answer_of_both_watches() -> None:
    raw = render_keepalive("token")
    assert pb.WatchRollingUpgradeResponse.FromString(raw).HasField("keepalive")
    assert pb.WatchScaleSetUpgradesResponse.FromString(raw).resume_token == "token"
