"""A frozen value with some of its fields changed: what `dataclasses.replace` does, several times faster.

Every event makes a new upgrade of some forty fields, so this is where most of an upgrade's time would go. Copying the
slots passes no keyword arguments through an `__init__` and converts nothing. To the type checker it is `replace`, so
that names and types of the changes are checked; `tests/upgrade/test_changed.py` holds the one against the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["changed"]

if TYPE_CHECKING:
    from dataclasses import replace as changed
else:
    from dataclasses import fields
    from functools import cache
    from operator import attrgetter

    @cache
    def _slots(kind):
        """How to read all fields of a slotted dataclass at once, how to write each, and where each is."""
        names = tuple(field.name for field in fields(kind))
        assert len(names) > 1, f"{kind.__name__} has too few fields to be copied like this"
        writers = tuple(getattr(kind, name).__set__ for name in names)
        return attrgetter(*names), writers, {name: place for place, name in enumerate(names)}

    def changed(value, /, **changes):
        """A copy of the frozen, slotted dataclass `value` in which the named fields have new values.

        Its `__post_init__` is not called. A name that is no field is a mistake of ours: KeyError.
        """
        kind = type(value)
        read, writers, places = _slots(kind)
        values = list(read(value))
        for name, new in changes.items():
            values[places[name]] = new
        copy = object.__new__(kind)
        for write, new in zip(writers, values, strict=True):
            write(copy, new)
        return copy
