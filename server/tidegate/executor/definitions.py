"""Definitions of scale sets: kept together with the protected settings that came in with them.

Law: what goes is gone before the definition is there, and what comes is kept after it, all of it durable before `put`
returns. So a crash in between leaves a handler without its protected settings until they are put again, and never with
those of another handler.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from tidegate.domain.protected_settings import ProtectedSettings, names_that_stay, texts_of
from tidegate.domain.refusal import EtagMismatch, ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.scale_set import ScaleSet
from tidegate.journal.register import Register

ANY_ETAG = ""
ONLY_IF_NONE = "*"


class SecretKeeper(Protocol):
    """Whoever keeps protected settings for hosts: the safe."""

    async def keep_all(self, scale_set_key: str, texts: Mapping[str, bytes]) -> None:
        """Keep each extension's text in place of the one before: all durably, or none; raises JournalUnavailable."""

    async def forget_all_but(self, scale_set_key: str, extension_names: Collection[str]) -> None:
        """Keep nothing of the scale set's other extensions any more; raises JournalUnavailable."""


class Definitions:
    """Puts and deletes definitions; the caller has the scale set's turn."""

    def __init__(self, register: Register, secrets: SecretKeeper | None) -> None:
        """Without `secrets` protected settings are dropped."""
        self._register = register
        self._secrets = secrets

    @property
    def keeps_secrets(self) -> bool:
        """Protected settings are wanted."""
        return self._secrets is not None

    async def check(self, name: ScaleSetId, etag: str) -> bool:
        """Whether the scale set would be new; raises EtagMismatch where it could not be put."""
        current = await self._register.scale_set(name)
        check_etag(name, etag, current)
        return current is None

    async def put(self, scale_set: ScaleSet, said: Mapping[str, ProtectedSettings], etag: str) -> bool:
        """Keep the definition and what was said of protected settings; True where the scale set is new.

        Raises:
            EtagMismatch, JournalUnavailable.
        """
        if self._secrets is None:
            return await self._register.put_scale_set(scale_set, _expected(etag))
        name = scale_set.scale_set_id
        current = await self._register.scale_set(name)
        check_etag(name, etag, current)
        await self._secrets.forget_all_but(name.key, names_that_stay(current, scale_set, said))
        is_new = await self._register.put_scale_set(scale_set, _expected(etag))
        await self._secrets.keep_all(name.key, texts_of(scale_set, said))
        return is_new

    async def delete(self, name: ScaleSetId, etag: str) -> None:
        """Forget the scale set, and what is kept of its protected settings.

        Raises:
            ScaleSetNotFound, EtagMismatch, JournalUnavailable.
        """
        if not await self._register.delete_scale_set(name, _expected(etag)):
            raise ScaleSetNotFound(str(name))
        if self._secrets is not None:
            await self._secrets.forget_all_but(name.key, ())


def check_etag(name: ScaleSetId, etag: str, current: ScaleSet | None) -> None:
    """Return where `etag` is that of `current`, or any will do; raises EtagMismatch."""
    expected, found = _expected(etag), "" if current is None else current.etag
    if expected is not None and expected != found:
        raise EtagMismatch(str(name), given=expected, current=found)


def _expected(etag: str) -> str | None:
    """What the register expects: None for any, empty for no definition yet."""
    match etag:
        case "":
            return None
        case "*":
            return ""
        case _:
            return etag
