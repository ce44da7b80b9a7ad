"""What the reports of a host say about it in the words of every fleet: an instance with its extensions' states.

Law: a move that failed keeps the version that last ran well, and shows until a goal state is reached; what a host
reports in between may make a state worse, never better.
"""

from __future__ import annotations

from types import MappingProxyType

from tidegate.domain.extension import ExtensionState, ProvisioningState
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionReport, HandlerReport
from tidegate.domain.instance import Instance
from tidegate.domain.order import ExtensionMove
from tidegate.domain.version import MalformedVersion, Version
from tidegate.fleets.agents.host_card import HostCard, Presence
from tidegate.fleets.agents.profile import Profile, ProfileExtension, ProfileHandler


def instance_of(card: HostCard, profile: Profile, probe: ProbeState) -> Instance:
    """The host as an instance; `probe` is what all that is known of its health makes together."""
    reports = {report.extension_type.key: report for report in card.handlers}
    moved = _moved(card)
    extensions: dict[str, ExtensionState] = {}
    for key, handler in profile.handlers.items():
        for extension in handler.extensions:
            extensions[extension.name] = _state(card, handler, extension, reports.get(key), moved)
    return Instance(
        instance_id=card.instance_id,
        zone=card.identity.zone,
        fault_domain=card.identity.fault_domain,
        extensions=MappingProxyType(extensions),
        probe=probe,
        image_version="",
        is_reachable=card.presence is not Presence.SILENT,
    )


def version_of(card: HostCard, handler: ProfileHandler, report: HandlerReport | None) -> Version:
    """The version that counts: the one that last ran well, else what is installed, else the one wanted."""
    key = handler.extension_type.key
    installed = "" if report is None else report.installed_version
    for text in (card.ran_well.get(key, ""), installed, card.wanted.get(key, "")):
        version = read_version(text)
        if version is not None:
            return version
    return handler.type_handler_version


def read_version(text: str) -> Version | None:
    """The version that a host wrote; None where it is none."""
    try:
        return Version(text)
    except MalformedVersion:
        return None


def _moved(card: HostCard) -> frozenset[str]:
    """Extensions, in lower case, that the order under way moves."""
    moves = () if card.under_way is None else card.under_way.order.moves
    return frozenset(move.extension_name.lower() for move in moves if isinstance(move, ExtensionMove))


def _state(
    card: HostCard,
    handler: ProfileHandler,
    extension: ProfileExtension,
    report: HandlerReport | None,
    moved: frozenset[str],
) -> ExtensionState:
    state, code, message = _provisioning(card, extension, report, moved)
    return ExtensionState(
        name=extension.name,
        version=version_of(card, handler, report),
        provisioning_state=state,
        code=code,
        message=message,
    )


def _provisioning(
    card: HostCard, extension: ProfileExtension, report: HandlerReport | None, moved: frozenset[str]
) -> tuple[ProvisioningState, str, str]:
    if extension.name.lower() in moved:
        return ProvisioningState.UPDATING, "", ""
    failure = card.failures.get(extension.name.lower())
    if failure is not None:
        return ProvisioningState.FAILED, code_text(failure.code), failure.message
    if report is None:
        return ProvisioningState.UPDATING, "", ""
    if report.status.lower() != "ready":
        if card.reached_incarnation < card.goal_incarnation:
            # Half of the way is no failure: the result will say what came of it.
            return ProvisioningState.UPDATING, "", ""
        return ProvisioningState.FAILED, code_text(report.code), report.message
    return _by_status(_status_of(report, extension))


def _by_status(status: ExtensionReport | None) -> tuple[ProvisioningState, str, str]:
    match None if status is None else status.status:
        case "error":
            assert status is not None
            return ProvisioningState.FAILED, code_text(status.code), status.message
        case "transitioning":
            return ProvisioningState.UPDATING, "", ""
        case _:
            return ProvisioningState.SUCCEEDED, "", ""


def _status_of(report: HandlerReport, extension: ProfileExtension) -> ExtensionReport | None:
    wanted = extension.name.lower()
    return next((each for each in report.extensions if each.extension_name.lower() == wanted), None)


def code_text(code: int) -> str:
    """A handler's or an agent's code as failures carry it; empty where there is none."""
    return str(code) if code else ""
