"""From a join token to a host that speaks, over TLS: each step with the certificate that is good for it alone."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509

from tests.api.tls import dialled
from tests.contracts.served import Refused, arm_id, refused
from tests.executor.world import RULES, resource
from tests.trust.authorities import Hands, authority_in, certificates_in, given_authority, request_of, settings_pair
from tidegate.cli.assembly import assemble
from tidegate.cli.settings import Address, FleetKind, IssuedTls, Settings
from tidegate.trust.authority import Authority
from tidegate.trust.certificates import key_text, new_key
from tidegate.trust.issued import Issued
from tidegate.v1 import agent_service_pb2 as agent_pb
from tidegate.v1 import agent_service_pb2_grpc, host_service_pb2_grpc, scale_set_service_pb2_grpc
from tidegate.v1 import host_service_pb2 as host_pb
from tidegate.v1 import scale_set_service_pb2 as scale_set_pb


class Site:
    """A whole server over TLS, its authority, and who comes to it."""

    def __init__(self, port: int, authority: Authority, settings_certificate: str) -> None:
        self.port = port
        self.authority = authority
        self.settings_certificate = settings_certificate
        self.operator = authority.issue_operator("ann")

    @asynccontextmanager
    async def agents(self, shown: Issued) -> AsyncIterator[Any]:
        """AgentService's stub, called by whoever shows this."""
        async with dialled(self.port, self.authority, shown) as channel:
            yield agent_service_pb2_grpc.AgentServiceStub(channel)

    async def put(self) -> None:
        async with dialled(self.port, self.authority, self.operator) as channel:
            stub: Any = scale_set_service_pb2_grpc.ScaleSetServiceStub(channel)
            text = json.dumps(resource(0))
            await stub.PutScaleSet(scale_set_pb.PutScaleSetRequest(name=arm_id("web"), resource_json=text))

    async def token(self) -> dict[str, str]:
        """What a new join token holds."""
        async with dialled(self.port, self.authority, self.operator) as channel:
            stub: Any = host_service_pb2_grpc.HostServiceStub(channel)
            created = await stub.CreateJoinToken(host_pb.CreateJoinTokenRequest(scale_set=arm_id("web")))
        text = created.token.removeprefix("tgj1_")
        parts: dict[str, str] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return parts

    def join(self, token: dict[str, str], name: str, request: str) -> agent_pb.JoinHostRequest:
        return agent_pb.JoinHostRequest(
            token=f"{token['id']}.{token['secret']}",
            instance_id=name,
            settings_certificate=self.settings_certificate,
            certificate_request=request,
        )

    async def joined(self, name: str) -> tuple[Issued, list[tuple[str, str]]]:
        """A new host: what it shows from now on, and its credential as metadata."""
        token, key = await self.token(), new_key()
        async with self.agents(shown_by(token["certificate"], token["key"])) as agents:
            answer = await agents.JoinHost(self.join(token, name, request_of(key)))
        return shown_by(answer.certificate, key_text(key)), [("authorization", f"Bearer {answer.credential}")]


def shown_by(certificate: str, key: str) -> Issued:
    return Issued(certificate_pem=certificate, key_pem=key, begins_at_ms=0, expires_at_ms=0)


