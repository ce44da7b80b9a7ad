"""Judges what the handlers of one host told of themselves: did their commands run in an order that the contract allows?

Law: it knows the contract and nothing of the agent. Commands never overlap; a version is enabled only when no other is
there any more; each command has the ones before it behind it. Where the agent was killed a command may run again, since
nobody can know whether it had done its work; elsewhere nothing but enable runs twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.agent.peer.packages import Told


@dataclass(slots=True)
class Machine:
    """What must be there, by what has run so far; versions of one handler."""

    enabled: set[str] = field(default_factory=set)
    """Enable has begun, and disable has not ended since."""
    present: set[str] = field(default_factory=set)
    """Install or update has begun, and uninstall has not ended since."""
    ready: set[str] = field(default_factory=set)
    """Install has ended."""
    prepared: set[str] = field(default_factory=set)
    """Update has ended: the old version may go."""

    def forbids(self, command: str, version: str) -> str:
        """Why this command may not begin now; empty where it may."""
        others = self.present - {version}
        match command:
            case "install" if others:
                return f"{others} has not been uninstalled"
            case "enable" if others:
                return f"{others} has not been uninstalled"
            case "enable" if version not in self.ready:
                return "it has not been installed"
            case "disable" if version not in self.ready:
                return "it has not been installed"
            case "update" if self.enabled - {version}:
                return f"{self.enabled - {version}} has not been disabled"
            case "update" if not others and version not in self.present:
                return "there is nothing to update from"
            case "uninstall" if version in self.enabled:
                return "it has not been disabled"
            case "uninstall" if not self.prepared - {version}:
                return "no other version has been prepared by its update"
            case "uninstall" if self.ready - {version}:
                return f"{self.ready - {version}} has taken its place already"
            case _:
                return ""

    def begin(self, command: str, version: str) -> None:
        if command == "enable":
            self.enabled.add(version)
        if command in {"install", "update"}:
            self.present.add(version)

    def end(self, command: str, version: str) -> None:
        match command:
            case "install":
                self.ready.add(version)
            case "update":
                self.prepared.add(version)
            case "disable":
                self.enabled.discard(version)
            case "uninstall":
                for each in (self.present, self.ready, self.prepared, self.enabled):
                    each.discard(version)
            case _:
                pass


def complaints(told: Sequence[Told]) -> Iterator[str]:
    """Everything that the contract forbids, in its order."""
    machine, running = Machine(), ""
    for place, each in enumerate(told):
        if each.moment == "end":
            if running != each.deed:
                yield f"{place}: {each.deed} ended and {running or 'nothing'} ran"
            machine.end(each.command, each.version)
            running = ""
            continue
        if running:
            yield f"{place}: {each.deed} began while {running} ran"
        if reason := machine.forbids(each.command, each.version):
            yield f"{place}: {each.deed} began, but {reason}"
        if len(machine.enabled | {each.version}) > 1 and each.command == "enable":
            yield f"{place}: {each.deed} began, and {machine.enabled} is enabled"
        machine.begin(each.command, each.version)
        running = each.deed
    if running:
        yield f"{running} never ended"


def repeated(told: Sequence[Told]) -> Counter[str]:
    """How often each command but enable ran beyond the once that it is needed."""
    ran = Counter(each.deed for each in told if each.moment == "begin" and each.command != "enable")
    return Counter({deed: times - 1 for deed, times in ran.items() if times > 1})


def enabled_at_the_end(told: Sequence[Told]) -> set[str]:
    """The versions that the handlers themselves hold to be enabled."""
    machine = Machine()
    for each in told:
        (machine.begin if each.moment == "begin" else machine.end)(each.command, each.version)
    return machine.enabled
