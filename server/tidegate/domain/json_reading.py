"""Reading JSON that others wrote: every value knows its JSON path, and all problems are gathered before one is told.

Law: reading never stops at the first problem and never guesses. A value that is read is what it should be, or its
path is among the problems. `null` is the same as absent, and names of properties are compared without regard to
case, as ARM does both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.domain.refusal import FieldViolation, MalformedResource, TemplateExpression

MAX_DEPTH = 64
"""How deep objects and arrays may stand in each other; real scale sets stay below 15."""
MAX_VALUES = 100_000
"""How many values a resource may hold in all."""
MAX_CHARACTERS = 4_194_304
"""How many characters its texts and names may have in all: what ARM takes for a whole template."""
_MAX_NUMBER_BITS = 64

_FLAGS = {"true": True, "false": False}
_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
_ADVICE = "deploy the template (or run its what-if) and take the resource that comes out, or write the value here"


class Problems:
    """What is wrong with one document, in the order in which it was found; one problem for each path."""

    def __init__(self) -> None:
        self._malformed: dict[str, FieldViolation] = {}
        self._expressions: dict[str, FieldViolation] = {}

    def malformed(self, path: str, description: str) -> None:
        """The value at `path` cannot be what it should be."""
        self._malformed.setdefault(path, FieldViolation(field=path, description=description))

    def expression(self, path: str, value: str) -> None:
        """The value at `path` must be known and is still a template expression."""
        shown = value if len(value) <= 120 else value[:117] + "..."
        self._add_expression(path, f"is still the template expression {shown}; {_ADVICE}")

    def copy_loop(self, path: str) -> None:
        """The object around `path` is made by a template's copy loop, so what it will hold is not known."""
        self._add_expression(path, f"is still a copy loop of a template; {_ADVICE}")

    def _add_expression(self, path: str, description: str) -> None:
        self._expressions.setdefault(path, FieldViolation(field=path, description=description))

    def refuse_any(self) -> None:
        """Return where nothing is wrong.

        Raises:
            TemplateExpression: at least one value is an expression. Its violations begin with all of those and go
                on with whatever else is wrong, since deploying the template mends the first and shows the rest.
            MalformedResource: something is wrong, and none of it is an expression.
        """
        malformed = tuple(self._malformed.values())
        if self._expressions:
            raise TemplateExpression((*self._expressions.values(), *malformed))
        if malformed:
            raise MalformedResource(malformed)


