"""Leaving: the host takes leave of its server, and forgets who it was.

Law: the server is told first. Only a server that knows the host no longer, or `force`, makes it forget without.
What the host runs stays as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import grpc
import structlog

from tidegate.v1.agent_service_pb2 import LeaveHostRequest
from tidegate.v1.agent_service_pb2_grpc import AgentServiceStub
from tidegate_agent.channel import bearer, open_channel, trust_of
from tidegate_agent.failed_call import problem_of
from tidegate_agent.identity import Identity, IdentityFolder
from tidegate_agent.layout import Layout
from tidegate_agent.outbox import forget_outbox
from tidegate_agent.problems import NotAuthenticated, Problem

log = structlog.stdlib.get_logger(__name__)

_CALL_SECONDS = 20.0
_FINISHED = "finished"


async def leave(root: Path, *, identity: Callable[[], Identity], force: bool = False) -> None:
    """Leaves for good. `force` forgets the host here even where no server can be told.

    Raises:
        NotJoined: no host has joined from this root.
        Unreachable, Refused: the server could not be told; nothing is forgotten.
    """
    host = identity()
    try:
        await _tell(host)
    except NotAuthenticated as unknown:
        log.info("server knows the host no longer", host=host.host, why=unknown.message)
    except Problem as problem:
        if not force:
            raise
        log.warning("server not told", host=host.host, why=problem.message, advice="Remove it: tidegate host remove.")
    layout = Layout(root)
    # Another host's goal states count from 1 again, and must not be taken for those that this one worked through.
    shutil.rmtree(layout.state / _FINISHED, ignore_errors=True)
    forget_outbox(root)
    IdentityFolder(root).forget(layout.library)
    log.info("left", host=host.host)


async def _tell(host: Identity) -> None:
    trust = trust_of(host)
    channel = open_channel(host.server, trust)
    try:
        await AgentServiceStub(channel).LeaveHost(
            LeaveHostRequest(), metadata=bearer(host.credential), timeout=_CALL_SECONDS
        )
    except grpc.aio.AioRpcError as error:
        raise problem_of(error, server=host.server, trust=trust) from error
    finally:
        await channel.close()
