"""Refusals: what the caller can mend, each a class with its data and its advice.

Law: a refusal is raised where the reason is known and says what is wrong, where, and how to mend it. The reasons are
the wire's too: `tidegate.v1.RefusalReason` has the same names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tidegate.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldViolation:
    """One field that is wrong: its path in the request, and what to write there instead."""

    field: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """One rule that said no: its name, its because, and where it stands as file:line:column."""

    rule: str
    because: str
    place: str
    subject: str
    """What was denied: the scale set, or an extension's name, or an instance's id."""


class Refusal(Exception):
    """The base of all refusals; `str` is the whole sentence, `advice` how to mend it."""

    reason: ClassVar[Reason]

    def __init__(self, message: str, *, advice: str = "", resource: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.resource = resource
        """The name of the thing it is about, where there is one."""


class MalformedRequest(Refusal):
    """One or more fields of a request are wrong; all are named at once."""

    reason = Reason.MALFORMED_REQUEST

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        assert violations, "a malformed request has at least one wrong field"
        super().__init__("; ".join(f"{wrong.field}: {wrong.description}" for wrong in violations))
        self.violations = tuple(violations)


class MalformedResource(MalformedRequest):
    """An ARM resource cannot be read; each field is a JSON path such as $.sku.capacity."""

    reason = Reason.MALFORMED_RESOURCE


class TemplateExpression(MalformedRequest):
    """A value that must be known is still a template expression; each field is its JSON path."""

    reason = Reason.TEMPLATE_EXPRESSION


class ScaleSetNotFound(Refusal):
    reason = Reason.SCALE_SET_NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"No scale set {name} is known.", advice="Put it first.", resource=name)


class UpgradeNotFound(Refusal):
    reason = Reason.UPGRADE_NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"No rolling upgrade {name} is known.", advice="List the scale set's upgrades.", resource=name)


class NoUpgradeEver(Refusal):
    """Azure answers 404 where no rolling upgrade ever ran."""

    reason = Reason.NO_UPGRADE_EVER

    def __init__(self, name: str) -> None:
        super().__init__(
            "The entity was not found in this Azure location.",
            advice="No rolling upgrade of this scale set was ever started; start one.",
            resource=name,
        )


class InstanceNotFound(Refusal):
    reason = Reason.INSTANCE_NOT_FOUND

    def __init__(self, instance_id: str, name: str) -> None:
        super().__init__(
            f"The scale set {name} has no instance {instance_id!r}.",
            advice="List its instances.",
            resource=f"{name}/virtualMachines/{instance_id}",
        )


class SubscriptionNotFound(Refusal):
    reason = Reason.SUBSCRIPTION_NOT_FOUND

    def __init__(self, subscription: str) -> None:
        super().__init__(
            f"The subscription {subscription} was never enrolled.",
            advice="Enroll it first.",
            resource=f"/subscriptions/{subscription}",
        )


class ExtensionTypeNotFound(Refusal):
    reason = Reason.EXTENSION_TYPE_NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"Nothing of {name} was ever published.", advice="Publish a version.", resource=name)


class ExtensionVersionNotFound(Refusal):
    reason = Reason.EXTENSION_VERSION_NOT_FOUND

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            f"{name} has no published version {version}.", advice="List its versions.", resource=f"{name}/{version}"
        )


class PolicyNotFound(Refusal):
    reason = Reason.POLICY_NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"No policy is named {name!r}.", advice="List the policies.", resource=name)


class NoPolicyApplies(Refusal):
    reason = Reason.NO_POLICY_APPLIES

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No policy applies to {name}.",
            advice="Load a policy without appliesTo, or one whose appliesTo fits this scale set.",
            resource=name,
        )


class NotEligible(Refusal):
    """Rules denied the upgrade; every denial is named, not only the first."""

    reason = Reason.NOT_ELIGIBLE

    def __init__(self, name: str, denials: Sequence[Denial]) -> None:
        said = "; ".join(f"{denial.subject}: {denial.because} ({denial.rule}, {denial.place})" for denial in denials)
        super().__init__(f"{name} is not eligible: {said}", advice="Mend each, or change the rule.", resource=name)
        self.denials = tuple(denials)


class UpgradeInProgress(Refusal):
    """One rolling upgrade of a scale set at a time; Azure's code for it is OperationNotAllowed."""

    reason = Reason.UPGRADE_IN_PROGRESS

    def __init__(self, active_name: str) -> None:
        super().__init__(
            f"The rolling upgrade {active_name} is in progress; one at a time.",
            advice="Wait for it to end, or cancel it.",
            resource=active_name,
        )


