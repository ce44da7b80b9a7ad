"""What a changed profile means for one host: new handlers get a version, old ones keep theirs, others are to leave.

Law: a host keeps the version that is wanted of it, unless the handler is new to it or became another major; that is a
new installation, as on a new host.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.fleets.agents.goal_making import leaving_handler
from tidegate.fleets.agents.host_card import HostCard, Leaving
from tidegate.fleets.agents.host_state import read_version
from tidegate.fleets.agents.profile import Profile


def adopt(card: HostCard, profile: Profile, firsts: Mapping[str, str]) -> bool:
    """Bring the card to the profile, with a new goal state; False where it was made for this profile already.

    `firsts` is the version that each handler gets on a host that is new, empty where there is none yet.
    """
    if card.profile_digest == profile.digest and card.wanted.keys() == profile.handlers.keys():
        return _settle(card, firsts)
    card.goal_incarnation += 1
    for key in card.wanted.keys() - profile.handlers.keys():
        leaving = _leaving(card, key)
        if leaving is not None:
            card.leaving[key] = leaving
        card.ran_well.pop(key, None)
    wanted = {}
    for key, handler in profile.handlers.items():
        card.leaving.pop(key, None)
        version = read_version(card.wanted.get(key, ""))
        if version is not None and version.major == handler.type_handler_version.major:
            wanted[key] = card.wanted[key]
        else:
            wanted[key] = firsts[key]
            card.ran_well.pop(key, None)
    card.wanted = wanted
    card.profile_digest = profile.digest
    return True


def _settle(card: HostCard, firsts: Mapping[str, str]) -> bool:
    """Give a version where there was no package to choose from, and there is one now."""
    settled = {key: firsts[key] for key, version in card.wanted.items() if not version and firsts[key]}
    if not settled:
        return False
    card.wanted.update(settled)
    card.goal_incarnation += 1
    return True


def _leaving(card: HostCard, key: str) -> Leaving | None:
    """The handler as it is to be uninstalled; None where nothing of it is known to be on the host."""
    for report in card.handlers:
        if report.extension_type.key == key:
            version = report.installed_version or card.wanted[key]
            return leaving_handler(report.extension_type, version, card.goal_incarnation)
    return None
