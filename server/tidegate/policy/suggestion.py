"""Did you mean: the known word nearest to one that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").casefold()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None where none is near.

    Letters' case, dashes and underscores do not count, so `max_surge` finds `maxSurge`; a last part that is right
    (`isHealthy` for `instance.isHealthy`) counts as near.
    """
    by_plain = {_plain(candidate): candidate for candidate in known}
    plain = _plain(word)
    if plain in by_plain:
        return by_plain[plain]
    tails = [candidate for candidate in by_plain.values() if _plain(candidate).endswith("." + plain)]
    if len(tails) == 1:
        return tails[0]
    close = difflib.get_close_matches(plain, by_plain, n=1, cutoff=0.7)
    return by_plain[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A sentence of advice: the nearest known word, or `otherwise` where none is near."""
    found = nearest(word, known)
    return f"Did you mean {found}?" if found is not None else otherwise
