"""Who may call what: one table.

Law: what the table does not allow is refused, for every method there is, grpcio's own among them. Without TLS only this
machine is listened to, and anyone on it may call everything; what a host may do is then its credential's to show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import grpc

from tidegate.api.callers import Caller, CallerKind, caller_of
from tidegate.domain.host_refusal import NotPermitted

_AGENT = "/tidegate.v1.AgentService/"
_JOIN = f"{_AGENT}JoinHost"
_HEALTH = "/grpc.health.v1.Health/"

PERMITTED: Mapping[CallerKind, Callable[[str], bool]] = MappingProxyType(
    {
        CallerKind.ANYONE: lambda _: True,
        CallerKind.JOINER: lambda method: method == _JOIN,
        CallerKind.HOST: lambda method: method.startswith((_AGENT, _HEALTH)) and method != _JOIN,
        CallerKind.OPERATOR: lambda method: not method.startswith(_AGENT),
    }
)
"""Of every kind of caller, whether it may call the method at a path such as `/tidegate.v1.HostService/GetHost`."""

assert set(PERMITTED) == set(CallerKind), "every kind of caller has its row"


def check_permitted(caller: Caller, method: str) -> None:
    """Return where `caller` may call `method`.

    Raises:
        NotPermitted: it may not.
    """
    if not PERMITTED[caller.kind](method):
        raise NotPermitted(f"The {caller}", method.removeprefix("/"))


def admit(method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    """Return where whoever makes this call may make it.

    Raises:
        NotAuthenticated: nobody whom this server knows.
        NotPermitted: somebody else's to call.
    """
    check_permitted(caller_of(context), method)
