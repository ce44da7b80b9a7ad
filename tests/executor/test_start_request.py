"""A request, and whether it was made before."""

from dataclasses import replace

import pytest

from tests.executor.world import World, scale_set_id, virtual
from tidegate.domain.refusal import RequestIdReused
from tidegate.executor.start_request import StartRequest
from tidegate.upgrade.plan import Trigger, UpgradeKind

IMAGE = StartRequest(scale_set=scale_set_id("web"), kind=UpgradeKind.OS_IMAGE, request_id="r", image_version="2.0")


@virtual
async def test_the_same_words_are_the_same_request_and_others_are_not() -> None:
    async with World() as world:
        await world.put(image_version="1.0")
        upgrade = await world.conductor.start(IMAGE)
        IMAGE.check_same(upgrade)
        replace(IMAGE, image_version="").check_same(upgrade)
        for other in (
            replace(IMAGE, image_version="2.1"),
            replace(IMAGE, force=True),
            replace(IMAGE, kind=UpgradeKind.EXTENSION, image_version=""),
        ):
            with pytest.raises(RequestIdReused, match="'r' already started"):
                other.check_same(upgrade)


def test_a_request_is_manual_unless_it_says_otherwise() -> None:
    assert IMAGE.wish.trigger is Trigger.MANUAL
    assert IMAGE.wish.image_version == "2.0"
