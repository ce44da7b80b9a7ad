"""Holding a house to its floors: the table of ``floors.py`` against the imports that are really there."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.floors import ANY, BANS, CLOCK_BECAUSE, CLOCK_READERS, FACADES, RESERVED, ROOMS, Facade, Room
from tests.house.source import Module, Naming, house_modules, names_imported, within

OURS = ("tidegate", "tidegate_client", "tidegate_agent", "tidegate_handler")
WALL_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A place where the house breaks a floor: ``rule`` is the floor's short name, ``because`` its reason."""

    path: Path
    line: int
    rule: str
    what: str
    because: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}. {self.because}"


def violations(repository: Path) -> tuple[Violation, ...]:
    """Everything in the checkout at ``repository`` that breaks a floor, in the order of the files."""
    modules = house_modules(repository)
    known = frozenset(module.name for module in modules)
    return tuple(found for module in modules for found in _of_module(module, known))


def room_of(name: str) -> Room | None:
    """The room that the module ``name`` lies in; the front of the package is a room of its own."""
    for room in ROOMS:
        if name == room.name or (room.name != "tidegate" and within(name, room.name)):
            return room
    return None


def _of_module(module: Module, known: frozenset[str]) -> Iterator[Violation]:
    room = room_of(module.name)
    if room is None:
        yield Violation(
            path=module.path,
            line=1,
            rule="rooms",
            what=f"{module.name} lies in no room of tests/house/floors.py",
            because="A room without a floor can lean on anything.",
        )
        return
    for naming in names_imported(module, known):
        yield from _of_naming(module, room, naming)
    yield from _builtins(module, room)
    yield from _clocks(module)


def _of_naming(module: Module, room: Room, naming: Naming) -> Iterator[Violation]:
    def broken(rule: str, what: str, because: str) -> Violation:
        return Violation(path=module.path, line=naming.line, rule=rule, what=what, because=because)

    name = naming.name
    if name.partition(".")[0] in OURS:
        if not _may_lean(room, name):
            yield broken("rooms", f"{module.name} imports {name}", room.because)
    elif not _may_use(room, name):
        yield broken("libraries", f"{module.name} uses the library {name}", room.because)
    for facade in FACADES:
        if not _may_see(module, facade, name):
            yield broken("facades", f"{module.name} names {name}", facade.because)
    for reserved in RESERVED:
        named = any(within(name, each) for each in reserved.names)
        if named and not any(within(module.name, each) for each in reserved.to):
            yield broken("reserved", f"{module.name} names {name}", reserved.because)
    for ban in BANS:
        if room.name in ban.rooms and any(within(name, each) for each in ban.modules):
            yield broken("bans", f"{module.name} imports {name}", ban.because)


def _may_lean(room: Room, name: str) -> bool:
    target = room_of(name)
    package = target.name if target else ".".join(name.split(".")[:2])
    return package == room.name or package in room.leans_on


def _may_use(room: Room, name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or not room.libraries.isdisjoint({top, ANY})


def _may_see(module: Module, facade: Facade, name: str) -> bool:
    if not within(name, facade.room) or within(module.name, facade.room):
        return True
    return module.name == facade.opener or any(within(name, each) for each in facade.seen)


def _builtins(module: Module, room: Room) -> Iterator[Violation]:
    bans = [ban for ban in BANS if room.name in ban.rooms]
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        for ban in bans:
            if node.func.id in ban.builtins:
                yield Violation(
                    path=module.path,
                    line=node.lineno,
                    rule="bans",
                    what=f"{module.name} calls {node.func.id}()",
                    because=ban.because,
                )


def _clocks(module: Module) -> Iterator[Violation]:
    if not within(module.name, "tidegate") or any(within(module.name, each) for each in CLOCK_READERS):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.expr | ast.stmt) and (what := _clock_read(node)):
            yield Violation(
                path=module.path,
                line=node.lineno,
                rule="clocks",
                what=f"{module.name} reads a clock by {what}",
                because=CLOCK_BECAUSE,
            )


def _clock_read(node: ast.expr | ast.stmt) -> str | None:
    """How ``node`` reads a clock: by the module ``time``, a wall clock's ``now``, a loop's ``time()``; None if not."""
    match node:
        case ast.Import(names=aliases) if any(alias.name == "time" for alias in aliases):
            return "import time"
        case ast.ImportFrom(module="time", level=0):
            return "from time import ..."
        case ast.Attribute(value=value, attr=attribute) if (_last_word(value), attribute) in WALL_CLOCK:
            return f"{_last_word(value)}.{attribute}"
        case ast.Call(func=ast.Attribute(value=value, attr="time"), args=[]) if "loop" in _last_word(value):
            return f"{_last_word(value)}.time()"
        case _:
            return None


def _last_word(node: ast.expr) -> str:
    """The last name of an expression: ``datetime`` of ``datetime.datetime``, ``get_running_loop`` of a call to it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=called):
            return _last_word(called)
        case _:
            return ""
