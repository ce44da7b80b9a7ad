"""Hosts in this process, for tests: the other side of the desk, with handlers that do at once what they are told.

A peer joins with a token, keeps a line open, works goal states through one after the other and says what came of it.
It holds to the contract of `agent_service.proto`: an incarnation that it reached is not worked through again, and a
result is repeated until it is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.fleets.agents.tokens import spoken
from tidegate.domain.host import (
    ExtensionFailure,
    ExtensionReport,
    GoalState,
    GoalStateResult,
    HandlerGoal,
    HandlerReport,
    HostHello,
    Wanted,
)
from tidegate.domain.host_refusal import StreamReplaced
from tidegate.domain.refusal import Refusal
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.agents.promise import Acknowledged, HostDesk, HostLine, Joined, Joining

Failing = Callable[[HandlerGoal], ExtensionFailure | None]
"""What is wrong with a handler of a goal state on a host, if anything is."""


def nothing_fails(_: HandlerGoal) -> ExtensionFailure | None:
    """Every handler does what it is told."""
    return None


@functools.cache
def settings_key(number: int = 0) -> rsa.RSAPrivateKey:
    """The settings key of a host; `number` tells those of different hosts apart."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@functools.cache
def settings_certificate(number: int = 0) -> str:
    """The settings certificate of a host, as PEM."""
    key = settings_key(number)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"host {number}")])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + datetime.timedelta(days=3_650))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def joining(token: str, instance_id: str, *, zone: str = "", probe_address: str = "", key: int = 0) -> Joining:
    """A machine that wants to be a host; `token` is its text."""
    return Joining(
        token=spoken(token),
        instance_id=instance_id,
        zone=zone,
        labels={"team": "web"},
        probe_address=probe_address,
        agent_version="1.0",
        platform="linux test",
        settings_certificate=settings_certificate(key),
    )


async def joined(
    desk: HostDesk, scale_set: ScaleSetId, instance_id: str, *, zone: str = "", probe_address: str = ""
) -> Joined:
    """A host that has joined with a token of its own."""
    token = await desk.create_token(scale_set, "", 3_600.0)
    return await desk.join(joining(token.text, instance_id, zone=zone, probe_address=probe_address))


class Peer:
    """One host that has joined."""

    def __init__(self, desk: HostDesk, credential: str, failing: Failing = nothing_fails) -> None:
        self.desk = desk
        self.credential = credential
        self.failing = failing
        self.installed: dict[str, HandlerReport] = {}
        self.worked: list[GoalState] = []
        """Every goal state that it worked through, in order."""
        self.results: list[GoalStateResult] = []
        """Those that were not acknowledged."""
        self.reached = 0
        self.may_work = asyncio.Event()
        self.may_work.set()
        self.ended_by: Refusal | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, and stay so."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def ended(self) -> Refusal:
        """Why the server ended the line."""
        assert self._task is not None
        async with asyncio.timeout(20):
            await self._task
        assert self.ended_by is not None
        return self.ended_by

    def hello(self, reached: int | None = None) -> HostHello:
        """What it says first."""
        return HostHello(
            agent_version="1.0",
            platform="linux test",
            at_ms=None,
            probe_address=self.probe_address,
            reached_incarnation=self.reached if reached is None else reached,
            handlers=tuple(self.installed.values()),
        )

    probe_address = ""

    async def _run(self) -> None:
        try:
            line = await self.desk.connect(self.desk.authenticate(self.credential), self.hello())
        except Refusal as refusal:
            self.ended_by = refusal
            return
        try:
            await self._converse(line)
        except Refusal as refusal:
            self.ended_by = refusal
        finally:
            line.close()

    async def _converse(self, line: HostLine) -> None:
        for result in tuple(self.results):
            await line.finished(result)
        while True:
            for down in await line.next():
                match down:
                    case Acknowledged(incarnation=incarnation):
                        self.results = [each for each in self.results if each.incarnation != incarnation]
                    case GoalState() if down.incarnation > self.reached:
                        await self.may_work.wait()
                        self.results.append(self.work_through(down))
                        await line.finished(self.results[-1])

    def work_through(self, goal_state: GoalState) -> GoalStateResult:
        """Bring the handlers to where the goal state wants them, each for itself."""
        self.worked.append(goal_state)
        failures = []
        named = set()
        for handler in goal_state.handlers:
            key = handler.extension_type.key
            if handler.wanted is Wanted.UNINSTALL:
                self.installed.pop(key, None)
                continue
            named.add(key)
            failure = self.failing(handler)
            if failure is None and handler.package is None:
                failure = ExtensionFailure(
                    extension_name=handler.extensions[0].extension_name, code=-1, message="There is no package."
                )
            if failure is not None:
                failures += [
                    ExtensionFailure(extension_name=each.extension_name, code=failure.code, message=failure.message)
                    for each in handler.extensions
                ]
            self.installed[key] = self._report(handler, failure)
        self.installed = {key: report for key, report in self.installed.items() if key in named}
        self.reached = goal_state.incarnation
        return GoalStateResult(
            incarnation=goal_state.incarnation,
            operation_id=goal_state.operation_id,
            failures=tuple(failures),
            handlers=tuple(self.installed.values()),
        )

    def _report(self, handler: HandlerGoal, failure: ExtensionFailure | None) -> HandlerReport:
        before = self.installed.get(handler.extension_type.key)
        if failure is not None:
            return HandlerReport(
                extension_type=handler.extension_type,
                version=str(handler.version),
                status="NotReady",
                code=failure.code,
                message=failure.message,
                installed_version="" if before is None else before.installed_version,
                handler_state="" if before is None else "Installed",
            )
        return HandlerReport(
            extension_type=handler.extension_type,
            version=str(handler.version),
            status="Ready",
            message="Plugin enabled",
            installed_version=str(handler.version),
            handler_state="Enabled",
            extensions=tuple(
                ExtensionReport(
                    extension_name=each.extension_name,
                    sequence_number=each.sequence_number,
                    status="success",
                    operation="Enable",
                )
                for each in handler.extensions
                if each.has_settings
            ),
        )


async def replaced(peer: Peer) -> bool:
    """The peer's line ended because a later one took its place."""
    return isinstance(await peer.ended(), StreamReplaced)
