"""Join tokens, taken apart as an agent takes them apart."""

from __future__ import annotations

import base64
import json
from typing import Any


def opened(text: str) -> dict[str, Any]:
    """What a token holds."""
    assert text.startswith("tgj1_")
    body = text.removeprefix("tgj1_")
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return document


def spoken(text: str) -> str:
    """What JoinHostRequest.token says of it."""
    document = opened(text)
    return f"{document['id']}.{document['secret']}"
