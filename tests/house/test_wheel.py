"""The wheel carries what an installed Tidegate needs, nothing else, and finds the shipped policies where it stands."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

# One build serves all of these, so they run in one worker.
pytestmark = pytest.mark.xdist_group("wheel")

FINDS_ITS_RULES = """\
import tidegate, tidegate_client
from tidegate.cli.shipped_rules import shipped_rules_path

print(tidegate.__file__)
print(tidegate_client.__file__)
print(shipped_rules_path())
"""


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    dist = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(repository)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = dist.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def carried(wheel: Path) -> frozenset[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.mark.parametrize("package", ["tidegate", "tidegate_client"])
def test_both_packages_say_that_they_are_typed(carried: frozenset[str], package: str) -> None:
    assert f"{package}/__init__.py" in carried
    assert f"{package}/py.typed" in carried


def test_everything_in_rules_is_carried(repository: Path, carried: frozenset[str]) -> None:
    rules = repository / "rules"
    shipped = {f"tidegate/rules/{path.relative_to(rules).as_posix()}" for path in rules.rglob("*") if path.is_file()}
    assert any(name.endswith(".yaml") for name in shipped)
    assert any(name.endswith(".schema.json") for name in shipped)
    assert shipped <= carried


def test_the_handler_of_the_demo_is_carried_whole(carried: frozenset[str]) -> None:
    handler = "tidegate/cli/demo_hosts/handler"
    assert {f"{handler}/{name}" for name in ("HandlerManifest.json", "bin/handler", "web.py")} <= carried


def test_the_contract_is_carried_with_its_types(repository: Path, carried: frozenset[str]) -> None:
    generated = {f"tidegate/v1/{path.name}" for path in (repository / "server/tidegate/v1").glob("*.py*")}
    assert any(name.endswith("_pb2.pyi") for name in generated)
    assert generated <= carried


def test_nothing_else_is_carried(wheel: Path, carried: frozenset[str]) -> None:
    name, version, *_ = wheel.name.split("-")
    assert {carried_name.partition("/")[0] for carried_name in carried} == {
        "tidegate",
        "tidegate_agent",
        "tidegate_client",
        "tidegate_handler",
        f"{name}-{version}.dist-info",
    }
    assert not [each for each in carried if "__pycache__" in each or "/test" in each]


def test_the_command_and_the_licence_are_declared(wheel: Path) -> None:
    name, version, *_ = wheel.name.split("-")
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"{name}-{version}.dist-info/entry_points.txt").decode()
        licence = archive.read(f"{name}-{version}.dist-info/licenses/LICENSE").decode()
    assert "tidegate = tidegate.cli.main:main" in entry_points
    assert "Apache License" in licence


def test_an_unpacked_wheel_finds_its_own_rules(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", FINDS_ITS_RULES],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    package, client, rules = map(Path, told.stdout.splitlines())
    assert package == site / "tidegate/__init__.py"
    assert client == site / "tidegate_client/__init__.py"
    assert rules == site / "tidegate/rules"
    assert list(rules.glob("*.yaml"))
