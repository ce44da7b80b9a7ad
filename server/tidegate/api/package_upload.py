"""A package on its way up: a header that says what comes, then the bytes, in pieces.

Law: the header is read before a byte, and one piece at a time is held. Whatever a caller sends that is not the next
piece ends the upload; what he sends is never repeated to him.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from tidegate.api.fields import Fields
from tidegate.api.requests import Requests
from tidegate.domain.refusal import FieldViolation, MalformedRequest
from tidegate.packages.promise import Offer
from tidegate.packages.receiving import is_digest
from tidegate.v1 import extension_catalog_service_pb2 as pb

MOST_PIECE_BYTES = 1_048_576
"""What the contract allows in one message."""


async def read_offer(requests: Requests[pb.PublishExtensionPackageRequest]) -> Offer:
    """What the header, the first message of the upload, says.

    Raises:
        MalformedRequest: there is none, or fields of it are wrong.
        CallerSilent: none comes.
    """
    try:
        first = await anext(requests)
    except StopAsyncIteration:
        raise _wrong("header", "must come first; nothing came") from None
    if first.WhichOneof("message") != "header":
        raise _wrong("header", "must come first, before any data")
    header = first.header
    with Fields() as fields:
        extension_type = fields.extension_type("header.extension_type", header.extension_type)
        version = fields.version("header.version", header.version)
        if header.size_bytes < 1:
            fields.wrong("header.size_bytes", f"is {header.size_bytes}; write how many bytes will come")
        if header.sha256 and not is_digest(header.sha256):
            fields.wrong("header.sha256", "write 64 hexadecimal digits in lower case, or nothing")
    return Offer(extension_type=extension_type, version=version, size_bytes=header.size_bytes, sha256=header.sha256)


async def read_pieces(requests: Requests[pb.PublishExtensionPackageRequest]) -> AsyncGenerator[bytes, None]:
    """The bytes after the header, piece by piece.

    Raises:
        MalformedRequest: a message is no piece, or one that is empty or too large.
        CallerSilent: the next one does not come.
    """
    async for request in requests:
        if request.WhichOneof("message") != "data":
            raise _wrong("data", "must follow the header, and nothing else")
        if not 1 <= len(request.data) <= MOST_PIECE_BYTES:
            raise _wrong("data", f"has {len(request.data)} bytes; send 1 to {MOST_PIECE_BYTES} at once")
        yield request.data


def _wrong(field: str, description: str) -> MalformedRequest:
    return MalformedRequest([FieldViolation(field=field, description=description)])
