"""Watching the folder of the policies: a change is taken up within seconds, and a bad one never.

Law: what is in force stays in force until a whole, sound set takes its place. A folder that vanished is a mishap.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from tidegate.cli.policy_folder import Fingerprint, UnreadableFolder, fingerprint, read_policies
from tidegate.executor.policy_keeper import PolicyKeeper

log = structlog.stdlib.get_logger(__name__)


class PolicyWatch:
    """Looks at one folder on behalf of one keeper."""

    def __init__(self, *, folder: Path, shown_as: str, keeper: PolicyKeeper, seen: Fingerprint) -> None:
        """`seen` is what the folder looked like when the keeper's first set was read."""
        self._folder = folder
        self._shown_as = shown_as
        self._keeper = keeper
        self._seen = seen

    def look(self) -> None:
        """Offers the folder's policies to the keeper, if anything changed since the last look."""
        now = fingerprint(self._folder)
        if now == self._seen:
            return
        try:
            sources = read_policies(self._folder, self._shown_as)
        except UnreadableFolder as unreadable:
            log.warning("policies_unreadable", because=str(unreadable))
            sources = ()
        self._keeper.replace(sources)
        self._seen = now

    async def run(self, poll_seconds: float) -> None:
        """Looks again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(poll_seconds)
            self.look()
