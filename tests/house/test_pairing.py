"""Each module has the test module of the same name: ``upgrade/decide.py``, ``upgrade/test_decide.py``.

Those of the agent are tested in ``tests/agent``, those of the handler contract in ``tests/handler``.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.house.planting import plant
from tests.house.source import house_modules

# Modules without a test module of their own, each with the reason. Keep this short.
EXCUSED: Mapping[str, str] = {
    "journal/promise.py": "a Protocol without code; tests/contracts runs one suite against every journal that keeps it",
    "journal/register.py": "a Protocol and its values; tests/contracts runs one suite against every register",
    "fleets/promise.py": "a Protocol without code; tests/contracts runs one suite against every fleet that keeps it",
    "fleets/agents/promise.py": "Protocols and their values; tests/fleets/agents tests the desk that keeps them",
    "packages/promise.py": "a Protocol without code; tests/packages runs one suite against every store that keeps it",
}

# Where modules stand, and where the tests of each stand.
PAIRED: Mapping[str, str] = {
    "server/tidegate": "tests",
    "clients/agent/tidegate_agent": "tests/agent",
    "clients/handler/tidegate_handler": "tests/handler",
}

CODE = "x = 1\n"
TEST = "def test_it() -> None: ...\n"


def unpaired(repository: Path, excused: Mapping[str, str]) -> Iterator[str]:
    """The modules whose test is missing or empty, and the excuses that nobody needs any more."""
    named = set[str]()
    for house, tests in PAIRED.items():
        for module in house_modules(repository):
            if not module.path.is_relative_to(house) or module.path.name.startswith("__"):
                continue
            path = module.path.relative_to(house)
            name = path.as_posix() if house == "server/tidegate" else f"{Path(house).name}/{path.as_posix()}"
            named.add(name)
            test = Path(tests) / path.parent / f"test_{path.name}"
            tested = has_tests(repository / test)
            if not tested and name not in excused:
                yield f"{module.path} has no test: write {test}, or excuse it in tests/house/test_pairing.py"
            if tested and name in excused:
                yield f"{module.path} is excused from having a test, but has {test}: drop the excuse"
    for name in sorted(set(excused) - named):
        yield f"{name} is excused from having a test, but there is no such module: drop the excuse"


def has_tests(path: Path) -> bool:
    """Whether there is a file at ``path`` with at least one test in it."""
    if not path.is_file():
        return False
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_every_module_of_the_server_has_its_test(repository: Path) -> None:
    found = list(unpaired(repository, EXCUSED))
    assert not found, "\n" + "\n".join(found)


def test_an_excuse_says_why() -> None:
    for name, reason in EXCUSED.items():
        assert len(reason.split()) > 5, f"{name}: why does it need no test of its own?"


def test_a_planted_module_without_a_test_is_found(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/upgrade/decide.py", CODE)
    plant(tmp_path / "server/tidegate/api/arm/paths.py", CODE)
    assert [line.split(" has")[0] for line in unpaired(tmp_path, {})] == [
        "server/tidegate/api/arm/paths.py",
        "server/tidegate/upgrade/decide.py",
    ]


def test_a_planted_module_of_the_agent_without_a_test_is_found(tmp_path: Path) -> None:
    plant(tmp_path / "clients/agent/tidegate_agent/engine.py", CODE)
    plant(tmp_path / "clients/handler/tidegate_handler/manifest.py", CODE)
    plant(tmp_path / "tests/handler/test_manifest.py", TEST)
    assert [line.split(" has")[0] for line in unpaired(tmp_path, {})] == ["clients/agent/tidegate_agent/engine.py"]


def test_a_test_module_without_a_test_in_it_does_not_count(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/upgrade/decide.py", CODE)
    plant(tmp_path / "tests/upgrade/test_decide.py", CODE)
    assert len(list(unpaired(tmp_path, {}))) == 1


def test_a_test_of_the_same_name_in_another_room_does_not_count(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/upgrade/decide.py", CODE)
    plant(tmp_path / "tests/policy/test_decide.py", TEST)
    assert len(list(unpaired(tmp_path, {}))) == 1


def test_paired_excused_and_generated_modules_pass(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/upgrade/decide.py", CODE)
    plant(tmp_path / "tests/upgrade/test_decide.py", "async def test_it() -> None: ...\n")
    plant(tmp_path / "server/tidegate/journal/promise.py", CODE)
    plant(tmp_path / "server/tidegate/v1/upgrades_pb2.py", CODE)
    plant(tmp_path / "server/tidegate/upgrade/__init__.py", CODE)
    assert list(unpaired(tmp_path, {"journal/promise.py": "a Protocol"})) == []


def test_an_excuse_nobody_needs_is_found(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/upgrade/decide.py", CODE)
    plant(tmp_path / "tests/upgrade/test_decide.py", TEST)
    found = list(unpaired(tmp_path, {"upgrade/decide.py": "once a Protocol", "upgrade/gone.py": "once a Protocol"}))
    assert [line.split(" is excused")[0] for line in found] == [
        "server/tidegate/upgrade/decide.py",
        "upgrade/gone.py",
    ]
