"""Join tokens and credentials: how they are made, how they are written, and how they are compared.

Law: each secret has 256 bits of chance; what is kept is its SHA-256, which is enough where nobody chose the secret; and
digests are compared in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets

_TOKEN = "tgj1_"
_CREDENTIAL = "tgh1_"
_SECRET_BYTES = 32
_ID_BYTES = 8
_PARTS = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{43})", re.ASCII)
_WRITTEN_CREDENTIAL = re.compile(rf"{_CREDENTIAL}([0-9a-f]{{16}})_[A-Za-z0-9_-]{{43}}", re.ASCII)


def new_id() -> str:
    """An id of a token or a host: 16 hexadecimal digits."""
    return secrets.token_hex(_ID_BYTES)


def new_secret() -> str:
    """43 characters of base64url."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def is_the_same(secret: str, digest: bytes) -> bool:
    """Whether that is the secret's digest; takes as long whether it is or not."""
    return hmac.compare_digest(digest_of(secret), digest)


def token_text(token_id: str, secret: str, **tls: str) -> str:
    """A join token as it is handed over: see host_service.proto, CreateJoinTokenResponse.token.

    `tls` is `ca`, `certificate` and `key`, each PEM, from a server that speaks TLS.
    """
    document = json.dumps({"id": token_id, "secret": secret, **tls}, separators=(",", ":"))
    return _TOKEN + base64.urlsafe_b64encode(document.encode()).decode("ascii").rstrip("=")


def token_parts(text: str) -> tuple[str, str] | None:
    """Id and secret of `id.secret`; None where it is not of that shape."""
    match = _PARTS.fullmatch(text)
    return None if match is None else (match[1], match[2])


def new_credential(uid: str) -> str:
    """A credential of the host, as it is told to it once."""
    return f"{_CREDENTIAL}{uid}_{new_secret()}"


def uid_in(credential: str) -> str | None:
    """Whose credential it says it is; None where it is not of the shape of one."""
    match = _WRITTEN_CREDENTIAL.fullmatch(credential)
    return None if match is None else match[1]
