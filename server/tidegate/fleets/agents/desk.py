"""The desk of a fleet of hosts: where machines join, hosts speak and leave, and operators ask for them.

Law: a join token makes one host and no more, and until it expires it makes the same host again for the same machine,
whose answer may have been lost. What was told is durable before it is told. Tokens and credentials are told once.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Sequence

import structlog

from tidegate.domain.extension import ExtensionType
from tidegate.domain.host import Host, HostHello, HostName
from tidegate.domain.host_refusal import HostNotFound, InstanceIdTaken, JoinTokenInvalid
from tidegate.domain.refusal import FieldViolation, MalformedRequest
from tidegate.domain.resource_id import ScaleSetId
from tidegate.fleets.agents.credentials import (
    digest_of,
    is_the_same,
    new_credential,
    new_id,
    new_secret,
    token_parts,
    token_text,
    uid_in,
)
from tidegate.fleets.agents.host_book import gone
from tidegate.fleets.agents.host_card import HostCard, Identity, Part, Presence
from tidegate.fleets.agents.host_fleet import AgentFleet
from tidegate.fleets.agents.host_store import KeptToken
from tidegate.fleets.agents.issuing import Issuer, RefusingIssuer
from tidegate.fleets.agents.line import Line
from tidegate.fleets.agents.profile_change import adopt
from tidegate.fleets.agents.promise import CreatedToken, HostIdentity, Joined, Joining, RenewedCertificate
from tidegate.trust.sealing import check_settings_certificate

log = structlog.stdlib.get_logger(__name__)

_MILLISECONDS = 1_000
_NOT_KNOWN = "is not known: it is wrong, was used by another machine, or has expired"


def _anything(_: HostName) -> None:
    """Hosts may be called as they like."""


class Desk:
    """Keeps the promise of `tidegate.fleets.agents.promise.HostDesk` for one fleet."""

    def __init__(
        self, fleet: AgentFleet, issuer: Issuer | None = None, check_name: Callable[[HostName], None] = _anything
    ) -> None:
        """Without an `issuer` nobody gets a certificate. `check_name` raises where a host may not be called so."""
        self._fleet = fleet
        self._book = fleet.book
        self._issuer = None if issuer is None else RefusingIssuer(issuer)
        self._check_name = check_name

    async def create_token(self, scale_set: ScaleSetId, instance_id: str, live_seconds: float) -> CreatedToken:
        """See the promise. Tokens that have expired are cleared away by the way."""
        placed = self._book.placed(scale_set)
        now_ms = self._book.now_ms()
        self._clear_expired(now_ms)
        token_id, secret = new_id(), new_secret()
        token = KeptToken(
            id=token_id,
            digest=digest_of(secret),
            scale_set=str(placed.scale_set_id),
            instance_id=instance_id,
            expires_at_ms=now_ms + round(live_seconds * _MILLISECONDS),
        )
        self._book.tokens[token_id] = token
        self._book.keeping.note_token(token)
        tls = {}
        if self._issuer is not None:
            issued = self._issuer.issue_joiner(token_id, live_seconds)
            tls = {"ca": self._issuer.certificate_pem, "certificate": issued.certificate_pem, "key": issued.key_pem}
        await self._book.kept()
        log.info("join_token_created", scale_set=str(placed.scale_set_id), token=token_id, instance_id=instance_id)
        return CreatedToken(text=token_text(token_id, secret, **tls), expires_at_ms=token.expires_at_ms)

    async def join(self, joining: Joining) -> Joined:
        """See the promise."""
        check_settings_certificate(joining.settings_certificate)
        token = self._token_of(joining)
        scale_set = ScaleSetId.parse(token.scale_set)
        profile, firsts = await self._fleet.first_versions(scale_set)
        # Nothing is waited for from here until all of it is noted, so that of two that join at once one is first.
        token = self._token_of(joining)
        site = self._book.placed(scale_set)
        name = HostName(scale_set=site.scale_set_id, instance_id=joining.instance_id)
        card = self._card_for(joining, token, name)
        uid = new_id() if card is None else card.uid
        issued = None if self._issuer is None else self._issuer.issue_host(joining.certificate_request, uid)
        credential = new_credential(uid)
        identity = self._identity(joining, token, name if card is None else card.name, uid, credential)
        if card is None:
            card = HostCard(identity=identity)
            adopt(card, profile, firsts)
            self._book.add(card)
        card.identity = identity
        card.probe_address, card.agent_version = joining.probe_address, joining.agent_version
        card.platform = joining.platform
        token = dataclasses.replace(token, host=uid)
        self._book.tokens[token.id] = token
        self._book.keeping.note_token(token)
        self._book.keeping.note(card, Part.ALL)
        await self._keep_joined(card)
        log.info("host_joined", host=str(card.name), token=token.id)
        return Joined(
            name=card.name,
            credential=credential,
            certificate="" if issued is None else issued.certificate_pem,
            certificate_expires_at_ms=None if issued is None else issued.expires_at_ms,
        )

    def authenticate(self, credential: str) -> HostIdentity:
        """See the promise."""
        uid = uid_in(credential)
        card = None if uid is None else self._book.card_of(uid)
        # Somebody who is not there takes as long as somebody who is.
        digest = b"\0" * 32 if card is None else card.identity.credential_digest
        if not is_the_same(credential, digest) or card is None:
            raise gone("No host has this credential; it may have been removed.")
        return HostIdentity(uid=card.uid, name=card.name)

    async def renew(self, host: HostIdentity, certificate_request: str) -> RenewedCertificate:
        """See the promise."""
        self._card_of(host)
        if self._issuer is None:
            raise MalformedRequest(
                [FieldViolation(field="certificate_request", description="is of no use: this server speaks no TLS")]
            )
        issued = self._issuer.issue_host(certificate_request, host.uid)
        log.info("host_certificate_renewed", host=str(host.name), expires_at_ms=issued.expires_at_ms)
        return RenewedCertificate(
            certificate=issued.certificate_pem,
            expires_at_ms=issued.expires_at_ms,
            authority_certificate=self._issuer.certificate_pem,
        )

    async def leave(self, host: HostIdentity) -> None:
        """See the promise."""
        await self._let_go(self._card_of(host), "host_left", "The host has left its scale set.")

    async def connect(self, host: HostIdentity, hello: HostHello) -> Line:
        """See the promise."""
        return await self._fleet.connect(self._card_of(host), hello)

    async def hosts(self, scale_set: ScaleSetId | None, after_key: str, limit: int) -> Sequence[Host]:
        """See the promise."""
        cards = self._book.cards if scale_set is None else tuple(self._book.placed(scale_set))
        later = (card for card in cards if card.name.key > after_key)
        found = heapq.nsmallest(limit, later, key=lambda card: card.name.key)
        return [dataclasses.replace(self._shown(card), handlers=()) for card in found]

    async def host(self, name: HostName) -> Host:
        """See the promise."""
        return self._shown(self._named(name))

    async def remove(self, name: HostName) -> None:
        """See the promise."""
        await self._let_go(self._named(name), "host_removed", "The host was removed from its scale set.")

    async def packages_changed(self, extension_type: ExtensionType) -> None:
        """See the promise."""
        await self._fleet.packages_changed(extension_type)

    def _token_of(self, joining: Joining) -> KeptToken:
        """The token that is shown, where it is good: whoever does not know its secret learns nothing of it."""
        parts = token_parts(joining.token)
        token = None if parts is None else self._book.tokens.get(parts[0])
        digest = b"\0" * 32 if token is None else token.digest
        if parts is None or not is_the_same(parts[1], digest) or token is None:
            raise JoinTokenInvalid(_NOT_KNOWN)
        if token.expires_at_ms <= self._book.now_ms():
            raise JoinTokenInvalid("has expired")
        if joining.shown_token_id and joining.shown_token_id != token.id:
            raise JoinTokenInvalid("is not the one that this connection's certificate was issued for")
        if token.instance_id and token.instance_id.lower() != joining.instance_id.lower():
            raise JoinTokenInvalid(f"is for the instance id {token.instance_id} alone")
        return token

    def _card_for(self, joining: Joining, token: KeptToken, name: HostName) -> HostCard | None:
        """The host that the machine is already, where it repeats its call; None where it may become one."""
        if token.host:
            card = self._book.card_of(token.host)
            is_same = card is not None and card.identity.settings_certificate == joining.settings_certificate
            if card is None or not is_same or card.name != name:
                raise JoinTokenInvalid("was used already")
            return card
        if self._book.find(name.scale_set, name.instance_id) is not None:
            raise InstanceIdTaken(str(name))
        self._check_name(name)
        return None

    def _identity(self, joining: Joining, token: KeptToken, name: HostName, uid: str, credential: str) -> Identity:
        known = self._book.card_of(uid)
        return Identity(
            uid=uid,
            name=name,
            zone=joining.zone,
            fault_domain=joining.fault_domain,
            labels=dict(joining.labels),
            settings_certificate=joining.settings_certificate,
            credential_digest=digest_of(credential),
            token_id=token.id,
            joined_at_ms=self._book.now_ms() if known is None else known.identity.joined_at_ms,
        )

    async def _keep_joined(self, card: HostCard) -> None:
        definition = self._book.site(card.name.scale_set).definition
        self._book.probes.watch(card, None if definition is None else definition.health_probe)
        self._book.refresh(card)
        await self._book.kept()

    async def _let_go(self, card: HostCard, event: str, why: str) -> None:
        self._fleet.dismiss(card)
        self._book.drop(card, gone(why))
        await self._book.kept()
        log.info(event, host=str(card.name))

    def _card_of(self, host: HostIdentity) -> HostCard:
        card = self._book.card_of(host.uid)
        if card is None:
            raise gone(f"The host {host.name.instance_id} was removed.")
        return card

    def _named(self, name: HostName) -> HostCard:
        card = self._book.find(name.scale_set, name.instance_id)
        if card is None:
            raise HostNotFound(str(name))
        return card

    def _clear_expired(self, now_ms: int) -> None:
        expired = [token.id for token in self._book.tokens.values() if token.expires_at_ms <= now_ms]
        for token_id in expired:
            del self._book.tokens[token_id]
        self._book.keeping.note_spent(expired)

    def _shown(self, card: HostCard) -> Host:
        return Host(
            name=card.name,
            zone=card.identity.zone,
            fault_domain=card.identity.fault_domain,
            labels=card.identity.labels,
            probe_address=card.probe_address,
            agent_version=card.agent_version,
            platform=card.platform,
            joined_at_ms=card.identity.joined_at_ms,
            last_heard_at_ms=card.last_heard_at_ms,
            is_connected=card.uid in self._book.lines,
            is_silent=card.presence is Presence.SILENT,
            clock_skew_ms=card.clock_skew_ms,
            goal_incarnation=card.goal_incarnation,
            reached_incarnation=card.reached_incarnation,
            handlers=card.handlers,
        )
