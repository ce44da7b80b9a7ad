"""A handler finds its folders in HandlerEnvironment.json, and the rest in its environment."""

import json
from pathlib import Path

import pytest

from tidegate_handler.environment import (
    every_command_environment,
    handler_environment_text,
    install_environment,
    update_environment,
    update_environment_of_several,
)
from tidegate_handler.version import HandlerVersion

BASE = Path("/var/lib/agent/A.B-1.2")
NEW = HandlerVersion("1.2")
OLD = HandlerVersion("1.1.5")


def test_the_file_names_every_folder() -> None:
    document = json.loads(handler_environment_text("A.B", BASE, Path("/var/log/azure/A.B")))
    assert document == [
        {
            "name": "A.B",
            "version": 1.0,
            "handlerEnvironment": {
                "logFolder": "/var/log/azure/A.B",
                "configFolder": "/var/lib/agent/A.B-1.2/config",
                "statusFolder": "/var/lib/agent/A.B-1.2/status",
                "heartbeatFile": "/var/lib/agent/A.B-1.2/heartbeat.log",
                "eventsFolder": "/var/log/azure/A.B/events",
                "eventsFolder_preview": "/var/log/azure/A.B/events",
            },
        }
    ]


def test_a_script_that_reads_the_file_as_text_finds_its_log_folder() -> None:
    text = handler_environment_text("A.B", BASE, Path("/var/log/azure/A.B"))
    assert '"logFolder": "/var/log/azure/A.B",' in text
    assert "\n" not in text


def test_every_command_knows_its_handler_and_the_sequence_number() -> None:
    assert every_command_environment(BASE, NEW, "127.0.0.1", 3) == {
        "AZURE_GUEST_AGENT_EXTENSION_PATH": "/var/lib/agent/A.B-1.2",
        "AZURE_GUEST_AGENT_EXTENSION_VERSION": "1.2",
        "AZURE_GUEST_AGENT_WIRE_PROTOCOL_ADDRESS": "127.0.0.1",
        "AZURE_GUEST_AGENT_EXTENSION_SUPPORTED_FEATURES": '[{"Key": "ExtensionTelemetryPipeline", "Value": "1.0"}]',
        "ConfigSequenceNumber": "3",
    }


def test_one_of_several_extensions_is_named() -> None:
    assert every_command_environment(BASE, NEW, "", 0, "web")["ConfigExtensionName"] == "web"


@pytest.mark.parametrize(("code", "text"), [(None, "NOT_RUN"), (0, "0"), (127, "127")])
def test_install_and_enable_are_told_how_the_old_uninstall_ended(code: int | None, text: str) -> None:
    assert install_environment(code) == {"AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE": text}


@pytest.mark.parametrize(("code", "text"), [(0, "0"), (127, "127"), (None, "None")])
def test_update_is_told_the_versions_and_how_the_old_disable_ended(code: int | None, text: str) -> None:
    assert update_environment(NEW, OLD, code) == {
        "VERSION": "1.2",
        "AZURE_GUEST_AGENT_UPDATING_FROM_VERSION": "1.1.5",
        "AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE": text,
    }


def test_update_of_several_extensions_is_told_the_end_of_each_disable() -> None:
    environment = update_environment_of_several(NEW, OLD, {"web": 0, "api": None})
    assert json.loads(environment["AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS"]) == [
        {"extensionName": "web", "exitCode": "0"},
        {"extensionName": "api", "exitCode": "None"},
    ]
    assert "AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE" not in environment
