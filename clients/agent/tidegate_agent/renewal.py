"""The renewal of a host's certificate: at about half of its life, and again and again until it has come.

Law: the moment is drawn by chance around the half, so that hosts that joined together do not renew together. The old
certificate stays in use until the new one is on the disk.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import structlog

from tidegate.v1.agent_service_pb2 import RenewHostCertificateRequest
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.backoff import Backoff
from tidegate_agent.channel import bearer, open_channel, trust_of
from tidegate_agent.failed_call import problem_of
from tidegate_agent.identity import HostTls, Identity, IdentityFolder
from tidegate_agent.keys import KeyPair, make_certificate_request
from tidegate_agent.problems import Problem, Refused

log = structlog.stdlib.get_logger(__name__)

_CALL_SECONDS = 20.0
_SHARE_OF_LIFE = (0.4, 0.6)
_LONGEST_SLEEP_SECONDS = 3600.0
"""Clocks are set and machines sleep: how long is left is looked up again at least this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSettings:
    """How patient renewing is."""

    backoff: Callable[[], Backoff] = lambda: Backoff(first_seconds=30.0, most_seconds=1800.0)
    pause_seconds: float = 60.0
    """After each renewal, since by a clock that is far ahead a certificate has expired when it comes."""


def renewal_due(tls: HostTls, draw: Callable[[float, float], float] = random.uniform) -> datetime:
    """When the certificate is to be renewed, by this host's clock.

    Its life is counted from when it came, not from what it says of its beginning: that is backdated.
    """
    return tls.received_at + (tls.expires_at - tls.received_at) * draw(*_SHARE_OF_LIFE)


class Renewer:
    """Keeps the certificate of one host new; does nothing where its server speaks plaintext."""

    def __init__(
        self,
        folder: IdentityFolder,
        *,
        identity: Callable[[], Identity],
        on_renewed: Callable[[], Awaitable[None]],
        settings: RenewalSettings | None = None,
    ) -> None:
        """`on_renewed` is awaited once a new certificate is on the disk."""
        self._folder = folder
        self._identity = identity
        self._on_renewed = on_renewed
        self._settings = settings or RenewalSettings()

    async def run(self) -> None:
        """Renews in time until it is cancelled."""
        while True:
            identity = self._identity()
            if identity.tls is None:
                # Plaintext has nothing to renew, and a host never changes between the two.
                await asyncio.Event().wait()
                continue
            await _until(renewal_due(identity.tls))
            await self._renew()
            await self._on_renewed()
            await asyncio.sleep(self._settings.pause_seconds)

    async def _renew(self) -> None:
        waits = self._settings.backoff()
        while True:
            try:
                await self.renew_now()
                return
            except Problem as problem:
                # A host that the server does not know is told so by the stream, which ends the agent; this only waits.
                why, advice = problem.message, problem.advice
            except OSError as unwritten:
                why, advice = str(unwritten), "See that the disk under --root has room and is writable."
            wait_seconds = waits.next_seconds()
            log.warning("certificate not renewed", why=why, advice=advice, wait_seconds=round(wait_seconds, 1))
            await asyncio.sleep(wait_seconds)

    async def renew_now(self) -> None:
        """Asks for a new certificate, of a new key, and keeps it.

        Raises:
            Problem: there is none to be had now.
            OSError: it cannot be written, on a full disk for one; the old one stays.
        """
        identity = self._identity()
        trust = trust_of(identity)
        pair = make_certificate_request(identity.instance_id)
        channel = open_channel(identity.server, trust)
        try:
            answer = await AgentServiceStub(channel).RenewHostCertificate(
                RenewHostCertificateRequest(certificate_request=pair.certificate),
                metadata=bearer(identity.credential),
                timeout=_CALL_SECONDS,
            )
        except grpc.aio.AioRpcError as error:
            raise problem_of(error, server=identity.server, trust=trust) from error
        finally:
            await channel.close()
        if not answer.certificate:
            raise Refused("The server answered without a certificate.", advice="See what its log says.")
        assert identity.tls is not None, "only hosts with certificates renew them"
        self._folder.keep_certificate(
            authority_certificate=answer.authority_certificate or identity.tls.authority_certificate,
            pair=KeyPair(certificate=answer.certificate, key=pair.key),
        )
        expires = self._identity().tls
        log.info("certificate renewed", host=identity.host, expires_at=str(expires and expires.expires_at))


async def _until(due: datetime) -> None:
    while True:
        left_seconds = (due - datetime.now(UTC)).total_seconds()
        if left_seconds <= 0:
            return
        await asyncio.sleep(min(left_seconds, _LONGEST_SLEEP_SECONDS))
