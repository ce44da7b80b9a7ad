"""What only a store in a folder promises: whole packages over every restart and every crash."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.packages.adding_child import CONTENT
from tests.packages.packing import WEB, digest, offer, package, pieces
from tidegate.domain.host_refusal import PackageNotFound
from tidegate.domain.version import Version
from tidegate.packages.folder import FolderPackageStore
from tidegate.packages.records import PackageFolderUnusable

VERSION = Version("1.0")


def names(folder: Path) -> list[str]:
    """Every file in the folder and below."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def content_of(store: FolderPackageStore, sha256: str) -> bytes:
    return b"".join([piece async for piece in store.read(sha256)])


async def kept(folder: Path, *contents: bytes) -> FolderPackageStore:
    """A store over the folder in which these packages were added, as versions 1.0, 1.1 and so on."""
    store = await FolderPackageStore.open(folder)
    for number, content in enumerate(contents):
        await store.add(offer(content, f"1.{number}"), pieces(content))
    await store.close()
    return await FolderPackageStore.open(folder)


async def test_packages_are_there_after_a_restart(tmp_path: Path) -> None:
    one, two = package("one"), package("two", supportsMultipleExtensions=True)
    store = await kept(tmp_path, one, two, one)
    found = await store.packages(WEB)
    assert [(str(each.version), each.sha256) for each in found] == [
        ("1.0", digest(one)),
        ("1.1", digest(two)),
        ("1.2", digest(one)),
    ]
    assert [each.supports_multiple_extensions for each in found] == [False, True, False]
    assert await content_of(store, digest(one)) == one
    again = await store.add(offer(two, "1.1"), pieces(two))
    assert not again.created
    assert sorted(names(tmp_path)) == sorted(
        f"{digest(each)}.{kind}" for each in (one, two) for kind in ("json", "zip")
    )


def die_while_adding(folder: Path, moment: int) -> bool:
    """Let a process die right before its file operation of that number; False where it has not so many."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.packages.adding_child", str(folder), str(VERSION), str(moment)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.returncode in {0, -9}, process.stderr
    return process.returncode != 0


async def test_a_crash_at_any_moment_leaves_whole_packages_and_nothing_else(tmp_path: Path) -> None:
    moments = 0
    outcomes = set()
    while die_while_adding(folder := tmp_path / str(moments), moments + 1):
        moments += 1
        store = await FolderPackageStore.open(folder)
        package_of = await store.package(WEB, VERSION)
        outcomes.add(package_of is not None)
        if package_of is None:
            assert names(folder) == []
        else:
            assert await content_of(store, package_of.sha256) == CONTENT
        # Whatever is there, the publisher who got no answer tries again.
        added = await store.add(offer(CONTENT, str(VERSION)), pieces(CONTENT))
        assert added.created is (package_of is None)
        assert await content_of(await FolderPackageStore.open(folder), digest(CONTENT)) == CONTENT
    assert moments >= 6, "it died before the upload, in it, before each rename and after the last"
    assert outcomes == {True, False}


async def test_a_crash_does_no_harm_to_what_was_there(tmp_path: Path) -> None:
    one = package("one")
    await kept(tmp_path, one)
    for moment in (2, 4, 6):
        process = [sys.executable, "-m", "tests.packages.adding_child", str(tmp_path), "9.0", str(moment)]
        assert (await asyncio.to_thread(subprocess.run, process, timeout=30, check=False)).returncode == -9
        store = await FolderPackageStore.open(tmp_path)
        assert await content_of(store, digest(one)) == one
        assert await store.package(WEB, VERSION) is not None


async def test_only_so_many_uploads_go_on_at_once(tmp_path: Path) -> None:
    store = await FolderPackageStore.open(tmp_path, uploads_at_once=2)
    contents = [package(str(number)) for number in range(6)]
    under_way, most = 0, 0
    everybody_may = asyncio.Event()

    async def slow(content: bytes) -> AsyncIterator[bytes]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 2:
            everybody_may.set()
        await everybody_may.wait()
        async for piece in pieces(content):
            yield piece
        under_way -= 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(store.add(offer(each, f"1.{n}"), slow(each)) for n, each in enumerate(contents)))
    assert most == 2
    assert len(await store.packages(WEB)) == 6


@pytest.mark.parametrize("left", [None, b"", b"PK\x03\x04"])
async def test_a_package_whose_bytes_were_taken_away_is_lost_until_it_is_published_again(
    tmp_path: Path, left: bytes | None
) -> None:
    one, two = package("one"), package("two")
    store = await kept(tmp_path, one, two)
    path = tmp_path / f"{digest(one)}.zip"
    if left is None:
        path.unlink()
        with pytest.raises(PackageNotFound):
            await content_of(store, digest(one))
    else:
        path.write_bytes(left)
    store = await FolderPackageStore.open(tmp_path)
    assert [each.sha256 for each in store.lost] == [digest(one)]
    assert [each.sha256 for each in await store.packages(WEB)] == [digest(two)]
    assert (await store.add(offer(one), pieces(one))).created
    store = await FolderPackageStore.open(tmp_path)
    assert store.lost == ()
    assert await content_of(store, digest(one)) == one


async def test_a_record_that_cannot_be_read_is_told_and_never_guessed(tmp_path: Path) -> None:
    one = package("one")
    await kept(tmp_path, one)
    record = tmp_path / f"{digest(one)}.json"
    written = json.loads(record.read_text())
    for spoiled in ("", "[]", json.dumps(written | {"format": 2}), json.dumps(written | {"sha256": "0" * 64})):
        record.write_text(spoiled)
        with pytest.raises(PackageFolderUnusable, match=digest(one)):
            await FolderPackageStore.open(tmp_path)


async def test_a_folder_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PackageFolderUnusable, match="cannot be used"):
        await FolderPackageStore.open(tmp_path / "file" / "packages")


ON_A_FULL_DISK = """\
import asyncio, os, pathlib, resource, sys
from tests.packages.packing import offer, package, pieces
from tidegate.packages.folder import FolderPackageStore

async def main(folder, content, most):
    store = await FolderPackageStore.open(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        await store.add(offer(content), pieces(content))
    except OSError as full:
        print("refused", type(full).__name__, [path.name for path in folder.rglob("*") if path.is_file()])
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print((await store.add(offer(content), pieces(content))).created)

asyncio.run(main(pathlib.Path(sys.argv[1]), package(), int(sys.argv[2])))
"""


async def test_a_disk_that_takes_no_more_refuses_the_package_and_nothing_of_it_stays(tmp_path: Path) -> None:
    words = [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path), "150"]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.splitlines() == ["refused OSError []", "True"], done.stderr


async def test_the_folder_is_for_the_server_alone(tmp_path: Path) -> None:
    await kept(tmp_path / "new" / "packages", package())
    assert (tmp_path / "new" / "packages").stat().st_mode & 0o777 == 0o700
