"""AgentService: what the agents of hosts speak to.

Law: a host is who its credential says, and where the connection is encrypted its certificate must say the same. Nothing
is read from a host's stream before hello, which must come in time, and after it no host is read from so fast that the
others would have to wait. A stream ends with the reason why it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from tidegate.api.callers import Caller, CallerKind, caller_of
from tidegate.api.calls import calling
from tidegate.api.fields import Fields
from tidegate.api.package_download import PackageDownload
from tidegate.api.present_host import present_down, present_welcome
from tidegate.api.present_moment import present_moment, present_moment_if_any
from tidegate.api.read_host import (
    check_size,
    read_handlers,
    read_hello,
    read_instance_id,
    read_joining_texts,
    read_labels,
    read_moment,
    read_result,
)
from tidegate.api.requests import Requests
from tidegate.domain.host import GoalStateResult, HandlerReport, HostHello
from tidegate.domain.host_refusal import HostsNotTaken, NotAuthenticated
from tidegate.domain.refusal import FieldViolation, MalformedRequest
from tidegate.fleets.agents.promise import HostDesk, HostIdentity, HostLine, Joining
from tidegate.packages.promise import PackageStore
from tidegate.v1 import agent_service_pb2 as pb

HELLO_SECONDS = 10.0
"""How long a host may take to say who it is."""
BYTES_PER_SECOND = 524_288
"""So fast one host is read from, for long: reading what it says then takes about an eighth of a processor."""
BYTES_AT_ONCE = 65_536
"""So much is read before its host is made to wait: as much as most hosts say in an hour."""
_LEAST_BYTES = 256
"""A message counts for so many, however short it is."""
_MOST_FAULT_DOMAINS = 1_000

Responses = AsyncGenerator[Sequence[pb.ConnectHostResponse], None]


class AgentService:
    """Answers hosts for the desk; without one every method is refused."""

    def __init__(
        self, desk: HostDesk | None, packages: PackageStore | None, hello_seconds: float = HELLO_SECONDS
    ) -> None:
        self._given = desk
        self._download = PackageDownload(packages)
        self._hello_seconds = hello_seconds

    async def JoinHost(self, request: pb.JoinHostRequest) -> pb.JoinHostResponse:
        """Makes a machine a host."""
        desk = self._desk
        caller = caller_of(calling.get())
        with Fields() as fields:
            check_size(fields, request)
            instance_id = read_instance_id(fields, "instance_id", request.instance_id)
            labels = read_labels(fields, "labels", request.labels)
            zone, probe_address, agent_version, platform = read_joining_texts(fields, request)
            if not 0 <= request.fault_domain < _MOST_FAULT_DOMAINS:
                fields.wrong("fault_domain", f"write 0 to {_MOST_FAULT_DOMAINS - 1}")
        joined = await desk.join(
            Joining(
                token=request.token,
                shown_token_id=caller.name if caller.kind is CallerKind.JOINER else "",
                instance_id=instance_id,
                zone=zone,
                fault_domain=request.fault_domain,
                labels=labels,
                probe_address=probe_address,
                agent_version=agent_version,
                platform=platform,
                settings_certificate=request.settings_certificate,
                certificate_request=request.certificate_request,
            )
        )
        return pb.JoinHostResponse(
            host=str(joined.name),
            credential=joined.credential,
            certificate=joined.certificate,
            certificate_expire_time=present_moment_if_any(joined.certificate_expires_at_ms),
        )

    async def RenewHostCertificate(self, request: pb.RenewHostCertificateRequest) -> pb.RenewHostCertificateResponse:
        """Gives a host a new certificate."""
        desk = self._desk
        renewed = await desk.renew(_host(desk), request.certificate_request)
        return pb.RenewHostCertificateResponse(
            certificate=renewed.certificate,
            certificate_expire_time=present_moment(renewed.expires_at_ms),
            authority_certificate=renewed.authority_certificate,
        )

    async def LeaveHost(self, request: pb.LeaveHostRequest) -> pb.LeaveHostResponse:
        """Lets the host go that asks for it."""
        desk = self._desk
        await desk.leave(_host(desk))
        return pb.LeaveHostResponse()

    async def ConnectHost(self, requests: Requests[pb.ConnectHostRequest]) -> Responses:
        """The one stream of a host."""
        desk = self._desk
        host = _host(desk)
        hello = await self._hello(requests)
        line = await desk.connect(host, hello)
        return _converse(line, requests)

    async def DownloadExtensionPackage(
        self, request: pb.DownloadExtensionPackageRequest
    ) -> AsyncGenerator[Sequence[pb.DownloadExtensionPackageResponse], None]:
        """A handler package, in pieces."""
        host = _host(self._desk)
        return await self._download.download(request, host.uid)

    @property
    def _desk(self) -> HostDesk:
        if self._given is None:
            raise HostsNotTaken()
        return self._given

    async def _hello(self, requests: Requests[pb.ConnectHostRequest]) -> HostHello:
        try:
            first = await requests.next(self._hello_seconds)
        except StopAsyncIteration:
            raise _wrong("hello", "is missing: the stream ended before it") from None
        if first.WhichOneof("message") != "hello":
            raise _wrong("hello", "must come first")
        with Fields() as fields:
            check_size(fields, first)
            return read_hello(fields, first.hello)


async def _converse(line: HostLine, requests: Requests[pb.ConnectHostRequest]) -> Responses:
    """Everything after hello, until either side ends it. What comes up is heard in a task of its own, whose end ends
    the stream: well where the host has said all, and otherwise with what was wrong."""
    listening = asyncio.ensure_future(_listen(line, requests))
    try:
        yield [present_welcome(line.welcome)]
        while True:
            telling = asyncio.ensure_future(line.next())
            try:
                await asyncio.wait((telling, listening), return_when=asyncio.FIRST_COMPLETED)
                if not telling.done():
                    listening.result()
                    return
                down = telling.result()
            finally:
                telling.cancel()
            yield [present_down(each) for each in down]
    finally:
        line.close()
        listening.cancel()
        await asyncio.wait((listening,))
        if not listening.cancelled():
            # Looked at, so that what went wrong after the end is not reported as forgotten.
            listening.exception()


async def _listen(line: HostLine, requests: Requests[pb.ConnectHostRequest]) -> None:
    said_bytes = 0
    async for request in requests:
        match _read(request):
            case GoalStateResult() as result:
                await line.finished(result)
            case tuple() as handlers:
                line.reported(handlers)
            case at_ms:
                line.heard(at_ms)
        said_bytes += max(request.ByteSize(), _LEAST_BYTES)
        if said_bytes > BYTES_AT_ONCE:
            await asyncio.sleep(said_bytes / BYTES_PER_SECOND)
            said_bytes = 0


def _read(request: pb.ConnectHostRequest) -> GoalStateResult | tuple[HandlerReport, ...] | int | None:
    """A result, a report, or what the host's clock says; None where it only says that it is alive, or something that a
    newer agent says and this server does not understand."""
    with Fields() as fields:
        check_size(fields, request)
        match request.WhichOneof("message"):
            case "hello":
                fields.wrong("hello", "comes first, and only first")
            case "report":
                return read_handlers(fields, "report.handlers", request.report.handlers)
            case "result":
                return read_result(fields, request.result)
            case "heartbeat" if request.heartbeat.HasField("time"):
                return read_moment(fields, "heartbeat.time", request.heartbeat.time)
            case _:
                pass
    return None


def _host(desk: HostDesk) -> HostIdentity:
    """The host that makes the running call.

    Raises:
        NotAuthenticated: it showed no credential, or somebody else's.
    """
    caller = caller_of(calling.get())
    if not caller.credential:
        raise NotAuthenticated(
            "This call needs the credential of a host.", "Send it as `authorization: Bearer CREDENTIAL`."
        )
    host = desk.authenticate(caller.credential)
    if _claims_another(caller, host):
        raise NotAuthenticated(
            "The credential is one host's and the certificate is another's.",
            "Show both of the same host; if they were copied, let this machine join on its own.",
        )
    return host


def _claims_another(caller: Caller, host: HostIdentity) -> bool:
    return caller.kind is not CallerKind.ANYONE and (caller.kind, caller.name) != (CallerKind.HOST, host.uid)


def _wrong(field: str, description: str) -> MalformedRequest:
    return MalformedRequest([FieldViolation(field=field, description=description)])