class NoUpgradeInProgress(Refusal):
    """Cancelling, pausing or resuming when none runs; the sentence is Azure's."""

    reason = Reason.NO_UPGRADE_IN_PROGRESS

    def __init__(self, name: str, verb: str = "cancel") -> None:
        super().__init__(
            f"There is no ongoing Rolling Upgrade to {verb}.",
            advice="Ask for the latest upgrade to see how it ended.",
            resource=name,
        )


class UpgradeNotPaused(Refusal):
    reason = Reason.UPGRADE_NOT_PAUSED

    def __init__(self, name: str) -> None:
        super().__init__(f"The rolling upgrade {name} is not paused.", advice="Pause it first.", resource=name)


class EtagMismatch(Refusal):
    reason = Reason.ETAG_MISMATCH

    def __init__(self, name: str, given: str, current: str) -> None:
        """An empty etag stands for nothing: `given` wants nothing to be there, `current` is nothing there."""
        if not given:
            stands = f"is there already, with the etag {current!r}."
        elif not current:
            stands = f"is not there, so it does not have the etag {given!r}."
        else:
            stands = f"has the etag {current!r} now, not {given!r}: somebody changed it since you read it."
        super().__init__(
            f"{name} {stands}",
            advice="Read it again, make your change on that, and put it with its etag.",
            resource=name,
        )


class RequestIdReused(Refusal):
    reason = Reason.REQUEST_ID_REUSED

    def __init__(self, request_id: str, upgrade_name: str) -> None:
        super().__init__(
            f"The request id {request_id!r} already started {upgrade_name} with other parameters.",
            advice="Use a new request id for a new request.",
            resource=upgrade_name,
        )


class PageTokenMismatch(Refusal):
    reason = Reason.PAGE_TOKEN_MISMATCH

    def __init__(self) -> None:
        super().__init__(
            "The page token belongs to another query, or is not one of ours.",
            advice="Send the token with the same parent, filter and order as the call that gave it.",
        )


class ResumeTokenMismatch(Refusal):
    reason = Reason.RESUME_TOKEN_MISMATCH

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The resume token does not belong to a watch of {name}.",
            advice="Resume with a token that a watch of the same name gave, or watch without one for a new snapshot.",
            resource=name,
        )


class WatchTooSlow(Refusal):
    reason = Reason.WATCH_TOO_SLOW

    def __init__(self, resume_token: str) -> None:
        super().__init__(
            "This reader is too slow for the stream and was let go.",
            advice="Watch again with the resume token; nothing is lost.",
        )
        self.resume_token = resume_token


class TooManyUpgrades(Refusal):
    reason = Reason.TOO_MANY_UPGRADES

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} rolling upgrades run already, the most this server takes.",
            advice="Try again when some have ended.",
        )


class JournalUnavailable(Refusal):
    """The journal cannot be used just now: a full disk, a lost file, a file that is something else."""

    reason = Reason.JOURNAL_UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The journal cannot be used: {why}.",
            advice="Free disk space, mend the disk, or give the server another data folder.",
        )
        self.why = why


class JournalNewer(Refusal):
    reason = Reason.JOURNAL_NEWER

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The journal has records of version {found}; this server knows up to {known}.",
            advice="Start the newer server that wrote it, or point this one at another journal.",
        )


class ShuttingDown(Refusal):
    reason = Reason.SHUTTING_DOWN

    def __init__(self) -> None:
        super().__init__("The server is shutting down.", advice="Try again at its successor.")


class FleetUnavailable(Refusal):
    """The fleet did not answer in time or could not be reached. Every call may be repeated, so ask again."""

    reason = Reason.FLEET_UNAVAILABLE

    def __init__(self, call: str, why: str) -> None:
        super().__init__(
            f"The fleet failed to {call}: {why}.", advice="Try again; nothing was begun that is not repeated."
        )
        self.call = call
        self.why = why
