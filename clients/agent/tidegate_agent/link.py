"""The link: one stream to the server at a time, for as long as the agent runs.

Up go a hello, every result until it is acknowledged, the newest report and, when there was nothing else to say, a
heartbeat; down come goal states. Law: of reports and goal states only the newest is held, results are held by the
outbox alone, so a server that is away or slow costs no memory. A stream that broke is opened again after a wait that is
drawn by chance; what cannot be mended by trying again ends the link.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import grpc
import structlog

from tidegate.v1 import host_service_pb2 as hosts
from tidegate.v1.agent_service_pb2 import (
    ConnectHostRequest,
    ConnectHostResponse,
    GoalState,
    HostHeartbeat,
    HostHello,
    HostReport,
    HostWelcome,
)
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.backoff import Backoff
from tidegate_agent.channel import bearer, open_channel, trust_of
from tidegate_agent.failed_call import problem_of
from tidegate_agent.identity import Identity
from tidegate_agent.messages import now_message
from tidegate_agent.outbox import Outbox
from tidegate_agent.problems import NotAuthenticated, Problem, Refused, Unreachable

log = structlog.stdlib.get_logger(__name__)

Call = grpc.aio.StreamStreamCall[ConnectHostRequest, ConnectHostResponse]

_CLOCK_OFF_SECONDS = 60.0
_HEARTBEAT_SHARE = (0.6, 0.9)
"""A heartbeat goes up after a share of the interval that is drawn between these: never late, never all at once."""
_LEAST_HEARTBEAT_SECONDS = 0.05
_USUAL_HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How patient the link is."""

    backoff: Callable[[], Backoff] = Backoff
    steady_seconds: float = 10.0
    """A stream that held so long was a good one: the next failure counts as the first."""
    welcome_seconds: float = 30.0
    """How long the server may take to answer hello."""
    write_seconds: float = 60.0
    """How long the server may take nothing of what is said."""
    refused_seconds: float = 300.0
    """After a refusal that trying again hardly mends, such as STREAM_REPLACED, it waits between half of this and it."""


@dataclass(slots=True)
class _Said:
    """What one stream has said already."""

    incarnations: set[int] = field(default_factory=set)


