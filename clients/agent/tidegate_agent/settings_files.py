"""Settings, written where a handler looks for them.

Law: one file for each sequence number, whole from the moment it appears; the one written last is the newest, since some
handlers go by that. Protected settings are on the disk as they came, encrypted for this host.

Source: WALinuxAgent 2.15, exthandlers.py (update_settings); the reading side: azure-linux-extensions, HandlerUtil.py.
"""

from __future__ import annotations

import base64
import contextlib

from tidegate_agent.durable_file import write_durably
from tidegate_agent.failure import SettingsFailed
from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.layout import HandlerFolder
from tidegate_handler.settings import NO_SETTINGS_TEXT, SettingsMalformed, settings_name, settings_text, status_name


def sequence_number(extension: ExtensionGoal | None) -> int:
    """The number by which commands and files know the extension's settings; 0 where it has none."""
    return extension.sequence_number if extension is not None and extension.has_settings else 0


def status_file_name(extension: ExtensionGoal, *, is_multi_config: bool) -> str:
    """The name of the status file that belongs to the extension's settings."""
    return status_name(sequence_number(extension), extension.extension_name if is_multi_config else None)


def has_settings_file(folder: HandlerFolder, extension: ExtensionGoal, is_multi_config: bool) -> bool:
    """Whether the extension's settings lie where its handler looks for them."""
    name = extension.extension_name if is_multi_config else None
    with contextlib.suppress(ValueError):
        return (folder.config / settings_name(sequence_number(extension), name)).is_file()
    return False


def write_settings(
    folder: HandlerFolder, extension: ExtensionGoal | None, *, is_multi_config: bool, thumbprint: str
) -> None:
    """Write the settings file of one extension; `thumbprint` is that of this host's settings certificate.

    Raises:
        SettingsFailed: the settings are malformed, or the extension's name cannot be part of a file's name.
        OSError: the file cannot be written.
    """
    name = extension.extension_name if extension is not None and is_multi_config else None
    try:
        path = folder.config / settings_name(sequence_number(extension), name)
        text = NO_SETTINGS_TEXT if extension is None or not extension.has_settings else _text(extension, thumbprint)
    except SettingsMalformed as malformed:
        raise SettingsFailed(str(malformed)) from None
    except ValueError as unfit:
        raise SettingsFailed(str(unfit)) from unfit
    write_durably(path, text.encode())


def _text(extension: ExtensionGoal, thumbprint: str) -> str:
    protected = base64.b64encode(extension.protected_settings).decode() if extension.protected_settings else None
    return settings_text(extension.public_settings_json or None, protected, None if protected is None else thumbprint)
