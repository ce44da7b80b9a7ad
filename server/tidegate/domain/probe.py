"""A load balancer's health probe: what is asked, how often, and when the answer counts.

Source: Microsoft.Network/loadBalancers/probes (protocol, port, requestPath, intervalInSeconds, numberOfProbes,
probeThreshold). A scale set's own resource only names a probe by its id; Tidegate, which has no load balancers, reads
the probe's properties beside that id, at networkProfile.healthProbe.properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProbeProtocol(StrEnum):
    """How a host is asked; the spellings of Azure."""

    TCP = "Tcp"
    HTTP = "Http"
    HTTPS = "Https"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeDefinition:
    """One probe of a scale set."""

    protocol: ProbeProtocol
    port: int
    """Where the host's own probe address names no port."""
    request_path: str = "/"
    """For Http and Https; an answer of 200 is the only one that counts as well."""
    interval_seconds: float = 15.0
    timeout_seconds: float = 5.0
    """How long an answer may take; Tidegate's own, `timeoutInSeconds`."""
    threshold: int = 2
    """So many equal answers in a row change what the probe says; the first state needs them too."""
