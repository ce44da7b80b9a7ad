"""Page tokens: opaque texts that say where the next page begins, bound to the query that they were given for.

Law: a token that was given for another query, cut short, or made up is refused; it never leads to a wrong page. The
page size is not a part of the query: it may change from page to page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tidegate.api.sealed_token import BrokenSeal, seal, unseal
from tidegate.domain.refusal import PageTokenMismatch

_PURPOSE = "page"


def give_page_token(query: Sequence[str], after: Sequence[str | int]) -> str:
    """The token for the page of `query` that begins after the row whose key is `after`."""
    return seal(_PURPOSE, query, json.dumps(list(after), separators=(",", ":")).encode("ascii"))


def read_page_token(query: Sequence[str], token: str) -> tuple[str | int, ...] | None:
    """The key after which the page begins, as it was given; None for the first page, whose token is empty.

    Raises:
        PageTokenMismatch: the token was not given for this query.
    """
    if not token:
        return None
    try:
        return tuple(json.loads(unseal(_PURPOSE, query, token)))
    except BrokenSeal:
        raise PageTokenMismatch() from None
