from pathlib import Path

import pytest

from tests.agent.test_handler_state import folder_of
from tidegate_agent.failure import SettingsFailed
from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal
from tidegate_agent.handler_commands import Conditions, HandlerCommands
from tidegate_agent.handler_state import write_extension_state
from tidegate_agent.layout import Layout
from tidegate_agent.steps import Steps, extensions_to_disable, unnamed, unnamed_extension
from tidegate_handler.version import HandlerVersion


def goal(*names: str, is_multi_config: bool = True) -> HandlerGoal:
    return HandlerGoal(
        publisher="Contoso",
        type="Web",
        version=HandlerVersion("1.0"),
        extensions=tuple(ExtensionGoal(extension_name=name, has_settings=True, sequence_number=9) for name in names),
        is_multi_config=is_multi_config,
    )


def told(extensions: tuple[ExtensionGoal | None, ...]) -> list[tuple[str, int] | None]:
    return [None if each is None else (each.extension_name, each.sequence_number) for each in extensions]


def test_of_several_extensions_those_are_disabled_that_are_enabled(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    for name in ("c", "b", "gone"):
        write_extension_state(folder, name, is_enabled=True)
    write_extension_state(folder, "a", is_enabled=False)
    for number in (3, 12):
        (folder.config / f"gone.{number}.settings").touch()
    wanted = goal("a", "b", "c")
    assert unnamed(folder, wanted) == ("gone",)
    assert told(extensions_to_disable(folder, wanted)) == [("b", 9), ("c", 9), ("gone", 12)]


def test_an_extension_without_settings_on_the_disk_has_none(tmp_path: Path) -> None:
    assert not unnamed_extension(folder_of(tmp_path), "gone").has_settings


def test_a_single_extension_is_disabled_and_a_handler_without_any_too(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    assert told(extensions_to_disable(folder, goal("web", is_multi_config=False))) == [("web", 9)]
    assert told(extensions_to_disable(folder, goal(is_multi_config=False))) == [None]


def test_a_handler_that_supports_one_extension_is_not_given_several(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    commands = ", ".join(f'"{each}Command": "x"' for each in ("install", "uninstall", "update", "enable", "disable"))
    folder.manifest.write_text(f'[{{"handlerManifest": {{{commands}}}}}]')
    steps = Steps(HandlerCommands(Layout(tmp_path / "root"), Conditions()), "")
    with pytest.raises(SettingsFailed, match="does not support several"):
        steps.configure(folder, goal("web"), goal("web").extensions[0])
    assert list(folder.config.iterdir()) == []
