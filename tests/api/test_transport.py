"""A real server over TLS: who gets in, who does not, and certificates that change while calls go on."""

import asyncio
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health_pb2, health_pb2_grpc
from structlog.testing import capture_logs

from tests.api.tls import NAMES, asked, certificates_of, dialled, host_certificate
from tests.contracts.served import FOR_EVER_SECONDS, Served, arm_id, refused, told, until
from tests.trust.authorities import DAY_MS, Hands, authority_in, given_authority
from tidegate.api.server import NeedsTls
from tidegate.api.settings import ApiSettings
from tidegate.trust.authority import Authority, create_authority
from tidegate.trust.certificates import CLIENT, Signer, Validity, certificate_text, key_text, new_key, sign_leaf
from tidegate.trust.issued import Issued
from tidegate.trust.server_certificates import IssuedCertificates, Shown
from tidegate.trust.unusable import TrustUnusable
from tidegate.v1 import policy_service_pb2 as policy_pb
from tidegate.v1 import policy_service_pb2_grpc, rolling_upgrade_service_pb2_grpc
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb

OK, DENIED = grpc.StatusCode.OK, grpc.StatusCode.PERMISSION_DENIED
UNAUTHENTICATED, UNAVAILABLE = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE
LIST_POLICIES = "/tidegate.v1.PolicyService/ListPolicies"
START = "/tidegate.v1.RollingUpgradeService/StartExtensionRollingUpgrade"
WATCH = "/tidegate.v1.RollingUpgradeService/WatchRollingUpgrade"
PUBLISH = "/tidegate.v1.ExtensionCatalogService/PublishExtensionPackage"
CHECK = "/grpc.health.v1.Health/Check"
REFLECT = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

Made = Callable[[Path, Hands], Authority]


def made_here(folder: Path, hands: Hands) -> Authority:
    return create_authority(folder, now_ms=hands)


async def list_policies(channel: grpc.aio.Channel) -> policy_pb.ListPoliciesResponse:
    stub: Any = policy_service_pb2_grpc.PolicyServiceStub(channel)
    answer: policy_pb.ListPoliciesResponse = await stub.ListPolicies(policy_pb.ListPoliciesRequest(), timeout=5)
    return answer


@pytest.mark.parametrize("made", [made_here, given_authority])
async def test_an_operator_is_answered_whoever_made_the_authority(tmp_path: Path, made: Made) -> None:
    hands = Hands()
    authority = made(tmp_path, hands)
    async with Served(certificates=certificates_of(authority, hands)) as served:
        for host in ("127.0.0.1", "localhost"):
            async with dialled(served.port, authority, authority.issue_operator("ann"), host) as channel:
                assert (await list_policies(channel)).policies
                assert await asked(channel, CHECK) is OK


