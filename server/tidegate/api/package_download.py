"""A package on its way down to a host: its bytes from an offset on, in pieces.

Law: a download holds one piece, and only so many downloads go on at once, few of them one host's; who comes later waits
for a turn, and goes on where it stopped should its connection break.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from weakref import WeakValueDictionary

from tidegate.api.fields import Fields
from tidegate.domain.host_refusal import PackageNotFound
from tidegate.packages.promise import PackageStore
from tidegate.packages.receiving import is_digest
from tidegate.v1 import agent_service_pb2 as pb

DOWNLOADS_AT_ONCE = 64
"""Of a piece each, which gRPC may hold once more: 32 MiB at the most."""
DOWNLOADS_OF_ONE_HOST = 4
"""An agent needs one, and another where the server has not noticed yet that a connection broke. A host that takes no
answers keeps no more turns from all others."""


class PackageDownload:
    """Answers AgentService.DownloadExtensionPackage."""

    def __init__(self, packages: PackageStore | None, at_once: int = DOWNLOADS_AT_ONCE) -> None:
        """Without `packages` there is nothing to be found."""
        self._packages = packages
        self._turns = asyncio.Semaphore(at_once)
        self._turns_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """By host; there for as long as it downloads anything."""

    async def download(
        self, request: pb.DownloadExtensionPackageRequest, host_uid: str
    ) -> AsyncGenerator[Sequence[pb.DownloadExtensionPackageResponse], None]:
        """The pieces, for as long as the host takes them.

        Raises:
            MalformedRequest: a field is wrong.
            PackageNotFound: there is no such package; told when the first piece is asked for.
        """
        with Fields() as fields:
            if not is_digest(request.sha256):
                fields.wrong("sha256", "write 64 hexadecimal digits in lower case")
            if request.offset_bytes < 0:
                fields.wrong("offset_bytes", f"is {request.offset_bytes}; write 0 or more")
        if self._packages is None:
            raise PackageNotFound(request.sha256)
        return self._pieces(self._packages, request, host_uid)

    async def _pieces(
        self, packages: PackageStore, request: pb.DownloadExtensionPackageRequest, host_uid: str
    ) -> AsyncGenerator[Sequence[pb.DownloadExtensionPackageResponse], None]:
        turns_of_host = self._turns_of.setdefault(host_uid, asyncio.Semaphore(DOWNLOADS_OF_ONE_HOST))
        async with turns_of_host, self._turns:
            async for piece in packages.read(request.sha256, request.offset_bytes):
                yield (pb.DownloadExtensionPackageResponse(data=piece),)
