"""What only a store in memory promises: it keeps no more than it has room for."""

from __future__ import annotations

import errno

import pytest

from tests.packages.packing import WEB, offer, package, pieces
from tidegate.domain.host_refusal import PackageInvalid
from tidegate.packages.memory import MemoryPackageStore


async def test_what_does_not_fit_is_refused_as_a_full_disk_would() -> None:
    one, two = package("one"), package("two")
    store = MemoryPackageStore(room_bytes=len(one) + len(two) - 1)
    await store.add(offer(one), pieces(one))
    with pytest.raises(OSError, match="used up") as full:
        await store.add(offer(two, "1.1"), pieces(two))
    assert full.value.errno == errno.ENOSPC
    assert len(await store.packages(WEB)) == 1


async def test_what_was_refused_and_what_is_there_already_takes_no_room() -> None:
    one, two = package("one"), package("two")
    store = MemoryPackageStore(room_bytes=len(one) + len(two))
    await store.add(offer(one), pieces(one))
    for _ in range(5):
        await store.add(offer(one), pieces(one))
        await store.add(offer(one, "1.1"), pieces(one))
        with pytest.raises(PackageInvalid):
            await store.add(offer(two, "1.2", sha256="0" * 64), pieces(two))
    assert (await store.add(offer(two, "1.2"), pieces(two))).created
