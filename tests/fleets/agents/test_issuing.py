"""An authority that cannot issue is a refusal, and not a fault of ours."""

import pytest

from tidegate.domain.host_refusal import AuthorityNotUsable
from tidegate.fleets.agents.issuing import RefusingIssuer
from tidegate.trust.issued import Issued
from tidegate.trust.unusable import AuthorityUnusable


class Expired:
    """An authority that has expired."""

    certificate_pem = "PEM"

    def issue_host(self, request_pem: str, host_uid: str) -> Issued:
        raise AuthorityUnusable("The authority ca expired on 2026-01-01.")

    def issue_joiner(self, token_id: str, seconds: float) -> Issued:
        raise AuthorityUnusable("The authority ca expired on 2026-01-01.")


class Good:
    """An authority that issues."""

    certificate_pem = "PEM"

    def issue_host(self, request_pem: str, host_uid: str) -> Issued:
        return Issued(certificate_pem=f"{request_pem} {host_uid}", key_pem="", begins_at_ms=0, expires_at_ms=1)

    def issue_joiner(self, token_id: str, seconds: float) -> Issued:
        return Issued(certificate_pem=f"{token_id} {seconds:g}", key_pem="key", begins_at_ms=0, expires_at_ms=1)


def test_what_the_authority_issues_is_handed_on() -> None:
    issuer = RefusingIssuer(Good())
    assert issuer.certificate_pem == "PEM"
    assert issuer.issue_host("request", "uid").certificate_pem == "request uid"
    assert issuer.issue_joiner("token", 60.0).certificate_pem == "token 60"


def test_an_authority_that_has_expired_refuses_and_says_why() -> None:
    issuer = RefusingIssuer(Expired())
    with pytest.raises(AuthorityNotUsable, match="The authority ca expired on 2026-01-01"):
        issuer.issue_host("request", "uid")
    with pytest.raises(AuthorityNotUsable) as refused:
        issuer.issue_joiner("token", 60.0)
    assert "tidegate ca init" in refused.value.advice
