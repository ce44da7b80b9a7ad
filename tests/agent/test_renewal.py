"""Certificates that renew themselves, against a server that answers by a script."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from tests.agent.authorities import TestAuthority
from tests.agent.scripted_server import Refusal, ScriptedServer
from tidegate.v1.agent_service_pb2 import RenewHostCertificateRequest, RenewHostCertificateResponse
from tidegate_agent import renewal
from tidegate_agent.backoff import Backoff
from tidegate_agent.identity import HostTls, Identity, IdentityFolder
from tidegate_agent.problems import Refused
from tidegate_agent.renewal import RenewalSettings, Renewer, renewal_due

PATIENCE_SECONDS = 10.0
QUICK = RenewalSettings(backoff=lambda: Backoff(first_seconds=0.01, most_seconds=0.02), pause_seconds=0.0)


class Issuing(ScriptedServer):
    """Renews by its authority; what is in `renewals` comes first."""

    def __init__(self, authority: TestAuthority, life: timedelta) -> None:
        super().__init__(credentials=authority.server_credentials(authority.issue()))
        self._authority = authority
        self._life = life

    async def RenewHostCertificate(
        self, request: RenewHostCertificateRequest, context: object
    ) -> RenewHostCertificateResponse:
        if not self.renewals:
            certificate = self._authority.sign_request(request.certificate_request, ends=self._life)
            self.renewals.append(
                RenewHostCertificateResponse(certificate=certificate, authority_certificate=self._authority.certificate)
            )
        return await super().RenewHostCertificate(request, context)


@dataclass
class Host:
    """A host that joined, and what its renewer does."""

    folder: IdentityFolder
    renewed: asyncio.Queue[Identity] = field(default_factory=asyncio.Queue)

    async def on_renewed(self) -> None:
        self.renewed.put_nowait(self.folder.load())

    def renewer(self, settings: RenewalSettings = QUICK) -> Renewer:
        return Renewer(self.folder, identity=self.folder.load, on_renewed=self.on_renewed, settings=settings)

    async def next_renewed(self) -> Identity:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.renewed.get()


def joined(root: Path, server: str, authority: TestAuthority | None, *, life: timedelta = timedelta(days=7)) -> Host:
    folder = IdentityFolder(root)
    folder.settings_pair()
    folder.keep_joined(
        host="/ss/virtualMachines/web-7",
        server=server,
        credential="tgh1_uid_hush",
        authority_certificate="" if authority is None else authority.certificate,
        pair=None if authority is None else authority.issue(ends=life),
    )
    return Host(folder)


@pytest.fixture
def authority() -> TestAuthority:
    return TestAuthority()


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[Issuing]:
    async with Issuing(authority, timedelta(seconds=1.5)) as served:
        yield served


def test_it_is_due_at_about_half_of_its_life_counted_from_when_it_came(authority: TestAuthority) -> None:
    came = datetime.now(UTC)
    pair = authority.issue(begins=-timedelta(days=2), ends=timedelta(days=7))
    tls = HostTls(authority_certificate="", certificate=pair.certificate, key=pair.key, received_at=came)
    due = [(renewal_due(tls) - came).total_seconds() / 86_400 for _ in range(200)]
    assert 2.7 < min(due) < 3.2
    assert 3.8 < max(due) < 4.3


def test_one_that_has_expired_is_due_at_once(authority: TestAuthority) -> None:
    pair = authority.issue(ends=-timedelta(days=1))
    tls = HostTls(authority_certificate="", certificate=pair.certificate, key=pair.key, received_at=datetime.now(UTC))
    assert renewal_due(tls) < datetime.now(UTC)


async def test_it_renews_again_and_again_with_a_new_key_each_time(
    server: Issuing, authority: TestAuthority, tmp_path: Path
) -> None:
    host = joined(tmp_path, server.address, authority, life=timedelta(seconds=1.5))
    before = host.folder.load()
    running = asyncio.create_task(host.renewer().run())
    try:
        first, second = await host.next_renewed(), await host.next_renewed()
    finally:
        running.cancel()
    assert before.tls is not None
    assert first.tls is not None
    assert second.tls is not None
    assert len({before.tls.key, first.tls.key, second.tls.key}) == 3
    assert before.tls.expires_at <= first.tls.expires_at <= second.tls.expires_at
    request = x509.load_pem_x509_csr(server.asked[1].certificate_request.encode())
    assert x509.load_pem_x509_certificate(second.tls.certificate.encode()).public_key() == request.public_key()
    assert first.credential == "tgh1_uid_hush"


async def test_a_renewal_that_failed_is_tried_again_and_the_old_one_stays(
    server: Issuing, authority: TestAuthority, tmp_path: Path
) -> None:
    server.renewals.extend(
        [
            Refusal(code=grpc.StatusCode.UNAVAILABLE),
            Refusal(code=grpc.StatusCode.INTERNAL),
            Refusal(code=grpc.StatusCode.FAILED_PRECONDITION, reason="HOSTS_NOT_TAKEN"),
        ]
    )
    host = joined(tmp_path, server.address, authority, life=timedelta(seconds=1.5))
    running = asyncio.create_task(host.renewer().run())
    try:
        renewed = await host.next_renewed()
    finally:
        running.cancel()
    assert len(server.asked) == 4
    assert renewed.tls is not None


async def test_a_certificate_that_the_disk_does_not_take_is_asked_for_again(
    server: Issuing, authority: TestAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = joined(tmp_path, server.address, authority, life=timedelta(seconds=1.5))
    fsync, full = os.fsync, [OSError(errno.ENOSPC, "No space left on device")]

    def fsync_once_there_is_room(descriptor: int) -> None:
        if full:
            raise full.pop()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync_once_there_is_room)
    running = asyncio.create_task(host.renewer().run())
    try:
        await host.next_renewed()
    finally:
        running.cancel()
    assert len(server.asked) == 2


async def test_where_the_clock_is_so_far_ahead_that_all_have_expired_it_pauses_after_each(
    server: Issuing, authority: TestAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server and this host have one clock here, so only what follows from the host's is as it would be.
    monkeypatch.setattr(renewal, "renewal_due", lambda tls: datetime.now(UTC) - timedelta(days=1))
    host = joined(tmp_path, server.address, authority)
    running = asyncio.create_task(host.renewer(replace(QUICK, pause_seconds=60.0)).run())
    try:
        await host.next_renewed()
        await asyncio.wait({running}, timeout=0.3)
    finally:
        running.cancel()
    assert len(server.asked) == 1


async def test_an_answer_without_a_certificate_changes_nothing(
    server: Issuing, authority: TestAuthority, tmp_path: Path
) -> None:
    server.renewals.append(RenewHostCertificateResponse())
    host = joined(tmp_path, server.address, authority)
    before = host.folder.load()
    with pytest.raises(Refused, match="without a certificate"):
        await host.renewer().renew_now()
    assert host.folder.load() == before


async def test_without_tls_there_is_nothing_to_renew(tmp_path: Path) -> None:
    host = joined(tmp_path, "127.0.0.1:1", None)
    running = asyncio.create_task(host.renewer().run())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(running), 0.05)
    running.cancel()
    assert host.renewed.empty()