class Link:
    """The stream of one host, opened again and again."""

    def __init__(
        self,
        *,
        identity: Callable[[], Identity],
        outbox: Outbox,
        hello: Callable[[], HostHello],
        on_goal_state: Callable[[GoalState], None],
        settings: LinkSettings | None = None,
    ) -> None:
        """`identity` and `hello` are asked for anew before each stream."""
        self._identity = identity
        self._outbox = outbox
        self._hello = hello
        self._on_goal_state = on_goal_state
        self._settings = settings or LinkSettings()
        self._backoff = self._settings.backoff()
        self._report: Sequence[hosts.HandlerReport] | None = None
        self._something = asyncio.Event()
        self._afresh = asyncio.Event()
        self._connected = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether the server has welcomed the stream that is open now."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Returns once the server has welcomed a stream."""
        await self._connected.wait()

    def report(self, handlers: Sequence[hosts.HandlerReport]) -> None:
        """Tells how the handlers stand; takes the place of an earlier report that was not sent yet."""
        self._report = handlers
        self._something.set()

    def results_changed(self) -> None:
        """The outbox has a new result, which says how the handlers stand too: a report from before it is dropped."""
        self._report = None
        self._something.set()

    def open_afresh(self) -> None:
        """Opens the stream anew, with the identity as it is now; nothing that was to be said is lost by it."""
        self._afresh.set()

    async def run(self) -> None:
        """Keeps a stream open until it is cancelled.

        Raises:
            NotAuthenticated: the server does not know this host (any more).
            PlaintextRefused, AddressMalformed: the server cannot be spoken to like that.
        """
        while True:
            began = time.monotonic()
            try:
                await self._one_stream()
                continue
            except (Unreachable, Refused) as problem:
                if isinstance(problem, NotAuthenticated):
                    raise
                if time.monotonic() - began >= self._settings.steady_seconds:
                    self._backoff.reset()
                wait_seconds = self._wait_after(problem)
            # To be opened afresh while there is none means to be opened, which it is.
            await asyncio.sleep(wait_seconds)

    def _wait_after(self, problem: Problem) -> float:
        if isinstance(problem, Refused):
            most = self._settings.refused_seconds
            wait_seconds = random.uniform(most / 2, most)
            log.warning(
                "stream refused",
                reason=problem.reason,
                why=problem.message,
                advice=problem.advice,
                wait_seconds=round(wait_seconds, 1),
            )
        else:
            wait_seconds = self._backoff.next_seconds()
            log.warning(
                "stream lost",
                why=problem.message,
                advice=problem.advice,
                failures=self._backoff.failures,
                wait_seconds=round(wait_seconds, 2),
            )
        return wait_seconds

    async def _one_stream(self) -> None:
        """One stream from hello to its end; returns where it is to be opened afresh.

        Raises:
            Problem: why it ended otherwise.
        """
        self._afresh.clear()
        identity = self._identity()
        trust = trust_of(identity)
        channel = open_channel(identity.server, trust)
        was_answered = False
        try:
            call: Call = AgentServiceStub(channel).ConnectHost(metadata=bearer(identity.credential))
            try:
                await self._converse(call, identity)
            finally:
                was_answered = self._connected.is_set()
                self._connected.clear()
                call.cancel()
        except grpc.aio.AioRpcError as error:
            raise problem_of(error, server=identity.server, trust=trust, was_answered=was_answered) from error
        finally:
            await channel.close()

    async def _converse(self, call: Call, identity: Identity) -> None:
        said = _Said()
        hello = self._hello()
        # The hello says how the handlers stand, so a report from before it would only be older.
        self._report = None
        welcome = await self._greet(call, hello, identity)
        interval_seconds = welcome.heartbeat_interval.ToTimedelta().total_seconds() or _USUAL_HEARTBEAT_SECONDS
        self._note_welcome(welcome, identity, interval_seconds)
        tasks = [
            asyncio.create_task(self._read(call, identity)),
            asyncio.create_task(self._write(call, said, max(interval_seconds, _LEAST_HEARTBEAT_SECONDS), identity)),
            asyncio.create_task(self._afresh.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(task.cancelled() for task in done):
                # A write that took too long cancels the call, and reading with it.
                raise Unreachable(identity.server, "the stream was cut off", advice="It is opened again.")
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _greet(self, call: Call, hello: HostHello, identity: Identity) -> HostWelcome:
        try:
            async with asyncio.timeout(self._settings.welcome_seconds):
                await _say(call, ConnectHostRequest(hello=hello))
                first = await call.read()
        except TimeoutError:
            why = f"it did not answer hello for {self._settings.welcome_seconds:g} seconds"
            raise Unreachable(identity.server, why, advice="See what the server's log says.") from None
        if not isinstance(first, ConnectHostResponse):
            raise _ended(identity)
        if first.WhichOneof("message") != "welcome":
            raise Unreachable(identity.server, "it did not answer hello with welcome", advice="Update the agent.")
        return first.welcome

    def _note_welcome(self, welcome: HostWelcome, identity: Identity, interval_seconds: float) -> None:
        ahead_seconds = now_message().ToNanoseconds() / 1e9 - welcome.time.ToNanoseconds() / 1e9
        log.info("connected", host=identity.host, server=identity.server, heartbeat_seconds=interval_seconds)
        if welcome.HasField("time") and abs(ahead_seconds) > _CLOCK_OFF_SECONDS:
            log.warning(
                "clock is off",
                ahead_seconds=round(ahead_seconds),
                advice="Set this host's clock (timedatectl set-ntp true); certificates are judged by it.",
            )
        silence_seconds = welcome.silence_timeout.ToTimedelta().total_seconds()
        if silence_seconds > 0:
            # A server that comes back must hear of its hosts before it takes them for silent.
            self._backoff.wait_at_most(silence_seconds / 2)
        self._connected.set()

    async def _read(self, call: Call, identity: Identity) -> None:
        while True:
            response = await call.read()
            if not isinstance(response, ConnectHostResponse):
                raise _ended(identity)
            match response.WhichOneof("message"):
                case "goal_state":
                    self._on_goal_state(response.goal_state)
                case "acknowledged":
                    await self._outbox.acknowledged(response.acknowledged.incarnation)
                case other:
                    # A newer server may say more than this agent understands.
                    log.debug("message passed over", message=other)

    async def _write(self, call: Call, said: _Said, interval_seconds: float, identity: Identity) -> None:
        while True:
            self._something.clear()
            message = self._next(said)
            if message is None:
                quiet_seconds = interval_seconds * random.uniform(*_HEARTBEAT_SHARE)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(quiet_seconds):
                        await self._something.wait()
                    continue
                message = ConnectHostRequest(heartbeat=HostHeartbeat(time=now_message()))
            try:
                async with asyncio.timeout(self._settings.write_seconds):
                    await _say(call, message)
            except TimeoutError:
                why = f"it took nothing for {self._settings.write_seconds:g} seconds"
                raise Unreachable(identity.server, why, advice="See what the server's log says.") from None

    def _next(self, said: _Said) -> ConnectHostRequest | None:
        """What is to be said now: results first, then the newest report; None where there is nothing."""
        for result in self._outbox.results:
            if result.incarnation not in said.incarnations:
                said.incarnations.add(result.incarnation)
                return ConnectHostRequest(result=result)
        if self._report is None:
            return None
        handlers, self._report = self._report, None
        return ConnectHostRequest(report=HostReport(handlers=handlers))


async def _say(call: Call, message: ConnectHostRequest) -> None:
    """Writes the message; where the stream has ended, its end is told by reading, which knows why."""
    try:
        await call.write(message)
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await call.code()


def _ended(identity: Identity) -> Problem:
    """A stream that ended well was not to end: every other end is raised by reading it."""
    return Unreachable(identity.server, "it ended the stream", advice="It is opened again.")
