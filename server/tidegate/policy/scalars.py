"""What an unquoted word of YAML means here, and which words mean different things to different readers.

Law: a word that YAML 1.1 and YAML 1.2 read differently (`no`, `010`, `1:30`, `2020-01-01`) is refused, not guessed.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})", re.ASCII)
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_BOOLEAN_TO_SOME = re.compile(r"yes|no|on|off|y|n|true|false", re.IGNORECASE)
_OTHER_SURPRISE = re.compile(
    r"null|<<|=|[-+]?\.(inf|nan)|[-+]?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(e[-+]?[0-9]+)?"
    r"|[-+]?0[xo][0-9a-f_]+|[-+]?0b[01_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t ].*)?",
    re.IGNORECASE | re.DOTALL,
)


class AmbiguousWord(ValueError):
    """Readers of YAML disagree about the word. The message says what to write instead."""


def read_plain(word: str) -> Scalar:
    """The meaning of an unquoted word.

    Raises:
        AmbiguousWord: some reader of YAML would take it for something else.
    """
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word) and word != "-0":
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    if _BOOLEAN_TO_SOME.fullmatch(word):
        meant = "true" if word.casefold() in ("yes", "on", "y", "true") else "false"
        raise AmbiguousWord(f'Write {meant} if the truth value is meant, or "{word}" in quotes if the word is meant.')
    if _OTHER_SURPRISE.fullmatch(word):
        raise AmbiguousWord(f'Write a plain decimal number, or "{word}" in quotes if the text is meant.')
    return word
