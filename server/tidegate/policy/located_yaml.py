"""Reads YAML so that every value knows its file, line and column.

Law: only plain trees get through. Aliases, tags, several documents, tabs, duplicate keys and words that readers of YAML
disagree about are refused, all at once where the text can still be read on; size and depth are bounded.
"""

from __future__ import annotations

import bisect
import re

import yaml

from tidegate.policy.located import Entry, LocatedList, LocatedMap, LocatedScalar, LocatedValue
from tidegate.policy.place import Place
from tidegate.policy.problem import Problem
from tidegate.policy.scalars import AmbiguousWord, Scalar, read_plain
from tidegate.policy.source import PolicySource

LARGEST_TEXT_BYTES = 1_048_576
DEEPEST_NESTING = 40
_LINE_END = re.compile(r"\r\n|\r|\n")


def read_located(source: PolicySource) -> tuple[LocatedValue | None, tuple[Problem, ...]]:
    """The tree of the text and everything wrong with it as YAML; no tree where the text cannot be read at all."""
    origin = Place(file=source.file, line=1, column=1)
    if len(source.text) > LARGEST_TEXT_BYTES or len(source.text.encode(errors="replace")) > LARGEST_TEXT_BYTES:
        advice = f"A file may have {LARGEST_TEXT_BYTES} bytes; a policy of more is several policies."
        return None, (Problem(place=origin, message="The file is too large.", advice=advice),)
    reader = _Reader(source)
    reader.refuse_tabs()
    if reader.problems:
        return None, tuple(reader.problems)
    try:
        tree = reader.read_stream()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = origin if mark is None else reader.place(mark.index)
        message = f"This is not YAML: {error.problem or error.context}."
        reader.refuse(place, message, "Look for a missing quote, colon, bracket or indentation here or just above.")
        return None, tuple(reader.problems)
    except yaml.reader.ReaderError as error:
        message = f"The character U+{_code_point(error.character):04X} may not stand in YAML."
        reader.refuse(reader.place(error.position), message, "Remove it.")
        return None, tuple(reader.problems)
    return tree, tuple(reader.problems)


def _code_point(character: int | str | bytes) -> int:
    """The number of the character; PyYAML gives it as a number or as the character itself."""
    return character if isinstance(character, int) else ord(character)


class _TooDeep(Exception):
    """The nesting passed its bound; reading on would only exhaust the stack."""


class _Reader:
    """Walks the parser's events and builds the tree, noting problems on its way."""

    def __init__(self, source: PolicySource) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._line_starts = [0, *(match.end() for match in _LINE_END.finditer(source.text))]
        self._depth = 0

    def place(self, index: int) -> Place:
        """The place of the character at the index, lines as an editor counts them."""
        line = bisect.bisect_right(self._line_starts, index)
        return Place(file=self._source.file, line=line, column=index - self._line_starts[line - 1] + 1)

    def _place_of(self, event: yaml.Event) -> Place:
        assert event.start_mark is not None, f"the YAML parser gave {event} without its place"
        return self.place(event.start_mark.index)

    def refuse(self, place: Place, message: str, advice: str) -> None:
        self.problems.append(Problem(place=place, message=message, advice=advice))

    def refuse_tabs(self) -> None:
        """One problem for each line with a tab: YAML forbids some of them, and nobody can see which."""
        lines: set[int] = set()
        for match in re.finditer("\t", self._source.text):
            place = self.place(match.start())
            if place.line not in lines:
                self.refuse(place, "A tab stands here.", "Indent and align with spaces.")
            lines.add(place.line)

    def read_stream(self) -> LocatedValue | None:
        """The one document of the text.

        Raises:
            yaml.YAMLError: the text is not YAML.
        """
        self._events = yaml.parse(self._source.text, Loader=yaml.SafeLoader)
        self._next(yaml.StreamStartEvent)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            place = Place(file=self._source.file, line=1, column=1)
            self.refuse(place, "The file is empty.", "Begin with apiVersion: tidegate/v1.")
            return None
        try:
            tree = self._value(next(self._events))
        except _TooDeep:
            return None
        self._next(yaml.DocumentEndEvent)
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            place = self._place_of(event)
            self.refuse(place, "A second document begins here.", "Keep one policy in one file.")
        return tree

    def _next(self, kind: type[yaml.Event]) -> None:
        event = next(self._events)
        assert isinstance(event, kind), f"the YAML parser gave {event} instead of {kind.__name__}"

    def _value(self, event: yaml.Event) -> LocatedValue:
        """The value that begins with the event."""
        place = self._place_of(event)
        if isinstance(event, yaml.AliasEvent):
            self.refuse(
                place, f"*{event.anchor} is an alias.", "Write the value out: policies have no anchors or aliases."
            )
            return LocatedScalar(value=None, text="", place=place)
        assert isinstance(event, yaml.NodeEvent), f"the YAML parser gave {event}"
        if event.anchor is not None:
            self.refuse(place, f"&{event.anchor} is an anchor.", "Remove it: policies have no anchors or aliases.")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            self.refuse(place, f"{tag} is a YAML tag.", "Remove it: what a value is follows from how it is written.")
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_half_characters(event, place)
            return LocatedScalar(value=self._scalar(event, place), text=event.value, place=place)
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            self.refuse(place, f"This is nested more than {DEEPEST_NESTING} deep.", "Split it into simpler rules.")
            raise _TooDeep
        tree = self._list(place) if isinstance(event, yaml.SequenceStartEvent) else self._map(place)
        self._depth -= 1
        return tree

    def _refuse_half_characters(self, event: yaml.ScalarEvent, place: Place) -> None:
        """An escape such as \\ud800 is half of a character, which no UTF-8 can hold: nobody could be told of it."""
        whole = event.value.encode("utf-8", "replace").decode("utf-8")
        if whole != event.value:
            self.refuse(place, "This text has an escape for half a character.", "Write the character itself.")
            event.value = whole

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Scalar:
        if event.style is not None or event.tag == "!":
            return event.value
        try:
            return read_plain(event.value)
        except AmbiguousWord as ambiguous:
            self.refuse(place, f"Readers of YAML disagree about {event.value}.", str(ambiguous))
            return event.value

    def _list(self, place: Place) -> LocatedList:
        items: list[LocatedValue] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event))
        return LocatedList(items=tuple(items), place=place)

    def _map(self, place: Place) -> LocatedMap:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, value = self._value(event), self._value(next(self._events))
            if not isinstance(key, LocatedScalar) or not key.text:
                self.refuse(key.place, "A key must be a word.", "Write name: value.")
            elif key.text in entries:
                first = entries[key.text].key_place
                self.refuse(
                    key.place, f"{key.text} stands here a second time; first at {first}.", "Keep one of the two."
                )
            else:
                entries[key.text] = Entry(key=key.text, key_place=key.place, value=value)
        return LocatedMap(entries=tuple(entries.values()), place=place)