@pytest.fixture(params=["made here", "given"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    make = authority_in if request.param == "made here" else given_authority
    authority = make(tmp_path / "ca", Hands())
    settings = Settings(
        address=Address(host="127.0.0.1", port=0),
        data=None,
        policies=RULES,
        policies_shown_as="rules",
        fleet=FleetKind.AGENTS,
        tls=IssuedTls(folder=tmp_path / "ca", names=("127.0.0.1",)),
    )
    async with assemble(settings) as house:
        site = Site(house.address.port, authority, settings_pair(tmp_path)[2])
        await site.put()
        yield site


async def connected(agents: Any, metadata: list[tuple[str, str]]) -> agent_pb.ConnectHostResponse:
    """What a host is told first."""
    call = agents.ConnectHost(metadata=metadata, timeout=10)
    await call.write(agent_pb.ConnectHostRequest(hello=agent_pb.HostHello()))
    first: agent_pb.ConnectHostResponse = await call.read()
    call.cancel()
    return first


async def is_refused(agents: Any, metadata: list[tuple[str, str]]) -> Refused:
    return await refused(agents.LeaveHost(agent_pb.LeaveHostRequest(), metadata=metadata))


async def test_a_token_holds_all_that_joining_needs_and_is_good_for_nothing_else(site: Site) -> None:
    token = await site.token()
    assert token["ca"] == site.authority.certificate_pem
    async with site.agents(shown_by(token["certificate"], token["key"])) as agents:
        assert (await is_refused(agents, [])).reason == "NOT_PERMITTED"
        assert (await refused(connected(agents, []))).reason == "NOT_PERMITTED"
    host, metadata = await site.joined("web-1")
    names = certificates_in(host.certificate_pem)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier)[0].startswith("tidegate://host/")
    async with site.agents(host) as agents:
        assert (await connected(agents, metadata)).HasField("welcome")


async def test_nobody_joins_with_anothers_certificate(site: Site) -> None:
    token, other = await site.token(), await site.token()
    host, _ = await site.joined("web-1")
    request = site.join(token, "web-2", request_of(new_key()))
    async with site.agents(shown_by(other["certificate"], other["key"])) as agents:
        assert (await refused(agents.JoinHost(request))).reason == "JOIN_TOKEN_INVALID"
    for stranger in (host, site.operator):
        async with site.agents(stranger) as agents:
            assert (await refused(agents.JoinHost(request))).reason == "NOT_PERMITTED"


async def test_a_hosts_certificate_and_its_credential_belong_together(site: Site) -> None:
    one, metadata_of_one = await site.joined("web-1")
    other, metadata_of_other = await site.joined("web-2")
    async with site.agents(one) as agents:
        for metadata in ([], metadata_of_other, [("authorization", "Bearer tgh1_a_b")]):
            assert (await is_refused(agents, metadata)).reason == "NOT_AUTHENTICATED"
        assert (await connected(agents, metadata_of_one)).HasField("welcome")
    async with site.agents(site.operator) as agents:
        assert (await is_refused(agents, metadata_of_one)).reason == "NOT_PERMITTED"
    async with site.agents(other) as agents:
        await agents.LeaveHost(agent_pb.LeaveHostRequest(), metadata=metadata_of_other)
        assert (await is_refused(agents, metadata_of_other)).reason == "NOT_AUTHENTICATED"


async def test_a_host_renews_its_certificate_with_a_new_key_and_goes_on(site: Site) -> None:
    host, metadata = await site.joined("web-1")
    key = new_key()
    async with site.agents(host) as agents:
        answer = await agents.RenewHostCertificate(
            agent_pb.RenewHostCertificateRequest(certificate_request=request_of(key)), metadata=metadata
        )
        wrong = agent_pb.RenewHostCertificateRequest(certificate_request="rubbish")
        assert (await refused(agents.RenewHostCertificate(wrong, metadata=metadata))).fields == {
            "certificate_request": "is no PKCS #10 request as PEM"
        }
    assert answer.authority_certificate == site.authority.certificate_pem
    renewed, before = certificates_in(answer.certificate)[0], certificates_in(host.certificate_pem)[0]
    assert renewed.subject == before.subject
    assert renewed.public_key() == key.public_key()
    async with site.agents(shown_by(answer.certificate, key_text(key))) as agents:
        assert (await connected(agents, metadata)).HasField("welcome")


async def test_what_is_about_hosts_is_an_operators_to_ask(site: Site) -> None:
    host, metadata = await site.joined("web-1")
    name = f"{arm_id('web')}/virtualMachines/web-1"
    async with dialled(site.port, site.authority, host) as channel:
        stub: Any = host_service_pb2_grpc.HostServiceStub(channel)
        for call in (
            stub.ListHosts(host_pb.ListHostsRequest(), metadata=metadata),
            stub.RemoveHost(host_pb.RemoveHostRequest(name=name), metadata=metadata),
            stub.CreateJoinToken(host_pb.CreateJoinTokenRequest(scale_set=arm_id("web")), metadata=metadata),
        ):
            assert (await refused(call)).code is grpc.StatusCode.PERMISSION_DENIED
    async with dialled(site.port, site.authority, site.operator) as channel:
        operators: Any = host_service_pb2_grpc.HostServiceStub(channel)
        assert [each.name for each in (await operators.ListHosts(host_pb.ListHostsRequest())).hosts] == [name]
