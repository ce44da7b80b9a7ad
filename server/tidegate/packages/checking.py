"""Judging a package that has come whole: can a host use it, and is anything about it odd?

Law: what is refused is refused before anything of it is kept; every problem is told by its place in the package, and
never by what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidegate.domain.host_refusal import PackageInvalid
from tidegate.domain.refusal import FieldViolation
from tidegate.packages.promise import Offer
from tidegate_handler.handler_name import MalformedName, handler_name
from tidegate_handler.package import Limits, PackageUnusable, inspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a host will find in it."""

    supports_multiple_extensions: bool
    remarks: tuple[str, ...]
    """What is odd but no reason to refuse it, a sentence each."""


def check_offered_name(offer: Offer) -> None:
    """Refuse a publisher and type of which no agent can make a folder's name.

    Raises:
        PackageInvalid: the two cannot name a handler.
    """
    try:
        handler_name(offer.extension_type.publisher, offer.extension_type.type)
    except MalformedName as malformed:
        raise PackageInvalid([FieldViolation(field="extension_type", description=str(malformed))]) from None


def check_package(path: Path, offer: Offer, limits: Limits | None = None) -> Checked:
    """Look into the package at `path`; reads the disk, so call it in a thread. `limits`: None for the usual ones.

    Raises:
        PackageInvalid: no host could use it; every problem is named.
    """
    try:
        found = inspect(path, limits)
    except PackageUnusable as unusable:
        raise PackageInvalid(
            [FieldViolation(field=problem.place, description=problem.message) for problem in unusable.problems]
        ) from None
    manifest = found.manifest
    remarks = list(found.remarks)
    kind = offer.extension_type
    if manifest.signing_info and not manifest.signing_info.matches(kind.publisher, kind.type, str(offer.version)):
        # Agents only log it. Source: WALinuxAgent 2.15, signature_validation_util.py.
        remarks.append("signingInfo in the manifest names another publisher, type or version than it is published as.")
    return Checked(supports_multiple_extensions=manifest.supports_multiple_extensions, remarks=tuple(remarks))
