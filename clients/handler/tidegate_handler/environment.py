"""What a handler is told of its surroundings: HandlerEnvironment.json, and the environment variables of its commands.

Law: the file's separators are those of Python's `json.dumps`, because some handlers' scripts read it as plain text.

Source: WALinuxAgent 2.15, exthandlers.py (create_handler_env, launch_command, install, update, enable).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from tidegate_handler.commands import NOT_RUN
from tidegate_handler.version import HandlerVersion

ENVIRONMENT_NAME = "HandlerEnvironment.json"
HEARTBEAT_NAME = "heartbeat.log"
CONFIG_FOLDER = "config"
STATUS_FOLDER = "status"
EVENTS_FOLDER = "events"
"""In the log folder; the others are in the handler's own."""

SUPPORTED_FEATURES_JSON = json.dumps([{"Key": "ExtensionTelemetryPipeline", "Value": "1.0"}])
"""What an agent can do for a handler that asks."""


class Variable(StrEnum):
    """The environment variables that an agent adds."""

    EXTENSION_PATH = "AZURE_GUEST_AGENT_EXTENSION_PATH"
    EXTENSION_VERSION = "AZURE_GUEST_AGENT_EXTENSION_VERSION"
    WIRE_PROTOCOL_ADDRESS = "AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS"
    SUPPORTED_FEATURES = "AZURE_GUEST_AGENT_EXTENSION_SUPPORTED_FEATURES"
    SEQUENCE_NUMBER = "ConfigSequenceNumber"
    EXTENSION_NAME = "ConfigExtensionName"
    UNINSTALL_EXIT_CODE = "AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE"
    VERSION = "VERSION"
    UPDATING_FROM_VERSION = "AZURE_GUEST_AGENT_UPDATING_FROM_VERSION"
    DISABLE_EXIT_CODE = "AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE"
    DISABLE_EXIT_CODES = "AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS"


def handler_environment_text(name: str, base: Path, log_folder: Path) -> str:
    """The text of HandlerEnvironment.json for the handler `name`, whose folder is `base`."""
    events = str(log_folder / EVENTS_FOLDER)
    return json.dumps(
        [
            {
                "name": name,
                "version": 1.0,
                "handlerEnvironment": {
                    "logFolder": str(log_folder),
                    "configFolder": str(base / CONFIG_FOLDER),
                    "statusFolder": str(base / STATUS_FOLDER),
                    "heartbeatFile": str(base / HEARTBEAT_NAME),
                    "eventsFolder": events,
                    "eventsFolder_preview": events,
                },
            }
        ]
    )


def every_command_environment(
    base: Path,
    version: HandlerVersion,
    wire_protocol_address: str,
    sequence_number: int,
    extension_name: str | None = None,
) -> dict[str, str]:
    """The variables of every command; the extension's name only where the handler supports several."""
    variables = {
        Variable.EXTENSION_PATH.value: str(base),
        Variable.EXTENSION_VERSION.value: str(version),
        Variable.WIRE_PROTOCOL_ADDRESS.value: wire_protocol_address,
        Variable.SEQUENCE_NUMBER.value: str(sequence_number),
        Variable.SUPPORTED_FEATURES.value: SUPPORTED_FEATURES_JSON,
    }
    if extension_name is not None:
        variables[Variable.EXTENSION_NAME.value] = extension_name
    return variables


def install_environment(uninstall_exit_code: int | None) -> dict[str, str]:
    """The variables that install and enable have beside; None: no uninstall of an old version was run."""
    code = NOT_RUN if uninstall_exit_code is None else str(uninstall_exit_code)
    return {Variable.UNINSTALL_EXIT_CODE.value: code}


def update_environment(
    to_version: HandlerVersion, from_version: HandlerVersion, disable_exit_code: int | None
) -> dict[str, str]:
    """The variables that update has beside.

    Where the old version was not enabled and so not disabled, its exit code is told as "None". For a downgrade an
    agent gives the lower version as both.
    """
    return _update_versions(to_version, from_version) | {Variable.DISABLE_EXIT_CODE.value: str(disable_exit_code)}


def update_environment_of_several(
    to_version: HandlerVersion, from_version: HandlerVersion, disable_exit_codes: Mapping[str, int | None]
) -> dict[str, str]:
    """The same where a handler supports several extensions: the exit code of each one's disable, by its name."""
    codes = [{"extensionName": name, "exitCode": str(code)} for name, code in disable_exit_codes.items()]
    return _update_versions(to_version, from_version) | {Variable.DISABLE_EXIT_CODES.value: json.dumps(codes)}


def _update_versions(to_version: HandlerVersion, from_version: HandlerVersion) -> dict[str, str]:
    return {Variable.VERSION.value: str(to_version), Variable.UPDATING_FROM_VERSION.value: str(from_version)}
