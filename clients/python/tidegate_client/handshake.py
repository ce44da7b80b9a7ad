"""Why a server cannot be spoken to: a handshake like that of a call, whose failure is told in a sentence.

A failed call says little of it, and what it says is grpc core's, in words that change. So where a call ended with
UNAVAILABLE, this looks again, once, and decides by what TLS itself says.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from os import PathLike

from tidegate_client.credentials import read_bundle

SECONDS = 2.0
"""How long each step may take."""

_HOST_AND_PORT_SEPARATOR = ":"
_ASK_FOR = "an operator's: tidegate ca operator NAME --out FILE, and then --credentials FILE or TIDEGATE_CREDENTIALS"


def why_unreachable(target: str, credentials: str | PathLike[str] | None = None) -> str:
    """What keeps a client with these credentials, or with none, from the server at `target` (`host:port`).

    A sentence or two; empty where nobody listens there, where the handshake goes well, or where nothing can be said.
    """
    host, separator, port = target.rpartition(_HOST_AND_PORT_SEPARATOR)
    if not separator or not port.isdigit():
        return ""
    host = host.strip("[]")
    try:
        if credentials is None:
            return _without_credentials(host, int(port), target)
        return _with_credentials(host, int(port), target, credentials)
    except (OSError, ValueError):
        # Nobody there, or hung up: then there is nothing to add to what the call said.
        return ""


def _without_credentials(host: str, port: int, target: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _shaken(host, port, context):
            pass
    except ssl.SSLError:
        return ""
    return f"The server at {target} speaks TLS, and wants to see a certificate: {_ASK_FOR}."


def _with_credentials(host: str, port: int, target: str, credentials: str | PathLike[str]) -> str:
    context = ssl.create_default_context(cadata=read_bundle(credentials).authority)
    # The file has everything in one, as OpenSSL likes it.
    context.load_cert_chain(credentials)
    try:
        with _shaken(host, port, context) as connection:
            if _is_taken(connection):
                return ""
    except ssl.SSLCertVerificationError as refused:
        return f"The server at {target} shows a certificate that these credentials do not trust: {_said(refused)}."
    except ssl.SSLError as refused:
        if "ALERT" not in (refused.reason or ""):
            return (
                f"The server at {target} does not speak TLS, and credentials are not sent in the clear. "
                "Leave --credentials and TIDEGATE_CREDENTIALS out."
            )
    return f"The server at {target} does not take the certificate of these credentials. It wants {_ASK_FOR}."


def _is_taken(connection: ssl.SSLSocket) -> bool:
    """With TLS 1.3 a server judges a client's certificate after the client is done: then it speaks, or hangs up."""
    try:
        return bool(connection.recv(1))
    except ConnectionError:
        return False


def _said(refused: ssl.SSLCertVerificationError) -> str:
    """Such as `certificate has expired`, or which name it is not valid for."""
    return refused.verify_message.rstrip(".") or "its authority is another"


@contextlib.contextmanager
def _shaken(host: str, port: int, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        yield connection
