"""Fields of a request, read into words of the domain.

Law: every wrong field is named, all of them at once, by its path in the contract. Nothing of a request but short,
harmless texts is ever repeated in an answer: a resource may hold a secret.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from tidegate.api.upgrade_filter import MalformedFilter, UpgradeFilter, read_filter
from tidegate.domain.extension import ExtensionType
from tidegate.domain.refusal import FieldViolation, MalformedRequest
from tidegate.domain.resource_id import MalformedId, ScaleSetId, UpgradeName, parse_subscription
from tidegate.domain.version import MalformedVersion, Version
from tidegate.v1 import extension_catalog_service_pb2 as catalog_pb

MAX_RESOURCE_BYTES = 4_194_304
"""What a resource may have in UTF-8; the contract says 4 MiB."""
MAX_REQUEST_ID_CHARACTERS = 128
MAX_ETAG_CHARACTERS = 128
MAX_ID_CHARACTERS = 600
"""No ARM id that has the shape is longer; longer texts are refused unread."""

_NO_SCALE_SET: Final = ScaleSetId(subscription="-", resource_group="-", name="-")
_NO_UPGRADE: Final = UpgradeName(scale_set=_NO_SCALE_SET, upgrade_id="-")
_NO_TYPE: Final = ExtensionType(publisher="-", type="-")
_NO_VERSION: Final = Version("0")
_NAME = re.compile(r"[A-Za-z0-9_.()\-]{1,128}", re.ASCII)
_LOCATION = re.compile(r"[A-Za-z0-9 ()\-]{0,90}", re.ASCII)
_EXTENSIONS = "/extensions/"


@functools.lru_cache(maxsize=8_192)
def parse_scale_set_id(text: str) -> ScaleSetId:
    """`ScaleSetId.parse`, remembered: callers ask for the same few scale sets over and over.

    Raises:
        MalformedId: as there.
    """
    return ScaleSetId.parse(text)


class Fields:
    """Reads fields one by one and, leaving its `with` block, refuses the request if any of them was wrong.

    A field that is wrong gives a harmless stand-in, so that reading goes on to the next one.

    Raises:
        MalformedRequest: at the end of the block.
    """

    def __init__(self) -> None:
        self._violations: list[FieldViolation] = []

    def __enter__(self) -> Fields:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None and self._violations:
            raise MalformedRequest(self._violations)

    def wrong(self, path: str, description: str) -> None:
        """Note that the field at `path` is wrong; `description` says what to write."""
        self._violations.append(FieldViolation(field=path, description=description))

    def scale_set(self, path: str, text: str) -> ScaleSetId:
        """A scale set's ARM id."""
        try:
            return parse_scale_set_id(text[:MAX_ID_CHARACTERS])
        except MalformedId as malformed:
            self.wrong(path, f"{_shown(text)} is not of the form {malformed.shape}")
            return _NO_SCALE_SET

    def upgrade(self, path: str, text: str) -> UpgradeName:
        """A rolling upgrade's name."""
        try:
            return UpgradeName.parse(text[:MAX_ID_CHARACTERS])
        except MalformedId as malformed:
            self.wrong(path, f"{_shown(text)} is not of the form {malformed.shape}")
            return _NO_UPGRADE

    def target(self, path: str, text: str) -> ScaleSetId | UpgradeName:
        """A rolling upgrade's name, or a scale set's id for the upgrade it has."""
        if "/rollingupgrades/" in text[:MAX_ID_CHARACTERS].lower():
            return self.upgrade(path, text)
        return self.scale_set(path, text)

    def extension(self, path: str, text: str) -> tuple[ScaleSetId, str]:
        """`{scale set id}/extensions/{name}`, taken apart."""
        at = text.lower().rfind(_EXTENSIONS)
        name = text[at + len(_EXTENSIONS) :]
        if at < 0 or _NAME.fullmatch(name) is None:
            self.wrong(path, f"{_shown(text)} is not of the form {{scale set id}}/extensions/{{name}}")
            return _NO_SCALE_SET, ""
        return self.scale_set(path, text[:at]), name

    def subscription(self, path: str, text: str) -> str:
        """A subscription's id in lower case."""
        try:
            return parse_subscription(text[:MAX_ID_CHARACTERS])
        except MalformedId as malformed:
            self.wrong(path, f"{_shown(text)} is not of the form {malformed.shape}")
            return ""

    def extension_type(self, path: str, message: catalog_pb.ExtensionType) -> ExtensionType:
        """A handler's publisher and type."""
        parts = {"publisher": message.publisher, "type": message.type}
        malformed = [name for name, text in parts.items() if _NAME.fullmatch(text) is None]
        for name in malformed:
            self.wrong(
                f"{path}.{name}",
                f"{_shown(parts[name])} is no {name}; write 1 to 128 letters, digits, dots, dashes or underscores",
            )
        return _NO_TYPE if malformed else ExtensionType(publisher=message.publisher, type=message.type)

    def version(self, path: str, text: str) -> Version:
        """One to four numbers joined by dots."""
        try:
            return Version(text[:100])
        except MalformedVersion:
            self.wrong(path, f"{_shown(text)} is no version; write one to four numbers joined by dots, such as 2.1.6")
            return _NO_VERSION

    def image_version(self, path: str, text: str) -> str:
        """An exact image version, or nothing."""
        if text:
            self.version(path, text)
        return text

    def name(self, path: str, text: str, what: str) -> str:
        """The name of something that has no shape but must be there: at most 256 printable characters."""
        if not 1 <= len(text) <= 256 or not text.isprintable():
            self.wrong(path, f"write {what}: 1 to 256 printable characters")
        return text

    def request_id(self, path: str, text: str) -> str:
        """Nothing, or up to 128 printable characters."""
        if len(text) > MAX_REQUEST_ID_CHARACTERS or not text.isprintable():
            self.wrong(path, f"write up to {MAX_REQUEST_ID_CHARACTERS} printable characters, or nothing")
        return text

    def etag(self, path: str, text: str) -> str:
        """Nothing, `*`, or what a scale set had as its etag."""
        if len(text) > MAX_ETAG_CHARACTERS or not text.isprintable():
            self.wrong(path, "is no etag; write the one that was given, * or nothing")
        return text

    def location(self, path: str, text: str) -> str:
        """A location such as `westeurope`, or nothing."""
        if _LOCATION.fullmatch(text) is None:
            self.wrong(path, f"{_shown(text)} is no location; write one such as westeurope, or nothing")
        return text

    def page_size(self, path: str, size: int, *, usual: int, most: int) -> int:
        """How many rows a page has at most; 0 means the usual."""
        if not 0 <= size <= most:
            self.wrong(path, f"is {size}; write 1 to {most}, or 0 for {usual}")
        return size or usual

    def filter(self, path: str, text: str) -> UpgradeFilter:
        """The filter of ListRollingUpgrades."""
        try:
            return read_filter(text)
        except MalformedFilter as malformed:
            self.wrong(path, str(malformed))
            return UpgradeFilter()

    def newest_first(self, path: str, text: str) -> bool:
        """The order of ListRollingUpgrades: `start_time desc` (as nothing does), or `start_time`."""
        orders = {"": True, "start_time desc": True, "start_time": False, "start_time asc": False}
        order = " ".join(text[:100].split())
        if order not in orders:
            self.wrong(path, f"{_shown(text)} is no order; write start_time or start_time desc")
        return orders.get(order, True)

    def json_object(self, path: str, text: str) -> Mapping[str, object]:
        """A JSON object of at most 4 MiB."""
        if len(text.encode()) > MAX_RESOURCE_BYTES:
            self.wrong(path, f"is larger than {MAX_RESOURCE_BYTES} bytes")
            return {}
        try:
            value = json.loads(text)
        except json.JSONDecodeError as malformed:
            self.wrong(path, f"is not JSON: {malformed.msg} at line {malformed.lineno}, column {malformed.colno}")
        except (RecursionError, ValueError):
            self.wrong(path, "is no JSON that can be read: it is too deep, or has a number of thousands of digits")
        else:
            if isinstance(value, dict):
                return value
            self.wrong(path, "is JSON, but no object; write an ARM resource")
        return {}


def _shown(text: str) -> str:
    """`text` as a message may repeat it: quoted, and short."""
    return repr(text) if len(text) <= 120 else repr(text[:117]) + "..."
