"""Packages on their way down, from a server that breaks off, lies and dawdles."""

import hashlib
import random
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agent.scripted_server import ScriptedServer, Served
from tidegate_agent.backoff import Backoff
from tidegate_agent.goal_state import PackageReference
from tidegate_agent.identity import Identity
from tidegate_agent.packages import DownloadSettings, PackageFetcher
from tidegate_agent.problems import PackageRefused, PackageUnavailable

CONTENT = random.Random(7).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKAGE = PackageReference(sha256=SHA256, size_bytes=len(CONTENT))


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as served:
        yield served


def fetcher(server: ScriptedServer, **bounds: float) -> PackageFetcher:
    identity = Identity(
        host="/ss/virtualMachines/0", server=server.address, credential="tgh1_x", thumbprint="AB", tls=None
    )
    return PackageFetcher(
        lambda: identity,
        settings=DownloadSettings(**bounds),  # type: ignore[arg-type] # some are whole numbers
        backoff=lambda: Backoff(first_seconds=0.0, most_seconds=0.0),
    )


def serve(server: ScriptedServer, *ends_after: int | None, content: bytes = CONTENT, stalls: bool = False) -> None:
    server.packages[SHA256] = Served(content=content, ends_after=deque(ends_after), stalls=stalls)


def offsets(server: ScriptedServer) -> list[int]:
    return [request.offset_bytes for request in server.asked]


def content(path: Path) -> bytes:
    return path.read_bytes()


def left(path: Path, found: bytes) -> Path:
    """The path, where something was left before."""
    path.write_bytes(found)
    return path


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_a_package_arrives_whole(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server)
    await fetcher(server).fetch(PACKAGE, tmp_path / "lib" / "Tests.Agent__1.0.zip")
    assert content(tmp_path / "lib" / "Tests.Agent__1.0.zip") == CONTENT
    assert files(tmp_path / "lib") == ["Tests.Agent__1.0.zip"]


async def test_what_is_there_already_is_not_fetched_again(server: ScriptedServer, tmp_path: Path) -> None:
    left(tmp_path / "p.zip", CONTENT)
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert server.asked == []


async def test_something_else_at_the_path_gives_way(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server)
    left(tmp_path / "p.zip", CONTENT[::-1])
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert content(tmp_path / "p.zip") == CONTENT


async def test_a_download_that_broke_off_goes_on_where_it_stopped(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server, 100_000, 0, 150_000)
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [0, 100_000, 100_000, 250_000]
    assert content(tmp_path / "p.zip") == CONTENT


async def test_the_next_process_goes_on_where_this_one_stopped(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server, 100_000)
    with pytest.raises(PackageUnavailable):
        await fetcher(server, attempts=1).fetch(PACKAGE, tmp_path / "p.zip")
    assert not (tmp_path / "p.zip").exists()
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [0, 100_000]


async def test_what_the_last_process_left_spoilt_is_fetched_anew(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server)
    left(tmp_path / f".{SHA256}.part", b"x" * 1_000)
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [1_000, 0]
    assert content(tmp_path / "p.zip") == CONTENT
    (tmp_path / "p.zip").unlink()
    left(tmp_path / f".{SHA256}.part", b"x" * 400_000)
    await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [1_000, 0, 0]


async def test_a_wrong_digest_is_refused_and_told(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server, content=CONTENT[::-1])
    with pytest.raises(PackageRefused, match="another SHA-256"):
        await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert files(tmp_path) == []
    assert len(server.asked) == 1


async def test_more_bytes_than_were_named_are_refused_before_they_are_written(
    server: ScriptedServer, tmp_path: Path
) -> None:
    serve(server, content=CONTENT + b"x")
    with pytest.raises(PackageRefused, match="more than the 300000 bytes that were named"):
        await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert files(tmp_path) == []


async def test_a_package_that_is_too_large_is_refused_before_it_is_asked_for(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with pytest.raises(PackageRefused, match="has 300000 bytes, more than the 1000 taken here"):
        await fetcher(server, most_bytes=1_000).fetch(PACKAGE, tmp_path / "p.zip")
    assert server.asked == []
    assert files(tmp_path) == []


async def test_a_package_that_the_server_has_not_is_not_asked_for_again(server: ScriptedServer, tmp_path: Path) -> None:
    with pytest.raises(PackageUnavailable, match="could not be fetched"):
        await fetcher(server).fetch(PACKAGE, tmp_path / "p.zip")
    assert len(server.asked) == 1


async def test_a_server_that_dawdles_is_left_and_asked_again(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server, 100_000, stalls=True)
    await fetcher(server, piece_seconds=0.3).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [0, 100_000]


async def test_a_package_that_ends_early_again_and_again_is_given_up(server: ScriptedServer, tmp_path: Path) -> None:
    serve(server, content=CONTENT[:1_000])
    with pytest.raises(PackageUnavailable, match="the package ended early"):
        await fetcher(server, attempts=3).fetch(PACKAGE, tmp_path / "p.zip")
    assert offsets(server) == [0, 1_000, 1_000]