def is_expression(text: str) -> bool:
    """Whether ARM would evaluate `text`: it stands in brackets, and the opening one is not escaped by a second."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def literal(text: str) -> str:
    """The text that ARM would see: `[[x]` is how a template writes `[x]`."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def member_path(path: str, name: str) -> str:
    """The JSON path of a member: `$.tags.team`, or `$.tags['team name']` where the name is not a plain one."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def find_name(members: Mapping[str, object], name: str) -> str | None:
    """How `members` spells `name`: exactly so, else the first that differs in case only, else None."""
    if name in members:
        return name
    wanted = name.lower()
    return next((spelled for spelled in members if spelled.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of a document, with its path; asking it for what it is not adds a problem and gives the default."""

    path: str
    value: object
    problems: Problems = field(repr=False)
    is_lost: bool = False
    """A problem was told for this value or one around it, so nothing more is to be said of it."""

    @property
    def is_absent(self) -> bool:
        return self.value is None

    def at(self, name: str) -> Reading:
        """The member `name` of this object; absent where this is absent."""
        members = self.members()
        spelled = find_name(members, name)
        value = None if spelled is None else members[spelled]
        path = member_path(self.path, name if spelled is None else spelled)
        return Reading(path=path, value=value, problems=self.problems, is_lost=self.is_lost or self._is_not(Mapping))

    def members(self) -> Mapping[str, object]:
        """This object's members; none where it is absent."""
        if isinstance(self.value, Mapping):
            return self.value
        self._refuse_unless_absent("an object")
        return {}

    def items(self) -> tuple[Reading, ...]:
        """This array's elements; none where it is absent."""
        if isinstance(self.value, list | tuple):
            return tuple(
                Reading(path=f"{self.path}[{index}]", value=value, problems=self.problems, is_lost=self.is_lost)
                for index, value in enumerate(self.value)
            )
        self._refuse_unless_absent("an array")
        return ()

    def text(self, default: str = "") -> str:
        """This text, unescaped as ARM would."""
        if isinstance(self.value, str) and not is_expression(self.value):
            return literal(self.value)
        self._refuse_unless_absent("text")
        return default

    def label(self) -> str:
        """This text, or a number or a boolean as text: ARM takes them for the value of a tag."""
        match self.value:
            case bool():
                return "true" if self.value else "false"
            case int() | float():
                return str(self.value)
            case _:
                return self.text()

    def flag(self, default: bool) -> bool:
        """This boolean; `"true"` and `"false"` are taken too, as ARM takes them."""
        if isinstance(self.value, bool):
            return self.value
        if isinstance(self.value, str) and self.value.lower() in _FLAGS:
            return _FLAGS[self.value.lower()]
        self._refuse_unless_absent("true or false")
        return default

    def whole(self, default: int, *, low: int, high: int) -> int:
        """This whole number from `low` to `high`, both included.

        3.0 is one, since some JSON writers know no other 3, and so is `"3"`, since ARM takes it.
        """
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if low <= value <= high:
                return value
            self.refuse(f"is {value}; write a whole number from {low} to {high}")
            return default
        self._refuse_unless_absent(f"a whole number from {low} to {high}")
        return default

    def number(self, default: float, *, low: float, high: float) -> float:
        """This number from `low` to `high`, both included."""
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            if low <= self.value <= high:
                return float(self.value)
            self.refuse(f"is {self.value}; write a number from {low:g} to {high:g}")
            return default
        self._refuse_unless_absent(f"a number from {low:g} to {high:g}")
        return default

    def only(self, known: Collection[str]) -> Reading:
        """This object, which may have no members but the `known` ones."""
        wanted = {name.lower() for name in known}
        for name in self.members():
            if name.lower() not in wanted:
                self.at(name).refuse(f"is not known here; known are {', '.join(known)}")
        return self

    def filled(self, what: str) -> str:
        """This text, which must be there and not be empty; `what` says what to write."""
        if self.is_absent:
            self.refuse(f"is missing; write {what}")
        elif self.value == "":
            self.refuse(f"is empty; write {what}")
        return self.text()

    def one_of(self, choices: Sequence[str], default: str) -> str:
        """The one of `choices` that this text is, in whatever case, spelled as in `choices`."""
        text = self.text(default)
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        self.refuse(f"is {text!r}; write one of {', '.join(choices)}")
        return default

    def refuse(self, description: str) -> None:
        """Tell that this value is wrong, unless something around it is wrong already."""
        if not self.is_lost:
            self.problems.malformed(self.path, description)

    def _is_not(self, shape: type) -> bool:
        return self.value is not None and not isinstance(self.value, shape)

    def _refuse_unless_absent(self, wanted: str) -> None:
        if self.value is None or self.is_lost:
            return
        if isinstance(self.value, str) and is_expression(self.value):
            self.problems.expression(self.path, self.value)
        else:
            self.problems.malformed(self.path, f"is {_kind(self.value)}; write {wanted}")


def read_document(document: object, problems: Problems) -> Reading:
    """The document as a reading at `$`.

    Raises:
        MalformedResource: it is not JSON, or larger or deeper than this module's bounds.
    """
    bounds = Problems()
    _check_bounds(document, bounds)
    bounds.refuse_any()
    return Reading(path="$", value=document, problems=problems)


def _check_bounds(document: object, problems: Problems) -> None:
    """Walks without recursion, so that no depth can exhaust the stack, and stops at the first bound that is passed."""
    waiting: list[tuple[str, object, int]] = [("$", document, 0)]
    values = characters = 0
    while waiting:
        path, value, depth = waiting.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
        if values > MAX_VALUES or characters > MAX_CHARACTERS:
            problems.malformed("$", f"holds more than {MAX_VALUES} values or {MAX_CHARACTERS} characters")
            return
        if depth > MAX_DEPTH:
            problems.malformed(path, f"stands deeper than {MAX_DEPTH} levels")
            return
        if wrong := _not_json(value):
            problems.malformed(path, wrong)
            continue
        for inner_path, inner in _inside(path, value):
            characters += len(inner_path) - len(path)
            waiting.append((inner_path, inner, depth + 1))


def _inside(path: str, value: object) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            yield from ((member_path(path, name), inner) for name, inner in value.items())
        case list() | tuple():
            yield from ((f"{path}[{index}]", inner) for index, inner in enumerate(value))
        case _:
            return


def _not_json(value: object) -> str:
    """Why `value` could not be written as JSON text in UTF-8; empty where it can."""
    match value:
        case None | bool() | list() | tuple():
            return ""
        case str():
            return "" if _is_unicode(value) else "holds half a surrogate pair, which is no Unicode text"
        case int():
            return "" if value.bit_length() <= _MAX_NUMBER_BITS else f"has more than {_MAX_NUMBER_BITS} bits"
        case float():
            return "" if math.isfinite(value) else "is not a finite number"
        case Mapping():
            names_are_text = all(isinstance(name, str) and _is_unicode(name) for name in value)
            return "" if names_are_text else "has a member whose name is no Unicode text"
        case _:
            return f"is no JSON value but {type(value).__name__}"


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case Mapping():
            return "an object"
        case Sequence():
            return "an array"
        case _:
            return type(value).__name__
