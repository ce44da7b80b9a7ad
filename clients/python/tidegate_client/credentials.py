"""Credentials: one PEM file with the key, its certificate and the authority's, as `tidegate ca operator` writes it.

Law: a file that others may read is not used, since its key is whoever's has a copy; what it holds is in no error.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import grpc

_BLOCK = re.compile(r"-----BEGIN (?P<label>[A-Z ]+)-----\n.+?\n-----END (?P=label)-----\n?", re.DOTALL)
_MOST_BYTES = 1_048_576


class CredentialsUnusable(Exception):
    """The file cannot be read, is open to others, or is no such file; `str` says which, and what to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What the file holds, each as PEM."""

    key: str = field(repr=False)
    certificate: str
    """With those that lead to the authority's."""
    authority: str
    """Whom to trust."""


def credentials_from(path: str | PathLike[str]) -> grpc.ChannelCredentials:
    """Credentials for a `Client` or an `AsyncClient`, from the file that `tidegate ca operator NAME --out FILE` wrote.

    Raises:
        CredentialsUnusable: the file cannot be used.
    """
    bundle = read_bundle(path)
    return grpc.ssl_channel_credentials(
        root_certificates=bundle.authority.encode("ascii"),
        private_key=bundle.key.encode("ascii"),
        certificate_chain=bundle.certificate.encode("ascii"),
    )


def read_bundle(path: str | PathLike[str]) -> Bundle:
    """The parts of the file; raises CredentialsUnusable."""
    file = Path(path)
    blocks = [(found["label"], found[0]) for found in _BLOCK.finditer(_text(file))]
    keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
    certificates = [block for label, block in blocks if label == "CERTIFICATE"]
    if len(keys) != 1 or len(certificates) < 2:
        raise CredentialsUnusable(
            f"{file} does not hold a key, its certificate and the authority's, as PEM. "
            "Have one made: tidegate ca operator NAME --out FILE"
        )
    if "ENCRYPTED" in keys[0].splitlines()[0]:
        raise CredentialsUnusable(f"The key in {file} is encrypted with a password, which nobody could be asked for.")
    # The first certificate is its owner's. All others are trusted, and shown too, for some of them may lead from the
    # owner's to the root, and the rest do no harm.
    return Bundle(key=keys[0], certificate="".join(certificates), authority="".join(certificates[1:]))


def _text(file: Path) -> str:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as failure:
        raise CredentialsUnusable(f"The credentials {file} cannot be read: {failure.strerror}.") from failure
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise CredentialsUnusable(f"The credentials {file} are no plain file.")
        if found.st_mode & 0o077:
            raise CredentialsUnusable(
                f"The credentials {file} are open to others than their owner. Run: chmod 600 {file}"
            )
        return os.read(handle, _MOST_BYTES).decode("ascii", "replace").replace("\r\n", "\n")
    finally:
        os.close(handle)
