"""Uploads of packages to a served server, by grpc's synchronous flavour.

Its asyncio flavour loses the reason of a refusal that arrives while it still writes, as early refusals do.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc

from tests.contracts.served import AGENT_TYPE, Refused, Served, told
from tidegate.v1 import extension_catalog_service_pb2 as pb
from tidegate.v1 import extension_catalog_service_pb2_grpc


def messages(
    content: bytes, version: str = "1.1", piece_bytes: int = 1_000, **header: Any
) -> Iterator[pb.PublishExtensionPackageRequest]:
    """What a publisher sends; `header` takes the place of what is true."""
    said: dict[str, Any] = {"extension_type": AGENT_TYPE, "version": version, "size_bytes": len(content)} | header
    yield pb.PublishExtensionPackageRequest(header=pb.PackageHeader(**said))
    for begin in range(0, len(content), piece_bytes):
        yield pb.PublishExtensionPackageRequest(data=content[begin : begin + piece_bytes])


async def upload(
    served: Served, sent: Iterator[pb.PublishExtensionPackageRequest]
) -> pb.PublishExtensionPackageResponse:
    """The answer; raises grpc.RpcError."""

    def send() -> pb.PublishExtensionPackageResponse:
        with grpc.insecure_channel(f"127.0.0.1:{served.port}") as channel:
            stub = extension_catalog_service_pb2_grpc.ExtensionCatalogServiceStub(channel)
            return stub.PublishExtensionPackage(sent, timeout=30)

    return await asyncio.to_thread(send)


async def refused_upload(served: Served, sent: Iterator[pb.PublishExtensionPackageRequest]) -> Refused:
    """How the upload is refused; one that is not fails the test."""
    try:
        await upload(served, sent)
    except grpc.RpcError as error:
        refusal: Any = error  # a call too, whatever the stubs say
        return told(refusal)
    raise AssertionError("it was taken")
