"""A load balancer's health probe: what is asked, how often, and when the answer counts.

A scale set's own resource only names a probe by its id; Tidegate, which has no load balancers, reads the probe's
properties beside that id, at networkProfile.healthProbe.properties.
Source: the resource type Microsoft.Network/loadBalancers/probes: protocol, port, requestPath (200 alone is well),
intervalInSeconds (15, at least 5), numberOfProbes, and probeThreshold (so many equal answers change it either way).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tidegate.domain.json_reading import Reading

MAX_PORT = 65_535
MIN_INTERVAL_SECONDS = 1
"""Tidegate's own: Azure asks at most every 5 seconds, which is slow for a first rehearsal on a few hosts."""
MAX_INTERVAL_SECONDS = 3_600
MAX_TIMEOUT_SECONDS = 60
MAX_THRESHOLD = 100
"""Tidegate's own, as the longest interval and time-out are: Azure names no upper bounds."""
MAX_PATH_CHARACTERS = 2_048

_PATH = re.compile(r"/[!-~]*")


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


def read_probe(properties: Reading) -> ProbeDefinition | None:
    """The probe that the `properties` of a health probe describe; None where there are none.

    protocol and port must be there. Of numberOfProbes and probeThreshold one is enough, and where both are there the
    newer probeThreshold counts. An answer may take at most as long as the next question is away. What is wrong is told
    to the reading.
    """
    if properties.is_absent:
        return None
    protocol = _protocol(properties.at("protocol"))
    if properties.at("port").is_absent:
        properties.at("port").refuse(f"is missing; write a port from 1 to {MAX_PORT}")
    interval = properties.at("intervalInSeconds").whole(15, low=MIN_INTERVAL_SECONDS, high=MAX_INTERVAL_SECONDS)
    timeout = properties.at("timeoutInSeconds")
    longest = min(interval, MAX_TIMEOUT_SECONDS)
    tries = properties.at("numberOfProbes").whole(2, low=1, high=MAX_THRESHOLD)
    return ProbeDefinition(
        protocol=protocol,
        port=properties.at("port").whole(1, low=1, high=MAX_PORT),
        request_path=_request_path(properties.at("requestPath"), protocol),
        interval_seconds=float(interval),
        timeout_seconds=timeout.number(float(min(5, longest)), low=0.1, high=float(longest)),
        threshold=properties.at("probeThreshold").whole(tries, low=1, high=MAX_THRESHOLD),
    )


def _protocol(protocol: Reading) -> ProbeProtocol:
    """What is wrong here reads as Http, under which everything else has its place and is judged too."""
    if protocol.is_absent:
        protocol.refuse(f"is missing; write one of {', '.join(ProbeProtocol)}")
    return ProbeProtocol(protocol.one_of(tuple(ProbeProtocol), default=ProbeProtocol.HTTP))


def _request_path(path: Reading, protocol: ProbeProtocol) -> str:
    """The path as it is sent: with a leading slash, printable ASCII without spaces, so that it cannot forge a header.

    Azure wants one for Http and Https and none for Tcp; `/` stands for one that is not there.
    """
    text = path.text()
    if not text:
        return "/"
    if protocol is ProbeProtocol.TCP:
        path.refuse("is for Http and Https; leave it out, or write one of these protocols")
        return "/"
    rooted = text if text.startswith("/") else f"/{text}"
    if not _PATH.fullmatch(rooted) or "#" in rooted:
        path.refuse("is no path of a URL; write printable ASCII without spaces, and no fragment")
    elif len(rooted) > MAX_PATH_CHARACTERS:
        path.refuse(f"has more than {MAX_PATH_CHARACTERS} characters")
    return rooted
