"""The file of a package that a command of its manifest runs.

Law: an agent puts the handler's folder in front of the command and gives the whole to a shell, so the first word names
a file of the package; `python handler.py` does not run Python, it runs a file called `python`.

Source: WALinuxAgent 2.15, exthandlers.py (launch_command).
"""

from __future__ import annotations

import posixpath
import shlex

_ONLY_A_SHELL_KNOWS = frozenset("$`*?[")
_OPERATORS = frozenset("();<>|&")

HEAD_BYTES = 256
"""So much of a file tells how it is started."""

_ELF = b"\x7fELF"


class CommandUnusable(ValueError):
    """The command cannot run a file of the package; the text is a sentence without its subject."""


def command_file(command: str) -> str | None:
    """The name of the file that the command runs, or None where only a shell can tell.

    Raises:
        CommandUnusable: a quotation is not closed, or the file lies outside of the handler's folder.
    """
    words = shlex.shlex(command.lstrip("/"), posix=True, punctuation_chars=True)
    words.whitespace_split = True
    words.commenters = ""
    try:
        word = words.get_token()
    except ValueError:
        raise CommandUnusable("has a quotation that is not closed.") from None
    if not word or _OPERATORS.issuperset(word) or not _ONLY_A_SHELL_KNOWS.isdisjoint(word):
        return None
    name = posixpath.normpath(word).lstrip("/")
    if name == ".." or name.startswith("../"):
        raise CommandUnusable("runs a file outside of the handler's folder.")
    return name


def check_head(head: bytes) -> str | None:
    """What is odd about a file that begins with `head` and is to be run; a sentence without its subject, or None.

    Raises:
        CommandUnusable: the system cannot start it.
    """
    if head.startswith(_ELF):
        return None
    if not head.startswith(b"#!"):
        return "begins with no #! line, so that the shell will run it as a script of its own."
    if head.partition(b"\n")[0].endswith(b"\r"):
        raise CommandUnusable("ends its #! line with a carriage return, so that its interpreter is not found.")
    return None
