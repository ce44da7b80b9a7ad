"""What a server is told when it starts: one frozen value, made from the command line or by the demo."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

USUAL_LISTEN = "127.0.0.1:50551"
IN_MEMORY = ":memory:"

_HOST_AND_PORT = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})")


class FleetKind(StrEnum):
    """What runs the machines."""

    SIMULATED = "simulated"
    """Machines that do not exist."""
    AGENTS = "agents"
    """Hosts that join, each run by an agent."""
    MIXED = "mixed"
    """Both: as many simulated machines as a scale set has capacity, and every host that joins it."""


class MalformedAddress(ValueError):
    """The text is not HOST:PORT."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no address to listen on; write HOST:PORT such as {USUAL_LISTEN} or [::1]:50551.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `HOST:PORT`; an IPv6 host stands in brackets.

        Raises:
            MalformedAddress: the text has another shape, or the port is above 65535.
        """
        found = _HOST_AND_PORT.fullmatch(text)
        if found is None or int(found["port"]) > 65_535:
            raise MalformedAddress(text)
        return cls(host=found["bracketed"] or found["host"], port=int(found["port"]))

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTls:
    """The server issues its own certificate, and those of hosts, from an authority whose key it has."""

    folder: Path
    """Of the authority: ca.pem and ca.key."""
    names: tuple[str, ...]
    """DNS names and addresses by which the server is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTls:
    """The server shows what it is given; no host can join it."""

    certificate: Path
    key: Path
    clients_ca: Path


Tls: TypeAlias = IssuedTls | GivenTls


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A server's parts and bounds."""

    address: Address
    data: Path | None
    """The folder of the journal and the fleet's file; None keeps everything in memory, and nothing over a restart."""
    policies: Path
    policies_shown_as: str
    """What decisions call the folder of the policies: `{this}/{file}:{line}:{column}`."""
    policies_poll_seconds: float = 3.0
    """How often the folder of the policies is looked at."""
    fleet: FleetKind = FleetKind.SIMULATED
    scenario: Path | None = None
    """How a simulated fleet behaves; None: machines that upgrade in a moment and never fail."""
    heartbeat_seconds: float = 15.0
    """A host must say something at least this often."""
    silence_seconds: float = 60.0
    """Whoever is silent for so long counts as Unknown."""
    probe_networks: tuple[str, ...] = ()
    """The networks, such as `10.0.0.0/8`, in which hosts are probed; none: everywhere but in reserved ones."""
    max_active: int | None = None
    """Rolling upgrades under way at once; None: as many as the executor takes by itself."""
    tls: Tls | None = None
    """How it speaks TLS; None: not at all, which is for loopback only."""


def usual_data_folder() -> Path:
    """Where the platform keeps what programs remember: XDG's data folder, or the Mac's Application Support."""
    given = os.environ.get("XDG_DATA_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "tidegate"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "tidegate"
    return Path.home() / ".local" / "share" / "tidegate"


def usual_authority_folder() -> Path:
    """Where `tidegate ca init` makes an authority unless it is told otherwise."""
    return usual_data_folder() / "ca"
