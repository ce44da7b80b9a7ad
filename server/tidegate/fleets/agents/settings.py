"""Settings on their way to hosts: protected ones are opened at the last moment and leave encrypted for one host.

Law: an opened setting is in memory only while it is encrypted; it is kept by nobody here, shown by nobody, and logged
by nobody. Each change of an extension's settings has a number of its own, and a number never comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tidegate.fleets.agents.host_store import KeptSettings
from tidegate.fleets.agents.profile import Profile
from tidegate.trust.safe import Safe
from tidegate.trust.sealing import seal


class ProtectedSettings(Protocol):
    """Where protected settings come from."""

    def digest(self, scale_set_key: str, extension_name: str) -> str:
        """Changes with the settings and tells nothing of them; empty where there are none."""

    def sealed(self, scale_set_key: str, extension_name: str, settings_certificate: str) -> bytes:
        """The settings, encrypted for the certificate; empty where there are none."""


class SafeSettings:
    """Protected settings out of the safe."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe

    def digest(self, scale_set_key: str, extension_name: str) -> str:
        """As the safe's."""
        return self._safe.digest(scale_set_key, extension_name)

    def sealed(self, scale_set_key: str, extension_name: str, settings_certificate: str) -> bytes:
        """Encrypted for the certificate; empty where there are none."""
        text = self._safe.text(scale_set_key, extension_name)
        return b"" if text is None else seal(settings_certificate, text)


class SettingsNumbers:
    """How often the settings of each extension have changed, from 0 for the first."""

    def __init__(self, kept: Iterable[KeptSettings] = ()) -> None:
        self._kept = {(each.scale_set, each.extension): each for each in kept}

    def number(self, scale_set_key: str, extension_name: str) -> int:
        """The number of the settings as they are; 0 where none were taken up."""
        known = self._kept.get((scale_set_key, extension_name.lower()))
        return 0 if known is None else known.number

    def take_up(self, scale_set_key: str, profile: Profile) -> list[KeptSettings]:
        """Count what has changed; those that did.

        An extension that left the profile keeps its number: handlers remember the highest they ever worked through.
        """
        changed = []
        for handler in profile.handlers.values():
            for extension in handler.extensions:
                place = (scale_set_key, extension.name.lower())
                known = self._kept.get(place)
                if known is not None and known.digest == extension.settings_digest:
                    continue
                self._kept[place] = KeptSettings(
                    scale_set=scale_set_key,
                    extension=place[1],
                    digest=extension.settings_digest,
                    number=0 if known is None else known.number + 1,
                )
                changed.append(self._kept[place])
        return changed
