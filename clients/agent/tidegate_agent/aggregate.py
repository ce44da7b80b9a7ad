"""How the handlers of a root stand: what the agent, their heartbeats and their status files say, in one report each.

Law: what is reported is what the disk says at that moment; nothing is remembered beside it but how often a status file
was bad. An extension's status counts only for a version that came so far as to be installed or updated.

Source: WALinuxAgent 2.15, exthandlers.py (report_ext_handler_status, collect_heartbeat), and what it said when it was
run: a missing or malformed heartbeat is told from the next report on, and its code is handed on as -1 from then.
"""

from __future__ import annotations

import contextlib
import time

from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal
from tidegate_agent.handler_state import (
    NOT_READY,
    HandlerState,
    HandlerStatus,
    installed,
    read_state,
    read_status_of_handler,
    write_status_of_handler,
)
from tidegate_agent.layout import HandlerFolder, Layout
from tidegate_agent.reading import Files, open_file
from tidegate_agent.report import HandlerReport, bounded
from tidegate_agent.settings_files import status_file_name
from tidegate_agent.standing import StandingHandler
from tidegate_agent.status_files import Awaited, StatusFiles
from tidegate_handler.commands import AgentCode
from tidegate_handler.heartbeat import UNRESPONSIVE, judge_heartbeat
from tidegate_handler.manifest import ManifestMalformed, read_manifest

NO_HEARTBEAT = HandlerStatus(
    status=NOT_READY, code=AgentCode.UNKNOWN_FAILURE, message="[ExtensionError] Failed to get heart beat file"
)
_NOT_YET = HandlerStatus(status=NOT_READY, message="The handler has not been worked on yet")

_LARGEST_HEARTBEAT_BYTES = 1_048_576


def awaited(folder: HandlerFolder, goal: HandlerGoal, extension: ExtensionGoal) -> Awaited:
    """The extension with the place of its status file."""
    name = status_file_name(extension, is_multi_config=goal.is_multi_config)
    full_name = f"{goal.name}.{extension.extension_name}" if goal.is_multi_config else goal.name
    return Awaited(handler=full_name, extension=extension, path=folder.status / name)


def handler_report(layout: Layout, standing: StandingHandler, status_files: StatusFiles, files: Files) -> HandlerReport:
    """How one handler stands."""
    goal = standing.goal
    versions = layout.versions(goal.name)
    folder = next((each for each in versions if each.version == goal.version), None)
    if folder is None:
        folder = layout.folder(goal.name, goal.version)
    status = read_status_of_handler(folder, files) or standing.status or _NOT_YET
    state = read_state(folder, files)
    if state is not HandlerState.NOT_INSTALLED:
        status = _with_heartbeat(folder, status, files)
    has_come_far = state is not HandlerState.NOT_INSTALLED or goal.is_multi_config
    with_settings = [each for each in goal.extensions if each.has_settings] if has_come_far else []
    current = installed(versions, files)
    return bounded(
        HandlerReport(
            publisher=goal.publisher,
            type=goal.type,
            version=str(goal.version),
            status=status.status,
            code=status.code,
            message=status.message,
            installed_version=str(current.version) if current is not None else "",
            handler_state=read_state(current, files).value if current is not None else "",
            extensions=tuple(status_files.report(awaited(folder, goal, each)) for each in with_settings),
        )
    )


def _with_heartbeat(folder: HandlerFolder, status: HandlerStatus, files: Files) -> HandlerStatus:
    """The status with what the heartbeat says, where the manifest promises one."""
    with contextlib.suppress(OSError, ManifestMalformed):
        if files.read(folder.manifest, read_manifest).report_heartbeat:
            return _heartbeat(folder, status)
    return status


def _heartbeat(folder: HandlerFolder, status: HandlerStatus) -> HandlerStatus:
    health = judge_heartbeat(*_read_heartbeat(folder))
    if health.status == UNRESPONSIVE and health.code:
        return HandlerStatus(status=health.status, code=status.code, message=status.message)
    if health.code:
        if status != NO_HEARTBEAT:
            write_status_of_handler(folder, NO_HEARTBEAT)
        return status
    return HandlerStatus(status=health.status, code=status.code, message=health.message or status.message)


def _read_heartbeat(folder: HandlerFolder) -> tuple[bytes | None, float]:
    try:
        with open_file(folder.heartbeat) as file:
            age_seconds = time.time() - folder.heartbeat.stat().st_mtime
            return file.read(_LARGEST_HEARTBEAT_BYTES), age_seconds
    except OSError:
        return None, 0.0
