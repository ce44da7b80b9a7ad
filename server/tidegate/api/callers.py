"""Who calls: what the certificate of a connection says, and the credential that comes with the call.

Law: over TLS somebody is who the URI in his certificate says, and nothing else is believed; without TLS, which only
this machine can reach, whoever calls is anyone. A credential is shown by no repr and told in no log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import grpc

from tidegate.domain.host_refusal import NotAuthenticated
from tidegate.trust.identities import IdentityKind, identity_of

_SECURITY = "transport_security_type"
_TLS = b"ssl"
_URI = "peer_uri"
"""Under these names grpc core tells of a connection. Source: grpc_security_constants.h of grpc core."""
_AUTHORIZATION = "authorization"
_BEARER = "bearer "

_WANTED = (
    "Show a certificate that this server's authority issued: tidegate ca operator NAME --out FILE, then --credentials "
    "FILE; a host joins with the token of tidegate host token."
)


class CallerKind(StrEnum):
    """What somebody is to the server."""

    ANYONE = "anyone"
    """Somebody on this machine, where the server speaks without TLS."""
    JOINER = "joiner"
    HOST = "host"
    OPERATOR = "operator"


_KIND_OF: Mapping[IdentityKind, CallerKind] = {
    IdentityKind.JOIN: CallerKind.JOINER,
    IdentityKind.HOST: CallerKind.HOST,
    IdentityKind.OPERATOR: CallerKind.OPERATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes one call."""

    kind: CallerKind
    name: str = ""
    """The id of the join token, the uid of the host, or the operator's name; empty for anyone."""
    credential: str = field(default="", repr=False)
    """What came as `authorization: Bearer ...`; empty where nothing did. It is not checked yet."""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}".strip()


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> Caller:
    """Who makes the call.

    Raises:
        NotAuthenticated: the connection is encrypted and its certificate stands for nobody.
    """
    told: Mapping[str, Iterable[bytes]] = context.auth_context()
    credential = credential_of(context.invocation_metadata() or ())
    if _TLS not in told.get(_SECURITY, ()):
        return Caller(kind=CallerKind.ANYONE, credential=credential)
    identity = identity_of(uri.decode("utf-8", "replace") for uri in told.get(_URI, ()))
    if identity is None:
        raise NotAuthenticated("The certificate of this connection stands for nobody whom this server knows.", _WANTED)
    return Caller(kind=_KIND_OF[identity.kind], name=identity.name, credential=credential)


def credential_of(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """What stands after `Bearer` in the call's metadata; empty where nothing does, or two different things do."""
    shown = {
        value[len(_BEARER) :].strip()
        for key, value in metadata
        if key == _AUTHORIZATION and isinstance(value, str) and value[: len(_BEARER)].lower() == _BEARER
    }
    return shown.pop() if len(shown) == 1 else ""
