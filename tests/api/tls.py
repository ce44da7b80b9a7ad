"""Servers and callers that speak TLS on loopback."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric import ec

from tests.trust.authorities import Hands, request_of
from tidegate.trust.authority import Authority
from tidegate.trust.certificates import key_text, new_key
from tidegate.trust.issued import Issued
from tidegate.trust.server_certificates import IssuedCertificates

NAMES = ("localhost", "127.0.0.1")


def certificates_of(authority: Authority, hands: Hands, names: Sequence[str] = NAMES) -> IssuedCertificates:
    """What a server shows that has this authority."""
    return IssuedCertificates(authority, names, hands)


def host_certificate(authority: Authority, uid: str = "4f2a") -> Issued:
    """A host's certificate together with the key that never leaves the host."""
    key: ec.EllipticCurvePrivateKey = new_key()
    issued = authority.issue_host(request_of(key), uid)
    return Issued(
        certificate_pem=issued.certificate_pem,
        key_pem=key_text(key),
        begins_at_ms=issued.begins_at_ms,
        expires_at_ms=issued.expires_at_ms,
    )


@asynccontextmanager
async def dialled(
    port: int, authority: Authority, shown: Issued | None, host: str = "127.0.0.1"
) -> AsyncIterator[grpc.aio.Channel]:
    """A connection of its own to the server, by somebody who trusts `authority` and shows `shown`."""
    credentials = grpc.ssl_channel_credentials(
        authority.certificate_pem.encode(),
        None if shown is None else shown.key_pem.encode(),
        None if shown is None else shown.certificate_pem.encode(),
    )
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"{host}:{port}", credentials, options) as channel:
        yield channel


async def asked(channel: grpc.aio.Channel, path: str, request: bytes = b"") -> grpc.StatusCode:
    """How a call to the method at `path` ends, whatever its shape: an empty message fits every method."""
    call: Any = channel.unary_unary(path)
    try:
        await call(request, timeout=5)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def folder_of(path: Path, name: str) -> Path:
    """A folder for an authority of that name."""
    return path / name
