"""A package on its way up, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.executor.world import AGENT
from tidegate.api.package_upload import MOST_PIECE_BYTES, read_offer, read_pieces
from tidegate.api.requests import CallerSilent, Requests
from tidegate.domain.refusal import MalformedRequest
from tidegate.domain.version import Version
from tidegate.v1 import extension_catalog_service_pb2 as pb

TYPE = pb.ExtensionType(publisher=AGENT.publisher, type=AGENT.type)
SECRET = b"Tr0ub4dor&3"


def header(**how: object) -> pb.PublishExtensionPackageRequest:
    said: dict[str, object] = {"extension_type": TYPE, "version": "1.1", "size_bytes": 5} | how
    return pb.PublishExtensionPackageRequest(header=pb.PackageHeader(**said))  # type: ignore[arg-type]  # as given


def data(content: bytes) -> pb.PublishExtensionPackageRequest:
    return pb.PublishExtensionPackageRequest(data=content)


def sent(messages: Sequence[pb.PublishExtensionPackageRequest]) -> Requests[pb.PublishExtensionPackageRequest]:
    async def send() -> AsyncIterator[bytes]:
        for message in messages:
            yield message.SerializeToString()

    return Requests(send(), pb.PublishExtensionPackageRequest.FromString, 5.0)


async def read_all(requests: Requests[pb.PublishExtensionPackageRequest]) -> None:
    await read_offer(requests)
    async for _ in read_pieces(requests):
        pass


async def wrong(*messages: pb.PublishExtensionPackageRequest) -> list[str]:
    """The fields that are wrong, after the header or in it."""
    with pytest.raises(MalformedRequest) as error:
        await read_all(sent(messages))
    assert SECRET.decode() not in str(error.value)
    return [violation.field for violation in error.value.violations]


async def test_a_header_and_then_the_bytes() -> None:
    requests = sent([header(sha256="a" * 64), data(b"abc"), data(b"de")])
    offer = await read_offer(requests)
    assert (offer.extension_type, offer.version, offer.size_bytes) == (AGENT, Version("1.1"), 5)
    assert offer.sha256 == "a" * 64
    assert [piece async for piece in read_pieces(requests)] == [b"abc", b"de"]


async def test_the_header_comes_first_and_only_first() -> None:
    assert await wrong() == ["header"]
    assert await wrong(data(SECRET)) == ["header"]
    assert await wrong(pb.PublishExtensionPackageRequest()) == ["header"]
    assert await wrong(header(), data(b"ab"), header()) == ["data"]
    assert await wrong(header(), pb.PublishExtensionPackageRequest()) == ["data"]


async def test_every_wrong_field_of_the_header_is_named() -> None:
    assert await wrong(header(extension_type=pb.ExtensionType(), version="x", size_bytes=-1, sha256="A" * 64)) == [
        "header.extension_type.publisher",
        "header.extension_type.type",
        "header.version",
        "header.size_bytes",
        "header.sha256",
    ]


async def test_pieces_are_neither_empty_nor_too_large() -> None:
    assert await wrong(header(), data(b"")) == ["data"]
    assert await wrong(header(), data(SECRET * (MOST_PIECE_BYTES // len(SECRET) + 1))) == ["data"]
    requests = sent([header(), data(b"x" * MOST_PIECE_BYTES)])
    await read_offer(requests)
    assert [len(piece) async for piece in read_pieces(requests)] == [MOST_PIECE_BYTES]


async def test_who_stops_sending_is_let_go() -> None:
    never: Requests[pb.PublishExtensionPackageRequest]

    async def send() -> AsyncIterator[bytes]:
        yield header().SerializeToString()
        await asyncio.Event().wait()

    never = Requests(send(), pb.PublishExtensionPackageRequest.FromString, 0.05)
    await read_offer(never)
    with pytest.raises(CallerSilent):
        await anext(read_pieces(never))
