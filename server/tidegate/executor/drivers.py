"""Who drives: the small promise that keeps two processes from driving one upgrade.

Law: holding is a courtesy that saves work; what keeps an upgrade whole is that its journal takes each sequence number
once. A driver asks before every effect, so one that was overtaken does as little as possible.
"""

from __future__ import annotations

from typing import Protocol


class Drivership(Protocol):
    """Says which upgrades this process may drive, and until when."""

    async def claim(self, upgrade_id: str) -> bool:
        """Take the upgrade; False where somebody else has it."""

    def holds(self, upgrade_id: str, now_ms: int) -> bool:
        """This process may still act for the upgrade at this moment."""

    def until_ms(self, upgrade_id: str) -> int | None:
        """Until when it may act without claiming again; None for as long as it runs."""

    async def release(self, upgrade_id: str) -> None:
        """Leave the upgrade to others, or it has ended."""


class OnlyProcess:
    """The drivership of a server that has its journal to itself: it holds whatever it claimed."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()

    async def claim(self, upgrade_id: str) -> bool:
        """Take the upgrade; nobody else is there to have it."""
        self._claimed.add(upgrade_id)
        return True

    def holds(self, upgrade_id: str, now_ms: int) -> bool:
        """It was claimed and not released."""
        return upgrade_id in self._claimed

    def until_ms(self, upgrade_id: str) -> int | None:
        """For as long as the process runs."""
        return None

    async def release(self, upgrade_id: str) -> None:
        """Forget the claim."""
        self._claimed.discard(upgrade_id)
