"""A module's name says what it is about, and neither a module nor a function outgrows what one can hold in mind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.planting import plant
from tests.house.source import Module, house_modules, modules_under

# Names that fit anything, and so gather everything.
EMPTY_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "shared", "manager", "managers", "misc", "base", "types"}
)
FUNCTION_LINES = 70
MODULE_LINES = 350
TEST_MODULE_LINES = 600


def project_modules(repository: Path) -> tuple[Module, ...]:
    """Every Python module that a person writes here: the house, its clients, the tests and the benchmarks."""
    beside = [module for folder in ("tests", "benchmarks") for module in modules_under(repository / folder, repository)]
    return (*house_modules(repository), *beside)


def empty_names(modules: tuple[Module, ...]) -> Iterator[str]:
    """The modules and packages whose own name says nothing."""
    for module in modules:
        own = module.path.parent.name if module.path.name == "__init__.py" else module.path.stem
        if own.removeprefix("test_") in EMPTY_NAMES:
            yield f"{module.path}: {own!r} says nothing; put its content where its noun lives"


def long_functions(modules: tuple[Module, ...]) -> Iterator[str]:
    """The functions that do not fit on a screen, decorators not counted."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield (
                        f"{module.path}:{node.lineno}: {node.name} has {lines} lines, over {FUNCTION_LINES}; "
                        "which part of it has a name?"
                    )


def long_modules(modules: tuple[Module, ...]) -> Iterator[str]:
    """The modules that have probably taken in a second subject; tests may be longer, being many short stories."""
    for module in modules:
        most = TEST_MODULE_LINES if module.path.parts[0] == "tests" else MODULE_LINES
        if module.lines > most:
            yield f"{module.path}: {module.lines} lines, over {most}; is there a second subject with a name?"


def test_no_module_has_a_name_that_says_nothing(repository: Path) -> None:
    found = list(empty_names(project_modules(repository)))
    assert not found, "\n" + "\n".join(found)


def test_a_function_fits_on_a_screen(repository: Path) -> None:
    found = list(long_functions(project_modules(repository)))
    assert not found, "\n" + "\n".join(found)


def test_a_module_has_one_subject(repository: Path) -> None:
    found = list(long_modules(project_modules(repository)))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "path",
    [
        "server/tidegate/domain/utils.py",
        "server/tidegate/domain/types.py",
        "server/tidegate/common/__init__.py",
        "clients/python/tidegate_client/helpers.py",
        "tests/domain/test_misc.py",
        "benchmarks/base.py",
    ],
)
def test_a_planted_empty_name_is_found(tmp_path: Path, path: str) -> None:
    plant(tmp_path / path, "")
    assert [line.split(":")[0] for line in empty_names(project_modules(tmp_path))] == [path]


@pytest.mark.parametrize("head", ["def story():", "async def story():", "class Teller:\n    def story(self):"])
@pytest.mark.parametrize(("lines", "found"), [(FUNCTION_LINES, 0), (FUNCTION_LINES + 1, 1)])
def test_a_planted_long_function_is_found(tmp_path: Path, head: str, lines: int, found: int) -> None:
    indent = "        " if head.startswith("class") else "    "
    body = f"{indent}step()\n" * (lines - 1)
    plant(tmp_path / "server/tidegate/upgrade/story.py", f"{head}\n{body}")
    assert len(list(long_functions(project_modules(tmp_path)))) == found


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("server/tidegate/upgrade/story.py", MODULE_LINES),
        ("tests/upgrade/test_story.py", TEST_MODULE_LINES),
    ],
)
def test_a_planted_long_module_is_found(tmp_path: Path, path: str, most: int) -> None:
    plant(tmp_path / path, "x = 1\n" * most)
    assert list(long_modules(project_modules(tmp_path))) == []
    plant(tmp_path / path, "x = 1\n" * (most + 1))
    assert [line.split(":")[0] for line in long_modules(project_modules(tmp_path))] == [path]


def test_generated_code_is_not_judged(tmp_path: Path) -> None:
    plant(tmp_path / "server/tidegate/v1/types.py", "x = 1\n" * 1000)
    assert project_modules(tmp_path) == ()
