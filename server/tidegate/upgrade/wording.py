"""Wording: the sentences of rules, put together with our own."""

from __future__ import annotations


def sentence(because: str) -> str:
    """A rule's because as a whole sentence, whether its author ended it with a full stop or not."""
    return because if because.endswith((".", "!", "?")) else f"{because}."
