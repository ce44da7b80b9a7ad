"""The text of a policy and the name of its file, as somebody handed them in."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """All that is needed to compile a policy again: the journal keeps it with every rolling upgrade."""

    file: str
    text: str
