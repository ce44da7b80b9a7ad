"""A package on its way down to a host."""

from __future__ import annotations

import asyncio

import pytest

from tests.packages.packing import digest, offer, package, pieces
from tidegate.api.package_download import DOWNLOADS_OF_ONE_HOST, PackageDownload
from tidegate.domain.host_refusal import PackageNotFound
from tidegate.domain.refusal import MalformedRequest
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PIECE_BYTES
from tidegate.v1 import agent_service_pb2 as pb

CONTENT = package("large " * 60_000)


async def kept() -> MemoryPackageStore:
    store = MemoryPackageStore()
    await store.add(offer(CONTENT), pieces(CONTENT, size=100_000))
    return store


async def downloaded(download: PackageDownload, sha256: str, offset_bytes: int = 0, host: str = "a") -> list[bytes]:
    request = pb.DownloadExtensionPackageRequest(sha256=sha256, offset_bytes=offset_bytes)
    return [answer.data async for some in await download.download(request, host) for answer in some]


async def test_it_comes_in_pieces_from_any_byte_on() -> None:
    download = PackageDownload(await kept())
    came = await downloaded(download, digest(CONTENT))
    assert b"".join(came) == CONTENT
    assert max(map(len, came)) == PIECE_BYTES
    assert b"".join(await downloaded(download, digest(CONTENT), 300_000)) == CONTENT[300_000:]
    assert await downloaded(download, digest(CONTENT), len(CONTENT)) == []


async def test_what_is_not_there_is_not_found() -> None:
    for download in (PackageDownload(await kept()), PackageDownload(None)):
        with pytest.raises(PackageNotFound):
            await downloaded(download, "0" * 64)


async def test_a_wrong_question_is_refused_field_by_field() -> None:
    with pytest.raises(MalformedRequest) as error:
        await downloaded(PackageDownload(await kept()), "../../etc/passwd", -1)
    assert [wrong.field for wrong in error.value.violations] == ["sha256", "offset_bytes"]


async def test_who_comes_when_all_turns_are_taken_waits_for_one_that_ends() -> None:
    download = PackageDownload(await kept(), at_once=1)
    request = pb.DownloadExtensionPackageRequest(sha256=digest(CONTENT))
    first = await download.download(request, "b")
    await anext(first)
    second = asyncio.create_task(downloaded(download, digest(CONTENT)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    # The host hung up; what it had taken is free for the next.
    await first.aclose()
    assert b"".join(await asyncio.wait_for(second, 5)) == CONTENT


async def test_a_host_that_takes_nothing_keeps_no_turns_from_others() -> None:
    download = PackageDownload(await kept(), at_once=DOWNLOADS_OF_ONE_HOST + 1)
    request = pb.DownloadExtensionPackageRequest(sha256=digest(CONTENT))
    stuck = [await download.download(request, "a") for _ in range(2 * DOWNLOADS_OF_ONE_HOST)]
    began = [asyncio.ensure_future(anext(each)) for each in stuck]
    await asyncio.wait_for(asyncio.gather(*began[:DOWNLOADS_OF_ONE_HOST]), 5)
    assert b"".join(await asyncio.wait_for(downloaded(download, digest(CONTENT), host="b"), 5)) == CONTENT
    # Each that ends lets another of the same host begin.
    for each in stuck[:DOWNLOADS_OF_ONE_HOST]:
        await each.aclose()
    await asyncio.wait_for(asyncio.gather(*began), 5)
    for each in stuck:
        await each.aclose()