async def test_everybody_may_call_what_the_table_says_and_nothing_else(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    host, joiner = host_certificate(authority), authority.issue_joiner("t1", 3_600)
    async with Served(certificates=certificates_of(authority, hands)) as served:
        async with dialled(served.port, authority, host) as channel:
            for path in (LIST_POLICIES, START, WATCH, PUBLISH, REFLECT):
                assert await asked(channel, path) is DENIED, path
            assert await asked(channel, CHECK) is OK
            refusal = await refused(list_policies(channel))
            assert refusal.reason == "NOT_PERMITTED"
            assert refusal.message == "The host 4f2a may not call tidegate.v1.PolicyService/ListPolicies."
        async with dialled(served.port, authority, joiner) as channel:
            for path in (LIST_POLICIES, START, WATCH, PUBLISH, REFLECT, CHECK):
                assert await asked(channel, path) is DENIED, path


def nameless(folder: Path, hands: Hands) -> Issued:
    """A certificate that this authority issued for something that is none of ours."""
    key = new_key()
    signing = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    validity = Validity(begins_at_ms=hands() - DAY_MS, expires_at_ms=hands() + DAY_MS)
    by = Signer(certificate=certificate, key=signing)  # type: ignore[arg-type]  # it is one of ours
    leaf = sign_leaf("operator ann", key.public_key(), [x509.DNSName("printer")], CLIENT, validity, by)
    return Issued(certificate_pem=certificate_text(leaf), key_pem=key_text(key), begins_at_ms=0, expires_at_ms=0)


async def test_a_certificate_of_the_right_authority_that_stands_for_nobody_gets_no_answer(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    async with (
        Served(certificates=certificates_of(authority, hands)) as served,
        dialled(served.port, authority, nameless(tmp_path, hands)) as channel,
    ):
        for path in (LIST_POLICIES, START, WATCH, PUBLISH, REFLECT, CHECK):
            assert await asked(channel, path) is UNAUTHENTICATED, path


async def test_without_the_right_certificate_nothing_is_answered(tmp_path: Path) -> None:
    hands, long_ago = Hands(), Hands(-400 * DAY_MS)
    authority, other = authority_in(tmp_path / "ca", hands), authority_in(tmp_path / "other", hands)
    create_authority(tmp_path / "old", now_ms=long_ago)
    old = Authority.load(tmp_path / "old", now_ms=long_ago)
    async with Served(certificates=certificates_of(authority, hands)) as served:
        for shown in (None, other.issue_operator("ann"), authority.issue_server(["localhost"])):
            async with dialled(served.port, authority, shown) as channel:
                assert await asked(channel, LIST_POLICIES) is UNAVAILABLE
                assert await asked(channel, CHECK) is UNAVAILABLE
        assert await asked(served.channel, CHECK) is UNAVAILABLE, "nor without TLS"
        async with dialled(served.port, other, authority.issue_operator("ann")) as channel:
            assert await asked(channel, CHECK) is UNAVAILABLE, "nor does who trusts another authority speak to this one"
    of_now = Authority.load(tmp_path / "old", now_ms=hands)
    async with Served(certificates=certificates_of(of_now, hands)) as served:
        async with dialled(served.port, of_now, old.issue_operator("ann")) as channel:
            assert await asked(channel, LIST_POLICIES) is UNAVAILABLE, "expired"
        async with dialled(served.port, of_now, of_now.issue_operator("ann")) as channel:
            assert await asked(channel, LIST_POLICIES) is OK


async def test_a_server_is_believed_under_its_own_names_only(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    async with (
        Served(certificates=certificates_of(authority, hands, ["gate.example.org"])) as served,
        dialled(served.port, authority, authority.issue_operator("ann")) as channel,
    ):
        assert await asked(channel, LIST_POLICIES) is UNAVAILABLE


@pytest.mark.parametrize("days_off", [-1, 1])
async def test_an_authority_whose_clock_is_a_day_off_is_survived(tmp_path: Path, days_off: int) -> None:
    hands = Hands(days_off * DAY_MS)
    authority = authority_in(tmp_path, hands)
    async with Served(certificates=certificates_of(authority, hands)) as served:
        async with dialled(served.port, authority, authority.issue_operator("ann")) as channel:
            assert await asked(channel, LIST_POLICIES) is OK
        async with dialled(served.port, authority, host_certificate(authority)) as channel:
            assert await asked(channel, CHECK) is OK


class Shows:
    """Shows what a test puts there, or fails as it says."""

    def __init__(self, first: Shown) -> None:
        self.now: Shown | TrustUnusable = first

    def shown(self) -> Shown:
        if isinstance(self.now, TrustUnusable):
            raise self.now
        return self.now


async def serial_shown(port: int, authority: Authority, operator: Issued) -> int:
    """The serial number of the certificate that the server shows to a new caller."""
    context = ssl.create_default_context(cadata=authority.certificate_pem)
    context.set_alpn_protocols(["h2"])
    with tempfile.NamedTemporaryFile("w") as bundle:
        bundle.write(operator.key_pem + operator.certificate_pem)
        bundle.flush()
        context.load_cert_chain(bundle.name)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(der).serial_number


async def test_a_renewed_certificate_is_shown_to_the_next_caller_and_streams_under_way_go_on(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    certificates = IssuedCertificates(authority, NAMES, hands, seconds=10_800)
    operator = authority.issue_operator("ann")
    async with (
        Served(certificates=certificates, upgrade_seconds=FOR_EVER_SECONDS) as served,
        dialled(served.port, authority, operator) as channel,
    ):
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watching = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.SERVING
        first = await serial_shown(served.port, authority, operator)
        assert await serial_shown(served.port, authority, operator) == first
        hands.move(2.1 / 24)
        assert await serial_shown(served.port, authority, operator) != first
        assert await asked(channel, LIST_POLICIES) is OK, "the old connection goes on"
        async with dialled(served.port, authority, operator) as another:
            assert await asked(another, LIST_POLICIES) is OK
        await served.server.stop()
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING, "and so does its stream"


async def test_where_nothing_newer_can_be_shown_the_old_one_is_shown_on(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    operator = authority.issue_operator("ann")
    shows = Shows(certificates_of(authority, hands).shown())
    async with Served(certificates=shows) as served:
        first = await serial_shown(served.port, authority, operator)
        shows.now = TrustUnusable("The key is missing.")
        structlog.reset_defaults()
        with capture_logs() as lines:
            assert await serial_shown(served.port, authority, operator) == first
        assert {"event": "server_certificate_not_renewed", "why": "The key is missing.", "log_level": "error"} in lines
        shows.now = certificates_of(authority, hands).shown()
        assert await serial_shown(served.port, authority, operator) != first


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gate.example.org"])
async def test_nobody_listens_beyond_this_machine_without_tls(host: str) -> None:
    with pytest.raises(
        NeedsTls, match="other machines can reach it, and without TLS whoever reaches it may do everything"
    ):
        async with Served(settings=ApiSettings(host=host)):
            pass


async def test_a_refused_call_is_logged_without_its_credential(tmp_path: Path) -> None:
    structlog.reset_defaults()
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    with capture_logs() as lines:
        async with (
            Served(certificates=certificates_of(authority, hands)) as served,
            dialled(served.port, authority, host_certificate(authority)) as channel,
        ):
            call: Any = channel.unary_unary(LIST_POLICIES)
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call(b"", metadata=[("authorization", "Bearer open-sesame")], timeout=5)
    assert told(error.value).code is DENIED
    assert {"event": "call", "status": "PERMISSION_DENIED", "reason": "NOT_PERMITTED"}.items() <= {
        key: value for line in lines if line.get("status") == "PERMISSION_DENIED" for key, value in line.items()
    }.items()
    assert "sesame" not in f"{lines} {error.value}"


async def test_a_stream_is_refused_before_anything_of_it_is_read(tmp_path: Path) -> None:
    hands = Hands()
    authority = authority_in(tmp_path, hands)
    async with (
        Served(certificates=certificates_of(authority, hands)) as served,
        dialled(served.port, authority, host_certificate(authority)) as channel,
    ):
        stub: Any = rolling_upgrade_service_pb2_grpc.RollingUpgradeServiceStub(channel)
        watching = stub.WatchRollingUpgrade(upgrade_pb.WatchRollingUpgradeRequest(name=arm_id("web")))
        assert (await refused(watching.read())).reason == "NOT_PERMITTED"
        await until(lambda: served.server.stream_count == 0)
