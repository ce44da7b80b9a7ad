"""The project's own Python, read as syntax trees: which modules there are, and what each of them names.

Nothing is imported, so a module that cannot be imported can still be judged, and so can a planted one.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GENERATED = "tidegate.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One Python file of ours.

    ``path`` is relative to the repository, ``name`` is what an import calls it, ``tree`` its parsed text.
    """

    path: Path
    name: str
    tree: ast.Module
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """One name that a module imports, at the line (from 1) where it does."""

    name: str
    line: int


def house_modules(repository: Path) -> tuple[Module, ...]:
    """The modules of the server and of the Python clients, the generated ones left out."""
    roots = [repository / "server", *sorted((repository / "clients").glob("*/"))]
    found = [module for root in roots for module in modules_under(root, repository)]
    return tuple(module for module in found if not within(module.name, GENERATED))


def modules_under(root: Path, repository: Path) -> Iterator[Module]:
    """The modules below ``root``, the folder that an import would look in."""
    for path in sorted(root.rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Module(
            path=path.relative_to(repository),
            name=name,
            tree=ast.parse(text, filename=str(path)),
            lines=len(text.splitlines()),
        )


def names_imported(module: Module, known: frozenset[str]) -> Iterator[Naming]:
    """What ``module`` imports, wherever in its text, under ``TYPE_CHECKING`` too: leaning on a type is leaning.

    ``from a import b`` names the module ``a.b`` where ``known`` has one, and otherwise ``a``, out of which it
    takes an attribute.
    """
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=aliases):
                yield from (Naming(name=alias.name, line=node.lineno) for alias in aliases)
            case ast.ImportFrom(names=aliases):
                source = imported_package(module, node)
                for alias in aliases:
                    inner = f"{source}.{alias.name}"
                    yield Naming(name=inner if inner in known else source, line=node.lineno)
            case _:
                pass


def imported_package(module: Module, node: ast.ImportFrom) -> str:
    """The absolute name after ``from``, with the dots of a relative import resolved."""
    if node.level == 0:
        return node.module or ""
    is_package = module.path.name == "__init__.py"
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def within(name: str, package: str) -> bool:
    """Whether the dotted ``name`` is ``package`` or lies inside it."""
    return name == package or name.startswith(f"{package}.")
