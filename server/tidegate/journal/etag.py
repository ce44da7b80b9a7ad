"""Etags: somebody who changes what he read must have read the latest."""

from __future__ import annotations

from tidegate.domain.refusal import EtagMismatch
from tidegate.domain.resource_id import ScaleSetId


def check_etag(scale_set: ScaleSetId, expected: str | None, current: str) -> None:
    """Refuse where the kept definition has another etag than the caller expects; "" stands for no definition.

    Raises:
        EtagMismatch: it has; `expected` None expects nothing.
    """
    if expected is not None and expected != current:
        raise EtagMismatch(str(scale_set), given=expected, current=current)
