"""Who this host is: the files under `{root}/identity`, each readable by its owner alone.

    host.json        its name, its credential and its server; written last when joining, so it says that all is there
    tls.pem          the key and the certificates that it shows to the server (from a server that speaks TLS)
    authority.crt    the certificate of the authority that it trusts (likewise)
    settings.key     the key that opens protected settings, made before joining
    settings.crt     its certificate

Law: key and certificate change in one file, so no crash leaves a pair that does not belong together.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegate_agent.durable_file import private_folder, write_durably
from tidegate_agent.keys import KeyPair, expiry_of, make_settings_pair, thumbprint_of
from tidegate_agent.problems import IdentityDamaged, NotJoined

_FOLDER = "identity"
_HOST, _TLS, _AUTHORITY = "host.json", "tls.pem", "authority.crt"
_SETTINGS_KEY, _SETTINGS_CERTIFICATE = "settings.key", "settings.crt"
_CERTIFICATE_BEGINS = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTls:
    """What the host shows to the server, and whom it trusts, each PEM."""

    authority_certificate: str
    certificate: str
    """Its own certificate, and after it those that lead to the authority's."""
    key: str = field(repr=False)
    received_at: datetime
    """When the certificate came, by this host's clock."""

    @property
    def expires_at(self) -> datetime:
        """When its own certificate expires, by the authority's clock."""
        return expiry_of(self.certificate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A host that has joined. `tls` is None where its server speaks plaintext."""

    host: str
    """`{scale set id}/virtualMachines/{instance id}`."""
    server: str
    """The `host:port` that it joined at."""
    credential: str = field(repr=False)
    thumbprint: str
    """The SHA-1 of its settings certificate, in upper case."""
    tls: HostTls | None
    probe_address: str = ""
    """Where its health probe goes, as it was said when it joined; empty: it cannot be probed."""

    @property
    def instance_id(self) -> str:
        """How it is called in its scale set."""
        return self.host.rpartition("/")[2]


class IdentityFolder:
    """The identity of one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / _FOLDER

    @property
    def path(self) -> Path:
        """Where the files are."""
        return self._folder

    @property
    def has_joined(self) -> bool:
        """Whether there is an identity to `load`."""
        return (self._folder / _HOST).exists()

    def settings_pair(self) -> KeyPair:
        """The pair for protected settings, made the first time and the same ever after.

        It is durable before the host joins: should the answer be lost, the host is known again by this certificate.
        """
        private_folder(self._root)
        private_folder(self._folder)
        certificate = self._folder / _SETTINGS_CERTIFICATE
        if not certificate.exists():
            made = make_settings_pair()
            write_durably(self._folder / _SETTINGS_KEY, made.key.encode())
            write_durably(certificate, made.certificate.encode())
        return KeyPair(certificate=self._read(_SETTINGS_CERTIFICATE), key=self._read(_SETTINGS_KEY))

    def keep_joined(
        self,
        *,
        host: str,
        server: str,
        credential: str,
        authority_certificate: str = "",
        pair: KeyPair | None = None,
        probe_address: str = "",
    ) -> Identity:
        """Keeps what the answer to joining said; `pair` is None without TLS."""
        if pair is not None:
            self.keep_certificate(authority_certificate=authority_certificate, pair=pair)
        document = {"host": host, "server": server, "credential": credential, "probe_address": probe_address}
        write_durably(self._folder / _HOST, json.dumps(document, indent=2).encode())
        return self.load()

    def keep_certificate(self, *, authority_certificate: str, pair: KeyPair) -> None:
        """Keeps a new certificate with its key in the place of the old one."""
        write_durably(self._folder / _AUTHORITY, authority_certificate.encode())
        write_durably(self._folder / _TLS, _with_newline(pair.key).encode() + pair.certificate.encode())

    def load(self) -> Identity:
        """The host that joined.

        Raises:
            NotJoined: none has.
            IdentityDamaged: a file is missing or is not what it should be.
        """
        if not self.has_joined:
            raise NotJoined(str(self._root))
        document = self._document()
        certificate = self._read(_SETTINGS_CERTIFICATE)
        try:
            thumbprint = thumbprint_of(certificate)
        except ValueError as wrong:
            raise IdentityDamaged(str(self._folder / _SETTINGS_CERTIFICATE), "it is no certificate") from wrong
        return Identity(
            host=document["host"],
            server=document["server"],
            credential=document["credential"],
            thumbprint=thumbprint,
            tls=self._tls() if (self._folder / _TLS).exists() else None,
            probe_address=document["probe_address"],
        )

    def write_for_handlers(self, library_folder: Path) -> None:
        """Writes the settings pair as `{library_folder}/{THUMBPRINT}.crt` and `.prv`, where handlers look for it.

        Source: WALinuxAgent 2.15, whose Lib.Dir holds them; azure-linux-extensions, Utils/HandlerUtil.py, opens them.
        """
        pair = self.settings_pair()
        thumbprint = thumbprint_of(pair.certificate)
        library_folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in (("crt", pair.certificate), ("prv", pair.key)):
            write_durably(library_folder / f"{thumbprint}.{suffix}", content.encode())

    def forget(self, library_folder: Path) -> None:
        """Forgets the host, its keys too; doing so twice does no harm."""
        if not self._folder.exists():
            return
        certificate = self._folder / _SETTINGS_CERTIFICATE
        if certificate.exists():
            thumbprint = thumbprint_of(self._read(_SETTINGS_CERTIFICATE))
            for suffix in ("crt", "prv"):
                (library_folder / f"{thumbprint}.{suffix}").unlink(missing_ok=True)
        # First the file that says that all is there: half of an identity is none.
        (self._folder / _HOST).unlink(missing_ok=True)
        shutil.rmtree(self._folder)

    def _document(self) -> dict[str, str]:
        path = self._folder / _HOST
        try:
            document: Any = json.loads(self._read(_HOST))  # whatever JSON can say
        except json.JSONDecodeError:
            raise IdentityDamaged(str(path), "it is no JSON") from None
        names = ("host", "server", "credential", "probe_address")
        if not isinstance(document, dict) or not all(isinstance(document.get(name), str) for name in names):
            raise IdentityDamaged(str(path), f"it lacks one of {', '.join(names)}")
        return {name: document[name] for name in names}

    def _tls(self) -> HostTls:
        text = self._read(_TLS)
        key, begins, certificates = text.partition(_CERTIFICATE_BEGINS)
        tls = HostTls(
            authority_certificate=self._read(_AUTHORITY),
            certificate=begins + certificates,
            key=key,
            received_at=datetime.fromtimestamp((self._folder / _TLS).stat().st_mtime, UTC),
        )
        try:
            _ = tls.expires_at
        except ValueError as wrong:
            raise IdentityDamaged(str(self._folder / _TLS), "it has no certificate") from wrong
        return tls

    def _read(self, name: str) -> str:
        path = self._folder / name
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as unreadable:
            why = os.strerror(unreadable.errno) if isinstance(unreadable, OSError) and unreadable.errno else "no text"
            raise IdentityDamaged(str(path), why) from unreadable


def _with_newline(pem: str) -> str:
    return pem if pem.endswith("\n") else pem + "\n"
