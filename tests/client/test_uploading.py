"""A file on its way to a server, with both clients."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from tests.client.scripted_server import ScriptedServer, refusal
from tests.client.test_client import GONE, QUICK
from tidegate.v1.extension_catalog_service_pb2 import PublishExtensionPackageResponse
from tidegate_client import AsyncClient, Client, Conflict, InvalidRequest, Unavailable
from tidegate_client.register_calls import publish_extension_package
from tidegate_client.uploading import LEAST_BYTES_PER_SECOND, PIECE_BYTES, Sending

METHOD = "PublishExtensionPackage"
CONTENT = bytes(range(256)) * 3_000
PUBLISHED = PublishExtensionPackageResponse(created=True)

Publish = Callable[..., PublishExtensionPackageResponse]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three pieces."""
    path = tmp_path / "handler.zip"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["sync", "async"])
def publish(request: pytest.FixtureRequest, scripted: ScriptedServer) -> Publish:
    """Publishes the file as P/T 1.1 at the scripted server."""

    def with_client(path: Path | str, **how: Any) -> PublishExtensionPackageResponse:
        if request.param == "sync":
            with Client(scripted.target, retry=QUICK) as client:
                return client.publish_extension_package(path, "P", "T", "1.1", **how)

        async def run() -> PublishExtensionPackageResponse:
            async with AsyncClient(scripted.target, retry=QUICK) as client:
                return await client.publish_extension_package(path, "P", "T", "1.1", **how)

        return asyncio.run(run())

    return with_client


def test_a_header_goes_first_and_then_the_file_piece_by_piece(
    scripted: ScriptedServer, publish: Publish, file: Path
) -> None:
    scripted.script(METHOD, PUBLISHED)
    told: list[tuple[int, int]] = []
    assert publish(file, on_progress=lambda done, size: told.append((done, size))) == PUBLISHED
    header, *pieces = scripted.asked[METHOD]
    assert (header.header.extension_type.publisher, header.header.extension_type.type) == ("P", "T")
    assert (header.header.version, header.header.size_bytes) == ("1.1", len(CONTENT))
    assert header.header.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert b"".join(piece.data for piece in pieces) == CONTENT
    assert max(len(piece.data) for piece in pieces) == PIECE_BYTES
    assert told == [(min(n * PIECE_BYTES, len(CONTENT)), len(CONTENT)) for n in range(4)]


def test_the_path_may_be_text(scripted: ScriptedServer, publish: Publish, file: Path) -> None:
    scripted.script(METHOD, PUBLISHED)
    assert publish(str(file)).created


def test_a_refusal_is_told_as_any_other(scripted: ScriptedServer, publish: Publish, file: Path) -> None:
    wrong = error_details_pb2.BadRequest(
        field_violations=[error_details_pb2.BadRequest.FieldViolation(field="HandlerManifest.json", description="gone")]
    )
    scripted.script(METHOD, refusal(grpc.StatusCode.INVALID_ARGUMENT, "PACKAGE_INVALID", wrong))
    with pytest.raises(InvalidRequest) as invalid:
        publish(file)
    assert (invalid.value.reason, invalid.value.violations[0].field) == ("PACKAGE_INVALID", "HandlerManifest.json")
    scripted.script(METHOD, refusal(grpc.StatusCode.ALREADY_EXISTS, "PACKAGE_CONFLICT"))
    with pytest.raises(Conflict):
        publish(file)


def test_a_refusal_in_the_middle_of_a_large_file_is_told_as_itself_every_time(
    scripted: ScriptedServer, publish: Publish, file: Path
) -> None:
    file.write_bytes(CONTENT * 20)
    for _ in range(10):
        scripted.script(METHOD, refusal(grpc.StatusCode.ALREADY_EXISTS, "PACKAGE_CONFLICT"))
        with pytest.raises(Conflict):
            publish(file)


async def test_who_gives_up_is_free_at_once(scripted: ScriptedServer, file: Path) -> None:
    may_go_on, began = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stuck(done: int, size: int) -> None:
        loop.call_soon_threadsafe(began.set)
        may_go_on.wait(10)

    scripted.script(METHOD, PUBLISHED)
    async with AsyncClient(scripted.target, retry=QUICK) as client:
        publishing = asyncio.create_task(client.publish_extension_package(file, "P", "T", "1.1", on_progress=stuck))
        await asyncio.wait_for(began.wait(), 10)
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(publishing, 5)
    may_go_on.set()


def test_it_is_not_sent_again_where_the_server_may_have_taken_it(
    scripted: ScriptedServer, publish: Publish, file: Path
) -> None:
    scripted.script(METHOD, GONE, PUBLISHED)
    with pytest.raises(Unavailable):
        publish(file)
    assert len(scripted.asked[METHOD]) == 1


def test_it_is_sent_again_where_the_server_said_that_it_did_nothing(
    scripted: ScriptedServer, publish: Publish, file: Path
) -> None:
    scripted.script(METHOD, refusal(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"), PUBLISHED)
    assert publish(file) == PUBLISHED
    assert b"".join(message.data for message in scripted.asked[METHOD]) == CONTENT


def test_a_file_that_cannot_be_read_is_told_as_that(scripted: ScriptedServer, publish: Publish, file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(file.with_name("other.zip"))

    def remove(done: int, size: int) -> None:
        file.unlink(missing_ok=True)

    scripted.script(METHOD, PUBLISHED)
    with pytest.raises(FileNotFoundError):
        publish(file, on_progress=remove)


def test_what_the_caller_s_own_call_back_raises_is_raised(
    scripted: ScriptedServer, publish: Publish, file: Path
) -> None:
    def fail(done: int, size: int) -> None:
        raise KeyError("a mistake")

    scripted.script(METHOD, PUBLISHED)
    with pytest.raises(KeyError, match="a mistake"):
        publish(file, on_progress=fail, timeout_seconds=5)


def test_a_large_file_is_given_more_time(file: Path) -> None:
    sending = Sending(publish_extension_package(file, "P", "T", "1.1"), None)
    assert sending.seconds(10) == 10 + len(CONTENT) / LEAST_BYTES_PER_SECOND
