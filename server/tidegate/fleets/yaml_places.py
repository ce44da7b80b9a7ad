"""YAML as plain values, with the line and column of everything by its JSON path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from tidegate.domain.json_reading import MAX_DEPTH, member_path


class UnreadableYaml(ValueError):
    """The text is no YAML, or uses what is not read here; line and column count from 1."""

    def __init__(self, text: str, line: int, column: int) -> None:
        super().__init__(text)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedYaml:
    """A document's plain value, and the place of every value in it by its path."""

    value: object
    places: Mapping[str, tuple[int, int]]

    def place(self, path: str) -> tuple[int, int]:
        """Line and column of the value at `path`; where there is none, of the nearest one around it."""
        around = [known for known in self.places if path == known or path.startswith((f"{known}.", f"{known}["))]
        return self.places[max(around, key=len)] if around else (1, 1)


def read_yaml(text: str) -> PlacedYaml:
    """Read one document.

    Raises:
        UnreadableYaml: it is no YAML, names a member twice, has a member that is not named by text, refers to
            another part of itself, or is too deep.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise UnreadableYaml(f"is no YAML: {wrong.problem or wrong.context}", line, column) from wrong
    except yaml.reader.ReaderError as wrong:
        raise UnreadableYaml(f"is no YAML: {wrong.reason}", 1, 1) from wrong
    except RecursionError as wrong:
        raise UnreadableYaml("stands too deep", 1, 1) from wrong
    walk = _Walk()
    value = None if node is None else walk.plain(node, "$", 0)
    return PlacedYaml(value=value, places=walk.places)


class _Walk:
    """Turns nodes into plain values and notes where they stood."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[int, int]] = {}
        self._seen: set[int] = set()
        self._constructor = yaml.constructor.SafeConstructor()

    def plain(self, node: yaml.Node, path: str, depth: int) -> object:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in self._seen:
            raise self._refused(node, "refers to another part of the file (an alias); write it out")
        if depth > MAX_DEPTH:
            raise self._refused(node, "stands too deep")
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._members(node, path, depth)
            case yaml.SequenceNode():
                return [self.plain(inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _members(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in node.value:
            name = self._scalar(key) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, str):
                raise self._refused(key, "names a member by something that is no text")
            if name in members:
                raise self._refused(key, f"names {name!r} a second time")
            members[name] = self.plain(value, member_path(path, name), depth + 1)
        return members

    def _scalar(self, node: yaml.Node) -> object:
        try:
            return self._constructor.construct_object(node)
        except (yaml.MarkedYAMLError, ValueError) as wrong:
            raise self._refused(node, f"cannot be read: {wrong}") from wrong

    def _refused(self, node: yaml.Node, text: str) -> UnreadableYaml:
        return UnreadableYaml(text, node.start_mark.line + 1, node.start_mark.column + 1)
