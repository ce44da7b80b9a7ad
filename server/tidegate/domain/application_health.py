"""Application health: what the Application Health extension says of the application on its host, and how that and the
load balancer's probe make one state.

Law: the worse of two sources counts. Azure lets a scale set have one source alone; where both are there, neither can
excuse the other.

Source: Azure/applicationhealth-extension-linux, plugins/apphealth/health.go and the loop of its enable command, which
writes two substatuses. `AppHealthStatus` is the binary one, of version 1 and still there in version 2: its status is
error for Unhealthy and Unknown and success otherwise, for Initializing too. `ApplicationHealthState` is the rich one of
version 2: its message is the state's name, while its status is success even for Unhealthy. So the rich one is read by
its message, and only where it is missing is the binary one read, by its status.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidegate.domain.extension import ExtensionType
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionReport, HandlerReport

HANDLERS = frozenset(
    {
        "microsoft.managedservices/applicationhealthlinux",
        "microsoft.managedservices/applicationhealthwindows",
    }
)
"""The keys of the types that report application health."""

_BINARY = "apphealthstatus"
_RICH = "applicationhealthstate"
_GRAVITY = (
    ProbeState.NONE,
    ProbeState.HEALTHY,
    ProbeState.INITIALIZING,
    ProbeState.UNKNOWN,
    ProbeState.UNHEALTHY,
)
_RICH_STATES = {
    state.lower(): state
    for state in (ProbeState.INITIALIZING, ProbeState.HEALTHY, ProbeState.UNHEALTHY, ProbeState.UNKNOWN)
}
_BINARY_STATES = {
    "success": ProbeState.HEALTHY,
    "error": ProbeState.UNHEALTHY,
    "transitioning": ProbeState.INITIALIZING,
}


def is_application_health(extension_type: ExtensionType) -> bool:
    """Whether extensions of this type say how the application on their host is."""
    return extension_type.key in HANDLERS


def worst(states: Iterable[ProbeState]) -> ProbeState:
    """The gravest: Unhealthy, then Unknown, Initializing, Healthy; None where nothing is said."""
    return max(states, key=_GRAVITY.index, default=ProbeState.NONE)


def application_health(handlers: Iterable[HandlerReport], *, is_expected: bool) -> ProbeState:
    """What the extension says on one host, by what the host's agent reported of its handlers.

    `is_expected`: the scale set's profile has the extension. Without a report of it the state is then Initializing, and
    None where nobody expects one. A handler that is installed and not enabled yet, or has said nothing yet, is waited
    for; one that failed or does not respond leaves the state Unknown, since what it said last is not true any more.
    """
    said = [_of_handler(handler) for handler in handlers if is_application_health(handler.extension_type)]
    if not said and is_expected:
        return ProbeState.INITIALIZING
    return worst(said)


def health_of(
    *, load_balancer: ProbeState, application: ProbeState, is_silent: bool = False, is_awaited: bool = False
) -> ProbeState:
    """The one state of an instance, of its two sources and of whether its agent can be heard.

    A silent host is Unknown, whatever was last said of it; one that is awaited, since it or this server has just
    started, is Initializing unless a source says worse. None from both sources: the instance has no probe, and its
    extensions alone say how it is.
    """
    if is_silent:
        return ProbeState.UNKNOWN
    awaited = ProbeState.INITIALIZING if is_awaited else ProbeState.NONE
    return worst((load_balancer, application, awaited))


def _of_handler(handler: HandlerReport) -> ProbeState:
    status = handler.status.lower()
    if status != "ready":
        is_on_its_way = status == "installing" or (status == "notready" and handler.code == 0)
        return ProbeState.INITIALIZING if is_on_its_way else ProbeState.UNKNOWN
    return worst(map(_of_extension, handler.extensions)) if handler.extensions else ProbeState.INITIALIZING


def _of_extension(extension: ExtensionReport) -> ProbeState:
    parts = {part.name.lower(): part for part in reversed(extension.substatus)}
    if rich := parts.get(_RICH):
        return _RICH_STATES.get(rich.message.strip().lower(), ProbeState.UNKNOWN)
    if binary := parts.get(_BINARY):
        return _BINARY_STATES.get(binary.status.lower(), ProbeState.UNKNOWN)
    return ProbeState.UNKNOWN if extension.status.lower() == "error" else ProbeState.INITIALIZING
