"""Asking over the network: real servers on loopback that behave in every way a host may."""

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.domain.probe_address import read_probe_address
from tidegate.fleets.probing.asking import Answer, Asker, Question
from tidegate.fleets.probing.reach import Reach, read_reach

TCP, HTTP, HTTPS = ProbeProtocol.TCP, ProbeProtocol.HTTP, ProbeProtocol.HTTPS
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Host:
    """A server of a test: where it listens, and what it was asked."""

    port: int
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    sent_bytes: int = 0


@asynccontextmanager
async def host(behave: Behave | bytes, *, context: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    """A host that answers each request with those bytes, or does what `behave` does with the connection."""
    served = Host(port=0)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        served.connections += 1
        try:
            if callable(behave):
                await behave(reader, writer)
            else:
                served.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(behave)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the prober went away, as it may
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await server.wait_closed()


@asynccontextmanager
async def asking(reach: Reach | None = None) -> AsyncIterator[Asker]:
    asker = Asker(reach)
    try:
        yield asker
    finally:
        await asker.close()


async def ask(
    protocol: ProbeProtocol,
    place: str,
    *,
    reach: Reach | None = None,
    timeout_seconds: float = 5.0,
    request_path: str = "/health",
    port: int = 1,
) -> Answer:
    """Ask once, with a bound of the test's own."""
    definition = ProbeDefinition(
        protocol=protocol, port=port, request_path=request_path, timeout_seconds=timeout_seconds
    )
    async with asking(reach) as asker, asyncio.timeout(10):
        return await asker.ask(Question(definition=definition, address=read_probe_address(place)))


def free_port() -> int:
    """A port on which nobody listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def wrong_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate that nobody signed, of another name, and long expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody.else")])
    then = datetime(2001, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(then)
        .not_valid_after(then + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path: Path = tmp_path_factory.mktemp("wrong") / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_host_that_takes_a_connection_is_well_by_tcp() -> None:
    gone = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        gone.set()

    async with host(behave) as served:
        assert await ask(TCP, f"127.0.0.1:{served.port}") is Answer.WELL
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_host_that_answers_200_is_well_and_is_asked_for_the_probes_path() -> None:
    async with host(OK) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}", request_path="/a%20b?c=d%2Fe") is Answer.WELL
    line, *fields = served.heads[0].decode().split("\r\n")
    assert line == "GET /a%20b?c=d%2Fe HTTP/1.1"
    assert f"Host: 127.0.0.1:{served.port}" in fields
    assert "Connection: close" in fields
    assert not any("tidegate/" in each.lower() or each.startswith(("Cookie", "Authorization")) for each in fields)


@pytest.mark.parametrize("protocol", list(ProbeProtocol))
async def test_nobody_listening_is_unwell(protocol: ProbeProtocol) -> None:
    assert await ask(protocol, f"127.0.0.1:{free_port()}") is Answer.UNWELL


@pytest.mark.parametrize("status", [100, 201, 204, 301, 302, 304, 307, 400, 401, 404, 429, 500, 503])
async def test_whatever_is_not_200_is_unwell(status: int) -> None:
    async with host(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode()) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}", timeout_seconds=0.5) is Answer.UNWELL


async def test_a_redirect_is_not_followed() -> None:
    async with host(OK) as elsewhere:
        location = f"http://127.0.0.1:{elsewhere.port}/"
        async with host(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()) as served:
            assert await ask(HTTP, f"127.0.0.1:{served.port}") is Answer.UNWELL
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"\0" * 100, b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200", b"HTTP/1.1 abc OK\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"220 mail\r\n", b"HTTP/1.1 2000 OK\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"],
)  # fmt: skip
async def test_what_is_no_http_is_unwell(rubbish: bytes) -> None:
    async with host(rubbish) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}") is Answer.UNWELL


async def test_a_host_that_says_nothing_is_unwell_when_its_time_is_over() -> None:
    async def behave(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with host(behave) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}", timeout_seconds=0.2) is Answer.UNWELL
        assert await ask(HTTPS, f"127.0.0.1:{served.port}", timeout_seconds=0.2) is Answer.UNWELL


async def test_a_host_that_answers_byte_by_byte_for_ever_is_unwell_when_its_time_is_over() -> None:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n":
            writer.write(bytes([byte]))
        while True:
            writer.write(b"X-Again: and again\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with host(behave) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}", timeout_seconds=0.3) is Answer.UNWELL


async def test_a_host_that_goes_on_saying_100_is_unwell_when_its_time_is_over() -> None:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with host(behave) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}", timeout_seconds=0.3) is Answer.UNWELL


async def test_a_body_without_an_end_is_not_read() -> None:
    sent = 0
    cut_off = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        try:
            while True:
                writer.write(b"\x1f\x8b" * 32_768)
                await writer.drain()
                sent += 65_536
        finally:
            cut_off.set()

    async with host(behave) as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}") is Answer.WELL
        async with asyncio.timeout(5):
            await cut_off.wait()
    assert sent < 20_000_000, "what fits into the buffers of two sockets, not a flood"


async def test_a_host_that_closes_in_the_middle_of_its_body_has_answered() -> None:
    async with host(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf") as served:
        assert await ask(HTTP, f"127.0.0.1:{served.port}") is Answer.WELL


async def test_https_asks_whether_a_service_answers_and_not_whose_certificate_it_has(
    wrong_certificate: ssl.SSLContext,
) -> None:
    async with host(OK, context=wrong_certificate) as served:
        assert await ask(HTTPS, f"127.0.0.1:{served.port}") is Answer.WELL
        assert await ask(HTTPS, f"localhost:{served.port}") is Answer.WELL
        assert await ask(HTTP, f"127.0.0.1:{served.port}") is Answer.UNWELL
    assert f"Host: localhost:{served.port}".encode() in served.heads[1]


async def test_https_of_what_speaks_no_tls_is_unwell() -> None:
    async with host(OK) as served:
        assert await ask(HTTPS, f"127.0.0.1:{served.port}", timeout_seconds=0.3) is Answer.UNWELL


async def test_a_host_that_flaps_is_told_as_it_is_each_time() -> None:
    statuses = iter([200, 500, 200, 500])

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {next(statuses)} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        await reader.read()

    async with host(behave) as served, asking() as asker:
        definition = ProbeDefinition(protocol=HTTP, port=served.port)
        question = Question(definition=definition, address=read_probe_address("127.0.0.1"))
        answers = [await asker.ask(question) for _ in range(4)]
    assert answers == [Answer.WELL, Answer.UNWELL] * 2
    assert served.connections == 4, "each has a connection of its own"


async def test_the_probes_port_is_asked_where_the_host_names_none() -> None:
    async with host(OK) as served:
        assert await ask(HTTP, "127.0.0.1", port=served.port) is Answer.WELL
        assert await ask(TCP, "127.0.0.1", port=served.port) is Answer.WELL


async def test_a_name_is_looked_up_and_every_address_of_it_tried() -> None:
    async with host(OK) as served:
        assert await ask(TCP, f"localhost:{served.port}") is Answer.WELL
        assert await ask(HTTP, f"localhost:{served.port}") is Answer.WELL


async def test_a_name_that_nobody_has_is_unwell() -> None:
    assert await ask(HTTP, "nobody.invalid:80") is Answer.UNWELL


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("protocol", [TCP, HTTP])
async def test_an_address_out_of_reach_is_not_connected_to_by_whatever_name(
    place: str, protocol: ProbeProtocol
) -> None:
    async with host(OK) as served:
        assert await ask(protocol, f"{place}:{served.port}", reach=read_reach(["10.0.0.0/8"])) is Answer.UNWELL
        assert served.connections == 0


async def test_the_metadata_service_of_a_cloud_is_not_asked() -> None:
    assert await ask(HTTP, "169.254.169.254:80", timeout_seconds=30) is Answer.UNWELL


@pytest.mark.skipif(sys.platform != "linux", reason="counts the file handles of Linux")
@pytest.mark.parametrize("protocol", [TCP, HTTP])
async def test_a_server_without_file_handles_does_not_blame_the_host(
    protocol: ProbeProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_arguments: object, **_named: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    async with host(OK) as served, asking() as asker:
        definition = ProbeDefinition(protocol=protocol, port=served.port)
        question = Question(definition=definition, address=read_probe_address("127.0.0.1"))
        assert await asker.ask(question) is Answer.WELL
        with monkeypatch.context() as patched:
            patched.setattr(socket, "socket", exhausted)
            assert await asker.ask(question) is Answer.NOT_ASKED
        assert await asker.ask(question) is Answer.WELL


@pytest.mark.parametrize("protocol", [TCP, HTTP])
async def test_a_server_without_ipv6_asks_the_other_addresses_of_a_name(
    protocol: ProbeProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = socket.socket

    def only_version_4(family: int, *arguments: int, **named: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return made(family, *arguments, **named)

    def both(*_arguments: object, **_named: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("::1", 0, 0, 0)), (0, 0, 0, "", ("127.0.0.1", 0))]

    async with host(OK) as served, asking() as asker:
        monkeypatch.setattr(socket, "getaddrinfo", both)
        monkeypatch.setattr(socket, "socket", only_version_4)
        for place, port, answer in (
            ("both", served.port, Answer.WELL),
            ("both", free_port(), Answer.UNWELL),
            ("[::1]", served.port, Answer.NOT_ASKED),
        ):
            definition = ProbeDefinition(protocol=protocol, port=port)
            assert await asker.ask(Question(definition=definition, address=read_probe_address(place))) is answer
        monkeypatch.undo()


async def test_asking_a_thousand_times_leaves_no_file_open() -> None:
    handles = Path("/proc/self/fd")
    async with host(OK) as served, asking() as asker:
        for protocol in (TCP, HTTP):
            definition = ProbeDefinition(protocol=protocol, port=served.port)
            question = Question(definition=definition, address=read_probe_address("127.0.0.1"))
            await asker.ask(question)
            for _ in range(10):
                answers = await asyncio.gather(*(asker.ask(question) for _ in range(50)))
                assert set(answers) == {Answer.WELL}
        async with asyncio.timeout(5):
            while handles.is_dir() and len(list(handles.iterdir())) > 60:  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0)
