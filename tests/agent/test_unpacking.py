import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.agent.handlers import Recipe
from tests.agent.stage import Shelf
from tidegate_agent.failure import PackageFailed
from tidegate_agent.goal_state import HandlerGoal, PackageReference
from tidegate_agent.handler_state import HandlerState, read_state, write_state
from tidegate_agent.layout import HandlerFolder, Layout
from tidegate_agent.problems import PackageUnavailable
from tidegate_agent.unpacking import leftover_packages, unpack_handler
from tidegate_handler.package import Limits


async def unpack(tmp_path: Path, shelf: Shelf, goal: HandlerGoal | None = None) -> tuple[Layout, HandlerFolder]:
    layout = Layout(tmp_path / "root")
    goal = goal or shelf.handler("1.0.0")
    folder = layout.folder(goal.name, goal.version)
    await unpack_handler(layout, folder, goal, shelf.fetch, Limits())
    return layout, folder


async def test_a_handler_is_there_whole_and_not_installed(tmp_path: Path) -> None:
    layout, folder = await unpack(tmp_path, Shelf(tmp_path / "shelf", [Recipe()]))
    assert list(layout.handlers()) == [folder]
    assert read_state(folder) is HandlerState.NOT_INSTALLED
    assert {each.stat().st_mode & 0o777 for each in (folder.config, folder.status)} == {0o700}
    assert (folder.path / "bin/enable.sh").stat().st_mode & 0o100
    (environment,) = json.loads(folder.environment.read_text())
    assert environment["name"] == folder.name
    assert environment["handlerEnvironment"]["configFolder"] == str(folder.config)
    assert environment["handlerEnvironment"]["logFolder"] == str(layout.logs / folder.name)
    assert environment["handlerEnvironment"]["eventsFolder"] == str(layout.logs / folder.name / "events")
    assert (layout.logs / folder.name / "events").is_dir()
    assert not list(layout.run.iterdir())
    assert layout.unfinished() == ()


async def test_what_was_there_goes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", [Recipe()])
    layout, folder = await unpack(tmp_path, shelf)
    write_state(folder, HandlerState.FAILED_UPGRADE)
    (folder.path / "left").touch()
    await unpack(tmp_path, shelf)
    assert read_state(folder) is HandlerState.NOT_INSTALLED
    assert not (folder.path / "left").exists()
    assert layout.unfinished() == ()


async def test_a_package_that_cannot_be_had_has_the_code_1004(tmp_path: Path) -> None:
    class Empty(Shelf):
        async def fetch(self, package: PackageReference, path: Path) -> None:
            raise PackageUnavailable(package.sha256, "no server answers")

    with pytest.raises(PackageFailed, match="no server answers") as failed:
        await unpack(tmp_path, Empty(tmp_path / "shelf", [Recipe()]))
    assert failed.value.code == 1004


async def test_a_package_that_cannot_be_run_has_the_code_1005_and_leaves_nothing(tmp_path: Path) -> None:
    class Spoilt(Shelf):
        async def fetch(self, package: PackageReference, path: Path) -> None:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("README", "no manifest")

    shelf = Spoilt(tmp_path / "shelf", [Recipe()])
    with pytest.raises(PackageFailed, match="HandlerManifest") as failed:
        await unpack(tmp_path, shelf)
    assert failed.value.code == 1005
    assert not list(Layout(tmp_path / "root").library.iterdir())
    assert not list(Layout(tmp_path / "root").run.iterdir())


async def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    class Full(Shelf):
        async def fetch(self, package: PackageReference, path: Path) -> None:
            await super().fetch(package, path)
            shutil.rmtree(path.parents[1] / "lib")

    with pytest.raises(FileNotFoundError):
        await unpack(tmp_path, Full(tmp_path / "shelf", [Recipe()]))


def test_packages_that_nobody_wants_any_more_are_found(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    wanted = PackageReference(sha256="a" * 64, size_bytes=1)
    for name in (f"{'a' * 64}.zip", f".{'a' * 64}.part", f"{'b' * 64}.zip", f".{'b' * 64}.part", "command.json"):
        (layout.run / name).touch()
    assert sorted(each.name for each in leftover_packages(layout, [wanted])) == [f".{'b' * 64}.part", f"{'b' * 64}.zip"]
    assert len(leftover_packages(layout, [])) == 4
