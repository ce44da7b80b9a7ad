"""The promise of a package store, kept by every store there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.packages.packing import WEB, digest, manifest, offer, package, pieces, zipped
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageConflict, PackageInvalid, PackageNotFound
from tidegate.domain.version import Version
from tidegate.packages.folder import FolderPackageStore
from tidegate.packages.memory import MemoryPackageStore
from tidegate.packages.promise import PIECE_BYTES, PackageStore

MOST_BYTES = 2_000_000


@pytest.fixture(params=["folder", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PackageStore]:
    """An empty store that takes packages of up to 2 MB."""
    opened: PackageStore
    if request.param == "memory":
        opened = MemoryPackageStore(most_bytes=MOST_BYTES)
    else:
        opened = await FolderPackageStore.open(tmp_path / "packages", most_bytes=MOST_BYTES)
    yield opened
    await opened.close()


async def content_of(store: PackageStore, sha256: str, offset_bytes: int = 0) -> bytes:
    return b"".join([piece async for piece in store.read(sha256, offset_bytes)])


async def refused(store: PackageStore, content: bytes, sha256: str = "") -> dict[str, str]:
    """What is wrong with which place of a package that must be refused; and nothing of it is kept."""
    with pytest.raises(PackageInvalid) as error:
        await store.add(offer(content, sha256=sha256), pieces(content))
    assert await store.packages(WEB) == []
    with pytest.raises(PackageNotFound):
        await content_of(store, digest(content))
    return {wrong.field: wrong.description for wrong in error.value.violations}


async def test_a_package_is_there_whole_under_its_digest(store: PackageStore) -> None:
    content = package("one")
    added = await store.add(offer(content), pieces(content))
    assert added.created
    assert added.package.sha256 == digest(content)
    assert added.package.size_bytes == len(content)
    assert not added.package.supports_multiple_extensions
    assert await store.package(WEB, Version("1.0")) == added.package
    assert await content_of(store, added.package.sha256) == content


async def test_it_is_found_by_its_number_and_without_regard_to_case(store: PackageStore) -> None:
    content = package()
    added = await store.add(offer(content, "1.0"), pieces(content))
    shouting = ExtensionType(publisher="CONTOSO.WEB", type="SERVER")
    assert await store.package(shouting, Version("1.0.0.0")) == added.package
    assert await store.package(WEB, Version("1.1")) is None
    assert await store.package(ExtensionType(publisher="Contoso", type="Web"), Version("1.0")) is None


async def test_the_manifest_says_whether_it_takes_several_extensions(store: PackageStore) -> None:
    content = package(supportsMultipleExtensions=True)
    assert (await store.add(offer(content), pieces(content))).package.supports_multiple_extensions


async def test_the_same_package_twice_changes_nothing(store: PackageStore) -> None:
    content = package()
    first = await store.add(offer(content), pieces(content))
    again = await store.add(offer(content, "1.0.0", sha256=digest(content)), pieces(content, size=7))
    assert (first.created, again.created) == (True, False)
    assert again.package == first.package
    assert len(await store.packages(WEB)) == 1


async def test_another_package_for_a_version_that_has_one_is_refused(store: PackageStore) -> None:
    first, second = package("one"), package("two")
    await store.add(offer(first), pieces(first))
    with pytest.raises(PackageConflict) as error:
        await store.add(offer(second), pieces(second))
    assert digest(first) in str(error.value)
    assert await content_of(store, digest(first)) == first
    with pytest.raises(PackageNotFound):
        await content_of(store, digest(second))


async def test_a_conflict_that_is_known_beforehand_is_told_before_a_byte_is_read(store: PackageStore) -> None:
    first, second = package("one"), package("two")
    await store.add(offer(first), pieces(first))
    taken = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in pieces(second):
            taken += 1
            yield piece

    with pytest.raises(PackageConflict):
        await store.add(offer(second, sha256=digest(second)), counted())
    assert taken == 0


async def test_two_versions_may_have_one_package(store: PackageStore) -> None:
    content = package()
    for version in ("1.10", "1.9"):
        assert (await store.add(offer(content, version), pieces(content))).created
    assert [str(each.version) for each in await store.packages(WEB)] == ["1.9", "1.10"]
    assert len({each.sha256 for each in await store.packages(WEB)}) == 1


async def test_two_who_publish_at_once_are_told_the_truth(store: PackageStore) -> None:
    content, other = package("one"), package("two")
    told = await asyncio.gather(
        *(store.add(offer(each), pieces(each)) for each in (content, content, other)), return_exceptions=True
    )
    kept = await store.package(WEB, Version("1.0"))
    assert kept is not None
    if kept.sha256 == digest(content):
        assert sorted(answer.created for answer in told if not isinstance(answer, BaseException)) == [False, True]
        assert isinstance(told[2], PackageConflict)
    else:
        assert [type(answer) for answer in told[:2]] == [PackageConflict, PackageConflict]
    assert len(await store.packages(WEB)) == 1


async def test_more_or_less_than_was_offered_is_refused(store: PackageStore) -> None:
    content = package()
    for size, what in ((len(content) - 1, "more came"), (len(content) + 1, f"only {len(content)} came")):
        lying = offer(content + b"x") if size > len(content) else offer(content[:-1])
        with pytest.raises(PackageInvalid) as error:
            await store.add(lying, pieces(content))
        assert what in error.value.violations[0].description
        assert error.value.violations[0].field == "size_bytes"
    assert await store.packages(WEB) == []


async def test_other_bytes_than_were_offered_are_refused(store: PackageStore) -> None:
    assert list(await refused(store, package(), sha256="0" * 64)) == ["sha256"]
    assert list(await refused(store, package(), sha256="short")) == ["sha256"]


async def test_a_package_that_is_too_large_is_refused_before_a_byte_is_read(store: PackageStore) -> None:
    with pytest.raises(PackageInvalid) as error:
        await store.add(offer(b"x" * (MOST_BYTES + 1)), pieces(b""))
    assert str(MOST_BYTES) in str(error.value)
    with pytest.raises(PackageInvalid):
        await store.add(offer(b""), pieces(b""))


async def test_a_package_that_no_host_can_use_is_refused_place_by_place(store: PackageStore) -> None:
    assert await refused(store, b"this is no zip")
    assert "HandlerManifest.json" in await refused(store, zipped({"bin/handler": "exit 0"}))
    wrong = await refused(store, package(enableCommand="", disableCommand=7))
    assert all(any(command in place for place in wrong) for command in ("enableCommand", "disableCommand")), wrong


async def test_a_name_of_which_no_folder_can_be_made_is_refused(store: PackageStore) -> None:
    content = package()
    dashed = ExtensionType(publisher="Contoso", type="Web-Server")
    with pytest.raises(PackageInvalid) as error:
        await store.add(offer(content, extension_type=dashed), pieces(content))
    assert error.value.violations[0].field == "extension_type"


async def test_what_is_odd_is_remarked_each_time(store: PackageStore) -> None:
    content = package(reportHeartbeat="yes")
    for _ in range(2):
        added = await store.add(offer(content), pieces(content))
        assert any("reportHeartbeat" in remark for remark in added.remarks)


async def test_an_upload_that_breaks_off_leaves_nothing(store: PackageStore) -> None:
    content = package()

    async def broken() -> AsyncIterator[bytes]:
        yield content[:100]
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await store.add(offer(content), broken())
    assert await store.packages(WEB) == []
    assert (await store.add(offer(content), pieces(content))).created


async def test_an_upload_that_is_given_up_leaves_nothing(store: PackageStore) -> None:
    content, reached = package(), asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield content[:100]
        reached.set()
        await asyncio.Event().wait()

    adding = asyncio.create_task(store.add(offer(content), stuck()))
    await asyncio.wait_for(reached.wait(), 5)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert await store.packages(WEB) == []
    assert (await store.add(offer(content), pieces(content))).created


async def test_reading_goes_on_from_any_byte_in_bounded_pieces(store: PackageStore) -> None:
    content = zipped(
        {"HandlerManifest.json": manifest(), "bin/handler": "#!/bin/sh\n", "data": bytes(range(256)) * 3_000}
    )
    sha256 = (await store.add(offer(content), pieces(content, size=50_000))).package.sha256
    read = [piece async for piece in store.read(sha256)]
    assert b"".join(read) == content
    assert max(map(len, read)) <= PIECE_BYTES
    for offset in (1, PIECE_BYTES - 1, PIECE_BYTES, len(content) - 1):
        assert await content_of(store, sha256, offset) == content[offset:]
    for beyond in (len(content), len(content) + 5, 2**63 - 1):
        assert await content_of(store, sha256, beyond) == b""


@pytest.mark.parametrize("sha256", ["0" * 64, "", "../packages/x", "incoming"])
async def test_what_was_never_added_is_not_found(store: PackageStore, sha256: str) -> None:
    with pytest.raises(PackageNotFound):
        await content_of(store, sha256)


async def test_many_read_at_once(store: PackageStore) -> None:
    content = package("much " * 20_000)
    sha256 = (await store.add(offer(content), pieces(content, size=10_000))).package.sha256
    assert set(await asyncio.gather(*(content_of(store, sha256) for _ in range(50)))) == {content}
