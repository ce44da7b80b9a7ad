"""The safe of protected settings: a SQLite file of ciphertexts, and its key in a file beside it or elsewhere.

Law: what is kept is durable before `keep` returns, and stands in the file encrypted only (AES-256-GCM); each text is
bound to the scale set and the extension it was kept for, so that nobody who can write the file can hand it to another.
A safe whose key is missing or another is refused, never emptied. Names of extensions are compared without regard to
case.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tidegate.domain.refusal import JournalUnavailable
from tidegate.trust.key_files import read_secret, write_secret
from tidegate.trust.unusable import SafeUnusable

SAFE = "safe.sqlite"
KEY = "safe.key"

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS seal (one INTEGER PRIMARY KEY CHECK (one = 1), nonce BLOB NOT NULL, text BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kept (
    scale_set TEXT NOT NULL, extension TEXT NOT NULL, nonce BLOB NOT NULL, text BLOB NOT NULL,
    PRIMARY KEY (scale_set, extension)
) WITHOUT ROWID;
"""
_OF_THE_SEAL = b"tidegate safe"


class Safe:
    """Keeps the protected settings of every extension of every scale set; may be asked by several threads at once."""

    def __init__(self, file: sqlite3.Connection, key: bytes) -> None:
        """Made by `open` or `in_memory`."""
        self._file = file
        self._turn = threading.Lock()
        self._cipher = AESGCM(_derived(key, b"encrypt"))
        self._digest_key = _derived(key, b"digest")

    @classmethod
    def in_memory(cls) -> Self:
        """A safe that is gone with the process."""
        safe = cls(_connected(":memory:"), secrets.token_bytes(_KEY_BYTES))
        safe._file.executescript(_TABLES)
        return safe

    @classmethod
    def open(cls, folder: Path, key_file: Path | None = None) -> Self:
        """The safe in `folder`, made there where there is none; its key is in `key_file`, or beside it.

        Raises:
            SafeUnusable: its key is missing or another, or its file cannot be read.
            KeyFileUnsafe: its key is open to others than its owner.
        """
        path, key_path = folder / SAFE, key_file or folder / KEY
        key = _key(key_path, is_new=not path.exists(), safe=path)
        try:
            file = _connected(str(path))
        except sqlite3.Error as failure:
            raise SafeUnusable(f"The safe {path} cannot be opened: {failure}.") from failure
        try:
            path.chmod(0o600)
            safe = cls(file, key)
            safe._open(path, key_path)
        except sqlite3.Error as failure:
            file.close()
            raise SafeUnusable(f"The safe {path} cannot be opened: {failure}.") from failure
        except BaseException:
            file.close()
            raise
        return safe

    def keep(self, scale_set_key: str, extension_name: str, plaintext: bytes) -> None:
        """Keep the text in place of the one before, durably.

        Raises:
            JournalUnavailable: the file takes nothing now.
        """
        self._keep(scale_set_key, {extension_name: plaintext})

    def forget(self, scale_set_key: str, extension_name: str) -> None:
        """Keep nothing of it any more; raises as `keep`."""
        with self._changing() as file:
            file.execute(
                "DELETE FROM kept WHERE scale_set = ? AND extension = ?", (scale_set_key, _key_of(extension_name))
            )

    def text(self, scale_set_key: str, extension_name: str) -> bytes | None:
        """What was kept; None where nothing is.

        Raises:
            SafeUnusable: somebody has changed the file.
        """
        extension = _key_of(extension_name)
        with self._turn:
            row = self._file.execute(
                "SELECT nonce, text FROM kept WHERE scale_set = ? AND extension = ?", (scale_set_key, extension)
            ).fetchone()
        if row is None:
            return None
        return self._opened(row, _bound_to(scale_set_key, extension))

    def digest(self, scale_set_key: str, extension_name: str) -> str:
        """Changes with the text, and tells nothing of it to anybody without the key: to be stored where one likes.

        64 hexadecimal digits; empty where nothing is kept. Raises as `text`.
        """
        text = self.text(scale_set_key, extension_name)
        if text is None:
            return ""
        bound = _bound_to(scale_set_key, _key_of(extension_name))
        return hmac.digest(self._digest_key, bound + b"\0" + text, "sha256").hex()

    async def keep_all(self, scale_set_key: str, texts: Mapping[str, bytes]) -> None:
        """Keep each extension's text in place of the one before: all durably, or none. Raises as `keep`."""
        if texts:
            await asyncio.to_thread(self._keep, scale_set_key, texts)

    async def forget_all_but(self, scale_set_key: str, extension_names: Collection[str]) -> None:
        """Keep nothing of the scale set's other extensions any more; raises as `keep`."""
        await asyncio.to_thread(self._forget_all_but, scale_set_key, {_key_of(name) for name in extension_names})

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._file.close()

    def _open(self, path: Path, key_path: Path) -> None:
        found = self._file.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, _FORMAT}:
            raise SafeUnusable(f"The safe {path} has the format {found}; this server knows {_FORMAT}.")
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute("PRAGMA secure_delete = ON")
        if not found:
            self._file.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;")
        row = self._file.execute("SELECT nonce, text FROM seal").fetchone()
        if row is None:
            with self._changing() as file:
                file.execute("INSERT INTO seal VALUES (1, ?, ?)", self._closed(_OF_THE_SEAL, _OF_THE_SEAL))
            return
        try:
            self._cipher.decrypt(row[0], row[1], _OF_THE_SEAL)
        except InvalidTag:
            raise SafeUnusable(f"The key {key_path} is not that of the safe {path}. Put its own key there.") from None

    def _keep(self, scale_set_key: str, texts: Mapping[str, bytes]) -> None:
        with self._changing() as file:
            for name, text in texts.items():
                extension = _key_of(name)
                nonce, closed = self._closed(text, _bound_to(scale_set_key, extension))
                file.execute(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (scale_set_key, extension, nonce, closed)
                )

    def _forget_all_but(self, scale_set_key: str, extensions: Collection[str]) -> None:
        with self._changing() as file:
            rows = file.execute("SELECT extension FROM kept WHERE scale_set = ?", (scale_set_key,)).fetchall()
            gone = [(scale_set_key, extension) for (extension,) in rows if extension not in extensions]
            file.executemany("DELETE FROM kept WHERE scale_set = ? AND extension = ?", gone)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which is durable at its end or leaves nothing."""
        try:
            with self._turn, self._file:
                self._file.execute("BEGIN IMMEDIATE")
                yield self._file
        except sqlite3.Error as failure:
            raise JournalUnavailable(f"the safe of protected settings takes nothing, {failure}") from failure

    def _closed(self, text: bytes, bound_to: bytes) -> tuple[bytes, bytes]:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, text, bound_to)

    def _opened(self, row: tuple[bytes, bytes], bound_to: bytes) -> bytes:
        try:
            return self._cipher.decrypt(row[0], row[1], bound_to)
        except InvalidTag:
            raise SafeUnusable("The safe of protected settings was changed by somebody else; put them again.") from None


def _connected(where: str) -> sqlite3.Connection:
    return sqlite3.connect(where, isolation_level=None, check_same_thread=False)


def _key(path: Path, *, is_new: bool, safe: Path) -> bytes:
    """The key, made where neither it nor the safe is there."""
    try:
        key = read_secret(path)
    except FileNotFoundError:
        if not is_new:
            raise SafeUnusable(
                f"The key {path} of the safe {safe} is missing. Put it back from where it was saved; without it the "
                "protected settings are lost: then remove the safe, and put the scale sets with them again."
            ) from None
        key = secrets.token_bytes(_KEY_BYTES)
        write_secret(path, key)
    if len(key) != _KEY_BYTES:
        raise SafeUnusable(f"The key {path} has {len(key)} bytes, not {_KEY_BYTES}. Put the safe's own key there.")
    return key


def _derived(key: bytes, use: bytes) -> bytes:
    """A key of its own for each use, so that neither helps against the other."""
    return hmac.digest(key, b"tidegate safe: " + use, hashlib.sha256)


def _key_of(extension_name: str) -> str:
    return extension_name.lower()


def _bound_to(scale_set_key: str, extension: str) -> bytes:
    return f"{scale_set_key}\0{extension}".encode()
