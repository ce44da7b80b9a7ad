import base64
import json
from pathlib import Path

import pytest

from tests.agent.test_handler_state import folder_of
from tidegate_agent.failure import SettingsFailed
from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.settings_files import sequence_number, status_file_name, write_settings

THUMBPRINT = "F" * 40


def test_settings_are_written_with_all_three_keys(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    extension = ExtensionGoal(
        extension_name="web",
        has_settings=True,
        sequence_number=7,
        public_settings_json='{"port": 80}',
        protected_settings=b"\x30\x82sealed",
    )
    write_settings(folder, extension, is_multi_config=False, thumbprint=THUMBPRINT)
    path = folder.config / "7.settings"
    assert json.loads(path.read_text())["runtimeSettings"][0]["handlerSettings"] == {
        "publicSettings": {"port": 80},
        "protectedSettings": base64.b64encode(b"\x30\x82sealed").decode(),
        "protectedSettingsCertThumbprint": THUMBPRINT,
    }
    assert path.stat().st_mode & 0o777 == 0o600


def test_settings_without_protected_ones_have_no_thumbprint(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    extension = ExtensionGoal(extension_name="web", has_settings=True)
    write_settings(folder, extension, is_multi_config=False, thumbprint=THUMBPRINT)
    settings = json.loads((folder.config / "0.settings").read_text())["runtimeSettings"][0]["handlerSettings"]
    assert set(settings.values()) == {None}


@pytest.mark.parametrize("extension", [None, ExtensionGoal(extension_name="web", sequence_number=9)])
def test_no_settings_are_an_empty_file(tmp_path: Path, extension: ExtensionGoal | None) -> None:
    folder = folder_of(tmp_path)
    write_settings(folder, extension, is_multi_config=False, thumbprint=THUMBPRINT)
    assert [(each.name, each.read_bytes()) for each in folder.config.iterdir()] == [("0.settings", b"")]
    assert sequence_number(extension) == 0


def test_files_carry_the_name_of_one_of_several(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    extension = ExtensionGoal(extension_name="web", has_settings=True, sequence_number=3)
    write_settings(folder, extension, is_multi_config=True, thumbprint=THUMBPRINT)
    assert [each.name for each in folder.config.iterdir()] == ["web.3.settings"]
    assert status_file_name(extension, is_multi_config=True) == "web.3.status"
    assert status_file_name(extension, is_multi_config=False) == "3.status"


@pytest.mark.parametrize("text", ["[]", "not json with a secret", "1"])
def test_malformed_settings_are_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    extension = ExtensionGoal(extension_name="web", has_settings=True, public_settings_json=text)
    with pytest.raises(SettingsFailed) as refused:
        write_settings(folder_of(tmp_path), extension, is_multi_config=False, thumbprint=THUMBPRINT)
    assert "secret" not in str(refused.value)


def test_a_name_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    extension = ExtensionGoal(extension_name="../web", has_settings=True)
    with pytest.raises(SettingsFailed, match="part of file names"):
        write_settings(folder_of(tmp_path), extension, is_multi_config=True, thumbprint=THUMBPRINT)
