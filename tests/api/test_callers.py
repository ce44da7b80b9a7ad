"""Who calls is who the certificate says; over TLS nobody is anyone."""

from typing import Any

import grpc
import pytest

from tidegate.api.callers import Caller, CallerKind, caller_of, credential_of
from tidegate.domain.host_refusal import NotAuthenticated

TLS = {"transport_security_type": [b"ssl"]}


class Call:
    """What grpcio tells of a call; real ones are made in `test_transport`."""

    def __init__(self, told: dict[str, list[bytes]], *metadata: tuple[str, str | bytes]) -> None:
        self._told = told
        self._metadata = metadata

    def auth_context(self) -> dict[str, list[bytes]]:
        return self._told

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return self._metadata


def called(call: Call) -> Caller:
    context: Any = call
    return caller_of(context)


@pytest.mark.parametrize("told", [{}, {"transport_security_type": [b"insecure"]}])
def test_without_tls_whoever_calls_is_anyone(told: dict[str, list[bytes]]) -> None:
    assert called(Call(told)) == Caller(kind=CallerKind.ANYONE)
    forged = told | {"peer_uri": [b"tidegate://operator/ann"]}
    assert called(Call(forged)).kind is CallerKind.ANYONE


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (b"tidegate://join/a1", CallerKind.JOINER),
        (b"tidegate://host/a1", CallerKind.HOST),
        (b"tidegate://operator/a1", CallerKind.OPERATOR),
    ],
)
def test_over_tls_somebody_is_who_his_certificate_says(uri: bytes, kind: CallerKind) -> None:
    caller = called(Call(TLS | {"peer_uri": [uri]}, ("authorization", "Bearer tgh1_a_b")))
    assert (caller.kind, caller.name, caller.credential) == (kind, "a1", "tgh1_a_b")
    assert str(caller) == f"{kind} a1"
    assert "tgh1" not in repr(caller)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"peer_uri": []},
        {"peer_uri": [b"tidegate://operator/ann", b"tidegate://host/a1"]},
        {"peer_uri": [b"tidegate://operator/\xff"]},
        {"peer_dns": [b"tidegate://operator/ann"], "x509_subject_alternative_name": [b"tidegate://operator/ann"]},
        {"x509_common_name": [b"operator ann"]},
    ],
)
def test_over_tls_a_certificate_that_stands_for_nobody_is_refused(told: dict[str, list[bytes]]) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        called(Call(TLS | told))
    assert "tidegate ca operator" in refused.value.advice


@pytest.mark.parametrize(
    ("metadata", "credential"),
    [
        ([], ""),
        ([("authorization", "Bearer a")], "a"),
        ([("authorization", "bearer a ")], "a"),
        ([("authorization", "Bearer a"), ("authorization", "Bearer a")], "a"),
        ([("authorization", "Bearer a"), ("authorization", "Bearer b")], ""),
        ([("authorization", "Basic a")], ""),
        ([("authorization", "Bearer")], ""),
        ([("authorization-bin", b"Bearer a")], ""),
        ([("x-authorization", "Bearer a")], ""),
    ],
)
def test_a_credential_is_what_stands_after_bearer(metadata: list[tuple[str, str | bytes]], credential: str) -> None:
    assert credential_of(metadata) == credential


def test_the_names_of_grpc_core_are_what_they_were() -> None:
    assert grpc.__version__.startswith("1."), "read grpc_security_constants.h again: peer_uri, transport_security_type"
