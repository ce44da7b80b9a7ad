"""Handler packages, fetched from the server: what arrives at a path is whole and is what was named, or nothing is.

Law: no byte beyond the size that was named is written, every piece has a deadline, and a download that broke off goes
on where it stopped, in this process or the next one. A digest decides what it is, never a name.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import grpc
import structlog

from tidegate.v1.agent_service_pb2 import DownloadExtensionPackageRequest, DownloadExtensionPackageResponse
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.backoff import Backoff
from tidegate_agent.channel import bearer, open_channel, trust_of
from tidegate_agent.durable_file import sync_folder
from tidegate_agent.failed_call import problem_of
from tidegate_agent.goal_state import PackageReference
from tidegate_agent.identity import Identity
from tidegate_agent.problems import PackageRefused, PackageUnavailable, Problem, Unreachable

log = structlog.stdlib.get_logger(__name__)

Call = grpc.aio.UnaryStreamCall[DownloadExtensionPackageRequest, DownloadExtensionPackageResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """The bounds of a download."""

    most_bytes: int = 256 * 1024 * 1024
    """A larger package is refused before a byte of it is fetched."""
    piece_seconds: float = 30.0
    """How long the next piece may take."""
    attempts: int = 8
    """How many attempts in a row may fail; one that brought bytes counts as the first again."""


class PackageFetcher:
    """Fetches packages with the identity that the host has at that moment."""

    def __init__(
        self,
        identity: Callable[[], Identity],
        *,
        settings: DownloadSettings | None = None,
        backoff: Callable[[], Backoff] = lambda: Backoff(first_seconds=1.0, most_seconds=30.0),
    ) -> None:
        self._identity = identity
        self._settings = settings or DownloadSettings()
        self._backoff = backoff

    async def fetch(self, package: PackageReference, path: Path) -> None:
        """Writes the package to `path`; what is there already is kept where it is the package.

        Raises:
            PackageRefused: it is larger than this host takes or than was named, or its digest is another.
            PackageUnavailable: it could not be had whole, after several attempts.
            OSError: it cannot be written, on a full disk for one.
        """
        if package.size_bytes > self._settings.most_bytes:
            raise PackageRefused(
                package.sha256, f"has {package.size_bytes} bytes, more than the {self._settings.most_bytes} taken here"
            )
        if await asyncio.to_thread(_is_whole, path, package):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Named by its digest, so that no other package's bytes are ever taken for the beginning of this one.
        part = path.with_name(f".{package.sha256}.part")
        had_bytes = _size(part)
        await self._complete(package, part)
        if had_bytes and not await asyncio.to_thread(_is_whole, part, package):
            # What an earlier process left may be spoilt; what was fetched from the first byte on is the server's word.
            _drop(part)
            await self._complete(package, part)
        if not await asyncio.to_thread(_is_whole, part, package):
            _drop(part)
            raise PackageRefused(package.sha256, "arrived with another SHA-256 than was named")
        await asyncio.to_thread(_keep, part, path)
        log.info("package fetched", sha256=package.sha256, size_bytes=package.size_bytes)

    async def _complete(self, package: PackageReference, part: Path) -> None:
        """Fetches until the part has all its bytes."""
        if _size(part) > package.size_bytes:
            _drop(part)
        waits, failures = self._backoff(), 0
        while (before := _size(part)) < package.size_bytes:
            try:
                await self._go_on(package, part, before)
                continue
            except PackageRefused:
                _drop(part)
                raise
            except Problem as problem:
                has_progress = _size(part) > before
                failures = 1 if has_progress else failures + 1
                if not isinstance(problem, Unreachable) or failures >= self._settings.attempts:
                    raise PackageUnavailable(package.sha256, problem.message) from problem
                if has_progress:
                    waits.reset()
                wait_seconds = waits.next_seconds()
                log.warning(
                    "package broke off",
                    sha256=package.sha256,
                    at_bytes=_size(part),
                    size_bytes=package.size_bytes,
                    why=problem.message,
                    wait_seconds=round(wait_seconds, 2),
                )
            await asyncio.sleep(wait_seconds)

    async def _go_on(self, package: PackageReference, part: Path, offset_bytes: int) -> None:
        """One call: appends what comes, until all is there or the call breaks.

        Raises:
            Unreachable: it broke; what came before is kept.
            Refused: the server has no such package, or does not give it to this host.
            PackageRefused: more came than was named.
        """
        identity = self._identity()
        trust = trust_of(identity)
        channel = open_channel(identity.server, trust)
        try:
            call = AgentServiceStub(channel).DownloadExtensionPackage(
                DownloadExtensionPackageRequest(sha256=package.sha256, offset_bytes=offset_bytes),
                metadata=bearer(identity.credential),
            )
            with part.open("ab") as file:
                await self._append(call, file, package, offset_bytes)
        except grpc.aio.AioRpcError as error:
            raise problem_of(error, server=identity.server, trust=trust) from error
        except TimeoutError:
            why = f"no piece came for {self._settings.piece_seconds:g} seconds"
            raise Unreachable(identity.server, why, advice="It is tried again.") from None
        finally:
            await channel.close()
        if _size(part) < package.size_bytes:
            raise Unreachable(identity.server, "the package ended early", advice="It is tried again.")

    async def _append(self, call: Call, file: BinaryIO, package: PackageReference, offset_bytes: int) -> None:
        have_bytes = offset_bytes
        while True:
            async with asyncio.timeout(self._settings.piece_seconds):
                piece = await call.read()
            if not isinstance(piece, DownloadExtensionPackageResponse):
                return
            have_bytes += len(piece.data)
            if have_bytes > package.size_bytes:
                raise PackageRefused(package.sha256, f"has more than the {package.size_bytes} bytes that were named")
            file.write(piece.data)
            file.flush()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)


def _is_whole(path: Path, package: PackageReference) -> bool:
    if not path.exists() or _size(path) != package.size_bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256


def _keep(part: Path, path: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)
