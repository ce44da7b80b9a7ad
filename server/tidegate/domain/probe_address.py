"""Where a host's probe goes, as the host itself writes it: a host, `host:port` or `[v6]:port`.

Law: it is only ever a place. Scheme, path and whatever else a URL can hold come from the scale set's probe, which its
owner wrote; a host that could choose them could make this server say to others what it likes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from tidegate.domain.probe import MAX_PORT

MAX_CHARACTERS = 261
"""A name of 253 characters, which is all that DNS has room for, with a port."""

_MAX_NAME_CHARACTERS = 253
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)


class ProbeAddressMalformed(ValueError):
    """The text is no place that could be probed; says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAddress:
    """A place: `host` is a name or a literal address without brackets; without `port` the probe's own counts."""

    host: str
    port: int | None = None

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """The host as an address; None where it is a name."""
        return _literal(self.host)


def read_probe_address(text: str) -> ProbeAddress:
    """The place that `text` names.

    Raises:
        ProbeAddressMalformed: it is empty, too long, a URL, or something else that is no place.
    """
    if not text:
        raise ProbeAddressMalformed("is empty; write a host, host:port or [v6]:port")
    if len(text) > MAX_CHARACTERS:
        raise ProbeAddressMalformed(f"has more than {MAX_CHARACTERS} characters")
    if "/" in text or "@" in text or "?" in text or "#" in text:
        raise ProbeAddressMalformed("is a URL or a part of one; write a host, host:port or [v6]:port alone")
    if bracketed := _BRACKETED.fullmatch(text):
        return ProbeAddress(host=_version_6(bracketed[1]), port=_port(bracketed[2]))
    if text.count(":") > 1:
        return ProbeAddress(host=_version_6(text))
    host, colon, port = text.partition(":")
    return ProbeAddress(host=_name(host), port=_port(port if colon else None))


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _version_6(text: str) -> str:
    address = _literal(text)
    if not isinstance(address, IPv6Address):
        raise ProbeAddressMalformed("holds colons or brackets, but no IPv6 address; write [v6]:port")
    if address.scope_id is not None:
        raise ProbeAddressMalformed("names an interface, which only the host itself has; write an address without %")
    return str(address)


def _name(host: str) -> str:
    """A name or an IPv4 address.

    What ends in a number is an address or nothing: systems read 127.1 and 0x7f000001 as addresses, and what a person
    would not recognise as one shall not be one. Source: the host parser of the URL standard, "ends in a number".
    """
    labels = host.split(".")
    if len(host) > _MAX_NAME_CHARACTERS or not all(map(_LABEL.fullmatch, labels)):
        raise ProbeAddressMalformed("is no host; write a name such as web-0.example, or an address, and perhaps :port")
    if _NUMBER.fullmatch(labels[-1]) and _literal(host) is None:
        raise ProbeAddressMalformed("ends in a number, but is no IPv4 address; write all four of its numbers")
    return host.lower()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not _PORT.fullmatch(text) or not 1 <= int(text) <= MAX_PORT:
        raise ProbeAddressMalformed(f"has no port after the colon; write one from 1 to {MAX_PORT}")
    return int(text)
