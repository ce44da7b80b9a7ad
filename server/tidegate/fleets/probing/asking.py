"""Asking one host once: a TCP connection, or a GET over HTTP or HTTPS, and whether the answer was well.

Law: nothing of an answer but its status code is looked at, kept or told. Each ask has a connection of its own, follows
no redirect and reads no body, and ends when its time is over, whatever the host does.

Https does not check the host's certificate: a probe asks whether a service answers, hosts hold certificates for the
names of their service and not for their own addresses, and nothing secret is sent. Azure's health extension does the
same on its host. Source: Azure/applicationhealth-extension-linux, plugins/apphealth/health.go (no verification, no
redirects). 200 is the only status that is well. Source: Microsoft.Network/loadBalancers/probes, `protocol`.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address

import aiohttp
from yarl import URL

from tidegate.domain.probe import ProbeDefinition, ProbeProtocol
from tidegate.domain.probe_address import ProbeAddress
from tidegate.fleets.probing.reach import Reach

WELL_STATUS = 200
ADDRESSES_TRIED = 4
"""A name may stand for several addresses; so many of them are tried, in the resolver's order."""
LOOKUP_THREADS = 8
"""Looking up a name blocks a thread. These are the asker's own: a name server that hangs holds up nothing else."""

_BUFFER_BYTES = 4_096
"""So much of a body is taken in before the connection, which is closed by then, stops reading."""
_HEADERS = {"User-Agent": "Tidegate-Probe/1.0", "Accept": "*/*", "Connection": "close"}
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})


class Answer(Enum):
    """What came of asking."""

    WELL = "well"
    UNWELL = "unwell"
    """Refused, silent, too slow, or something else than 200."""
    NOT_ASKED = "not asked"
    """This server had no file handle, port or memory left: that says nothing of the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of one host."""

    definition: ProbeDefinition
    address: ProbeAddress

    @property
    def port(self) -> int:
        """The host's own where it names one."""
        return self.definition.port if self.address.port is None else self.address.port


class Asker:
    """Asks over the network. Made inside the event loop; close it."""

    def __init__(self, reach: Reach | None = None) -> None:
        self._reach = Reach() if reach is None else reach
        self._lookups = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="probe-lookup")
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, question: Question) -> Answer:
        """Ask once; takes at most the probe's time-out."""
        try:
            async with asyncio.timeout(question.definition.timeout_seconds):
                return await self._ask_addresses(question)
        except TimeoutError:
            return Answer.UNWELL

    async def close(self) -> None:
        """Let go of everything; whoever is still asking is to be cancelled first."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        if self._session is not None:
            await self._session.close()

    async def _ask_addresses(self, question: Question) -> Answer:
        """Well where one of the host's addresses is; unwell where it has none that may be asked.

        One that cannot be asked from here, such as one of IPv6 where this machine has none, says nothing of the others.
        """
        answers = set()
        for address in await self._addresses(question.address):
            try:
                is_well = await self._ask_address(question, address)
            except (OSError, aiohttp.ClientError) as failure:
                answers.add(Answer.NOT_ASKED if getattr(failure, "errno", None) in _OURS else Answer.UNWELL)
                continue
            if is_well:
                return Answer.WELL
            answers.add(Answer.UNWELL)
        return Answer.NOT_ASKED if answers == {Answer.NOT_ASKED} else Answer.UNWELL

    async def _addresses(self, address: ProbeAddress) -> Sequence[IPv4Address | IPv6Address]:
        literal = address.literal
        found = [literal] if literal is not None else await self._looked_up(address.host)
        return [each for each in found if self._reach.allows(each)][:ADDRESSES_TRIED]

    async def _looked_up(self, name: str) -> list[IPv4Address | IPv6Address]:
        def look_up() -> list[str]:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(place[0]) for *_, place in found))

        try:
            names = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        except OSError:
            return []
        return [ip_address(found.partition("%")[0]) for found in names]

    async def _ask_address(self, question: Question, address: IPv4Address | IPv6Address) -> bool:
        if question.definition.protocol is ProbeProtocol.TCP:
            return await _connects(address, question.port)
        return await self._answers_200(question, address)

    async def _answers_200(self, question: Question, address: IPv4Address | IPv6Address) -> bool:
        """The address that was judged is the one that is connected to; the name goes into Host and into the TLS hello
        alone."""
        is_secure = question.definition.protocol is ProbeProtocol.HTTPS
        host, port = question.address, question.port
        url = URL(
            f"{'https' if is_secure else 'http'}://{_bracketed(address)}:{port}{question.definition.request_path}",
            encoded=True,
        )
        named = host.host if host.literal is None else _bracketed(address)
        response = await self._opened().get(
            url,
            headers={"Host": f"{named}:{port}"},
            allow_redirects=False,
            server_hostname=named if is_secure and host.literal is None else None,
        )
        response.close()
        return response.status == WELL_STATUS

    def _opened(self) -> aiohttp.ClientSession:
        """Opened once it is needed: most fleets have no probe over HTTP."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=_unchecked(), happy_eyeballs_delay=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                timeout=aiohttp.ClientTimeout(),
                auto_decompress=False,
                read_bufsize=_BUFFER_BYTES,
            )
        return self._session


async def _connects(address: IPv4Address | IPv6Address, port: int) -> bool:
    """Opened and closed again without a word.

    Raises:
        OSError: it cannot be connected to.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
    return True


def _bracketed(address: IPv4Address | IPv6Address) -> str:
    return str(address) if address.version == 4 else f"[{address}]"


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
