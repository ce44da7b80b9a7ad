"""A join token, read: whom to trust, and with what one host joins, once.

`tgj1_`, then in base64url without padding a JSON object with `id` and `secret` and, from a server that speaks TLS,
`ca`, `certificate` and `key` as PEM. Source: host_service.proto, CreateJoinTokenResponse.token.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tidegate_agent.problems import JoinTokenUnreadable

TOKEN_VARIABLE = "TIDEGATE_JOIN_TOKEN"
"""The environment variable that may hold one; nothing that this agent starts inherits it."""

_PREFIX = "tgj1_"
_BODY = re.compile(r"[A-Za-z0-9_-]+")
_MOST_CHARACTERS = 64 * 1024
_TLS_FIELDS = ("ca", "certificate", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTls:
    """Whom a joining host trusts and what it shows, each PEM."""

    authority_certificate: str
    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinToken:
    """One token; `tls` is None where its server speaks plaintext."""

    id: str
    secret: str = field(repr=False)
    tls: JoinTls | None

    @property
    def spoken(self) -> str:
        """What JoinHostRequest.token says."""
        return f"{self.id}.{self.secret}"


def read_join_token(text: str) -> JoinToken:
    """Reads a token; space and line breaks around and within it, as terminals and mail put there, are passed over.

    Raises:
        JoinTokenUnreadable: it is none, or not the whole of one, or a character of it was changed.
    """
    compact = "".join(text.split())
    if not compact:
        raise JoinTokenUnreadable("it is empty")
    if not compact.startswith(_PREFIX):
        raise JoinTokenUnreadable(f"it does not begin with {_PREFIX}")
    if len(compact) > _MOST_CHARACTERS:
        raise JoinTokenUnreadable(f"it is longer than {_MOST_CHARACTERS} characters")
    document = _document(compact.removeprefix(_PREFIX))
    return JoinToken(id=_text(document, "id"), secret=_text(document, "secret"), tls=_tls(document))


def _document(body: str) -> dict[str, Any]:  # whatever JSON can say
    if body and not _BODY.fullmatch(body):
        raise JoinTokenUnreadable("it has a character that no token has")
    try:
        decoded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("utf-8")
        document = json.loads(decoded)
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        # What was decoded holds the secret, so nothing of it is told.
        raise JoinTokenUnreadable("its end is missing, or a character was changed") from None
    if not isinstance(document, dict):
        raise JoinTokenUnreadable("it holds something else than a token")
    return document


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise JoinTokenUnreadable(f"it has no {name}")
    return value


def _tls(document: dict[str, Any]) -> JoinTls | None:
    if not any(document.get(name) for name in _TLS_FIELDS):
        return None
    authority, certificate, key = (_text(document, name) for name in _TLS_FIELDS)
    return JoinTls(authority_certificate=authority, certificate=certificate, key=key)
