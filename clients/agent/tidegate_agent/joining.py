"""Joining: a one-time token becomes a host with a credential of its own and, over TLS, a certificate.

Law: nothing is kept of an attempt that was refused but the settings key, by which a server that had answered already
knows the host again when an answer was lost.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import grpc
import structlog

from tidegate.v1 import agent_service_pb2
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.backoff import Backoff
from tidegate_agent.channel import open_channel, trust_of
from tidegate_agent.failed_call import problem_of
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.join_token import JoinToken
from tidegate_agent.keys import KeyPair, make_certificate_request
from tidegate_agent.problems import AlreadyJoined, Refused, Unreachable

log = structlog.stdlib.get_logger(__name__)

_CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDescription:
    """How a host describes itself when it joins. Bounds: agent_service.proto, JoinHostRequest."""

    instance_id: str
    zone: str = ""
    fault_domain: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    probe_address: str = ""


def agent_version() -> str:
    """The version of this agent."""
    try:
        return version("tidegate")
    except PackageNotFoundError:
        return "unknown"


def platform_text() -> str:
    """What the host runs on, such as `linux x86_64`."""
    return f"{platform.system().lower()} {platform.machine()}"


async def join(
    folder: IdentityFolder,
    *,
    server: str,
    token: JoinToken,
    description: HostDescription,
    patience_seconds: float = 60.0,
    backoff: Backoff | None = None,
) -> Identity:
    """Joins, and keeps who this host is from then on. Where no server answers it tries again for `patience_seconds`.

    Raises:
        AlreadyJoined: the root belongs to a host.
        AddressMalformed, PlaintextRefused: the server cannot be spoken to like that.
        Unreachable: no server answered in time.
        Refused: the server refused the token or the description.
    """
    if folder.has_joined:
        raise AlreadyJoined(folder.load().host)
    settings = await asyncio.to_thread(folder.settings_pair)
    pair = make_certificate_request(description.instance_id) if token.tls is not None else None
    answer = await _answer(server, token, _request(token, description, settings, pair), patience_seconds, backoff)
    authority = token.tls.authority_certificate if token.tls is not None else ""
    if pair is not None and not answer.certificate:
        raise Refused("The server let the host join, but gave it no certificate.", advice="See what its log says.")
    identity = folder.keep_joined(
        host=answer.host,
        server=server,
        credential=answer.credential,
        authority_certificate=authority,
        pair=None if pair is None else KeyPair(certificate=answer.certificate, key=pair.key),
        probe_address=description.probe_address,
    )
    log.info("joined", host=identity.host, server=server, tls=identity.tls is not None)
    return identity


def _request(
    token: JoinToken, description: HostDescription, settings: KeyPair, pair: KeyPair | None
) -> agent_service_pb2.JoinHostRequest:
    return agent_service_pb2.JoinHostRequest(
        token=token.spoken,
        instance_id=description.instance_id,
        zone=description.zone,
        fault_domain=description.fault_domain,
        labels=description.labels,
        probe_address=description.probe_address,
        agent_version=agent_version(),
        platform=platform_text(),
        settings_certificate=settings.certificate,
        certificate_request="" if pair is None else pair.certificate,
    )


async def _answer(
    server: str,
    token: JoinToken,
    request: agent_service_pb2.JoinHostRequest,
    patience_seconds: float,
    backoff: Backoff | None,
) -> agent_service_pb2.JoinHostResponse:
    waits = backoff or Backoff(first_seconds=1.0, most_seconds=10.0)
    until = time.monotonic() + patience_seconds
    trust = trust_of(token.tls)
    while True:
        channel = open_channel(server, trust)
        try:
            return await AgentServiceStub(channel).JoinHost(request, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            problem = problem_of(error, server=server, trust=trust)
            wait_seconds = waits.next_seconds()
            if not isinstance(problem, Unreachable) or time.monotonic() + wait_seconds >= until:
                raise problem from error
            log.warning("joining again", server=server, why=problem.message, wait_seconds=round(wait_seconds, 2))
        finally:
            await channel.close()
        await asyncio.sleep(wait_seconds)
