"""A handler's manifest: the commands it is run by, and how an agent has to treat it.

Law: what an agent would not read is no reason to refuse a manifest. A value of the wrong kind where there is a default
gives the default and a remark; only what leaves an agent without a command to run is a problem.

Source: WALinuxAgent 2.15, exthandlers.py (HandlerManifest, ResourceLimits) and signature_validation_util.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from tidegate_handler.commands import Command
from tidegate_handler.problem import Problem, told

MANIFEST_NAME = "HandlerManifest.json"

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class ManifestMalformed(ValueError):
    """No agent could run a handler by this manifest; every problem is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(told(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimit:
    """How much of the processor one service of a handler may use."""

    name: str
    cpu_quota_percent: float | None = None
    """Of one processor, so it may be more than 100; None: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLimits:
    """How much a handler may use; None where the manifest sets no limit."""

    cpu_quota_percent: float | None = None
    memory_quota_mib: float | None = None
    services: tuple[ServiceLimit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningInfo:
    """What a signed package says it is."""

    version: str
    type: str
    publisher: str

    def matches(self, publisher: str, handler_type: str, version: str) -> bool:
        """Whether it is of that handler; case does not matter."""
        mine = (self.publisher, self.type, self.version)
        return [part.casefold() for part in mine] == [part.casefold() for part in (publisher, handler_type, version)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a manifest says."""

    install_command: str
    uninstall_command: str
    update_command: str
    enable_command: str
    disable_command: str
    report_heartbeat: bool = False
    update_with_install: bool = True
    """After an update the new version is installed too; so it is where the manifest has no updateMode."""
    continue_on_update_failure: bool = False
    """Of the new version: a failed disable or uninstall of the old one does not stop an update."""
    supports_multiple_extensions: bool = False
    name: str = ""
    """Tells nothing to an agent, and is often left out."""
    version: str = ""
    """As written, be it a number or text; mostly that of the schema, 1.0, and not the handler's."""
    resource_limits: ResourceLimits = ResourceLimits()
    signing_info: SigningInfo | None = None
    remarks: tuple[str, ...] = ()
    """What is odd about it but does no harm, a sentence each."""

    def command(self, command: Command) -> str:
        """The command as it stands in the manifest, arguments included."""
        match command:
            case Command.INSTALL:
                return self.install_command
            case Command.ENABLE:
                return self.enable_command
            case Command.UPDATE:
                return self.update_command
            case Command.DISABLE:
                return self.disable_command
            case Command.UNINSTALL:
                return self.uninstall_command
            case _:
                assert_never(command)


def read_manifest(text: str | bytes) -> Manifest:
    """Read a manifest, which is the first element of a JSON array; a byte order mark before it is ignored.

    Raises:
        ManifestMalformed: no handler can be run by it; every problem is named.
    """
    element = _first_element(text)
    section = element.get("handlerManifest")
    if not isinstance(section, dict):
        raise ManifestMalformed([Problem(place="handlerManifest", message="must be there, a JSON object.")])
    reading = _Reading(section)
    commands = {command: reading.command(command) for command in Command}
    update_with_install = reading.update_with_install()
    if reading.problems:
        raise ManifestMalformed(reading.problems)
    return Manifest(
        install_command=commands[Command.INSTALL],
        uninstall_command=commands[Command.UNINSTALL],
        update_command=commands[Command.UPDATE],
        enable_command=commands[Command.ENABLE],
        disable_command=commands[Command.DISABLE],
        report_heartbeat=reading.flag("reportHeartbeat"),
        update_with_install=update_with_install,
        continue_on_update_failure=reading.flag("continueOnUpdateFailure"),
        supports_multiple_extensions=reading.flag("supportsMultipleExtensions"),
        name=_plain_text(element.get("name")),
        version=_plain_text(element.get("version")),
        resource_limits=reading.resource_limits(element.get("resourceLimits")),
        signing_info=reading.signing_info(element.get("signingInfo")),
        remarks=tuple(reading.remarks),
    )


def _first_element(text: str | bytes) -> dict[str, object]:
    """The JSON object that the manifest is."""
    try:
        written = text.decode("utf-8") if isinstance(text, bytes) else text
        # Decimal keeps a number as it was written: a version of 1.10 must not become 1.1.
        document = json.loads(written.removeprefix(_BYTE_ORDER_MARK), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise _malformed(f"is not UTF-8, at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):
        raise _malformed("is not JSON that can be read: a number is too long, or the nesting too deep.") from None
    if not isinstance(document, list) or not document:
        raise _malformed("must be a JSON array, whose first element is the manifest.")
    element = document[0]
    if not isinstance(element, dict):
        raise _malformed("must be a JSON array whose first element is an object.")
    return element


def _malformed(message: str) -> ManifestMalformed:
    return ManifestMalformed([Problem(place=MANIFEST_NAME, message=message)])


class _Reading:
    """Reads the fields one after another, and gathers what is wrong with them."""

    def __init__(self, section: dict[str, object]) -> None:
        self.section = section
        self.problems: list[Problem] = []
        self.remarks: list[str] = []

    def command(self, command: Command) -> str:
        value = self.section.get(command.manifest_key)
        if isinstance(value, str) and value.lstrip("/").strip() and not _unfit_for_a_shell(value):
            return value
        missing = command.manifest_key not in self.section
        message = "is missing." if missing else "must be text that a shell can run, not empty."
        self.problems.append(Problem(place=f"handlerManifest.{command.manifest_key}", message=message))
        return ""

    def update_with_install(self) -> bool:
        value = self.section.get("updateMode")
        if value is None:
            return True
        if isinstance(value, str):
            return value.lower() == "updatewithinstall"
        message = "must be text: UpdateWithInstall or UpdateWithoutInstall."
        self.problems.append(Problem(place="handlerManifest.updateMode", message=message))
        return True

    def flag(self, key: str) -> bool:
        """A boolean, false by default; the text "true" counts too, as agents have always let it."""
        value = self.section.get(key)
        if isinstance(value, bool) or value is None:
            return bool(value)
        meant = isinstance(value, str) and value.lower() == "true"
        self.remarks.append(f"handlerManifest.{key} is no JSON boolean; agents read it as {str(meant).lower()}.")
        return meant

    def resource_limits(self, value: object) -> ResourceLimits:
        if value is None:
            return ResourceLimits()
        if not isinstance(value, dict):
            self.remarks.append("resourceLimits is no JSON object, so it limits nothing.")
            return ResourceLimits()
        services = value.get("services") or []
        if not isinstance(services, list):
            self.remarks.append("resourceLimits.services is no JSON array, so it limits nothing.")
            services = []
        return ResourceLimits(
            cpu_quota_percent=self._quota(value, "cpuQuotaPercentage", "resourceLimits"),
            memory_quota_mib=self._quota(value, "memoryQuotaInMB", "resourceLimits"),
            services=tuple(
                limit for index, service in enumerate(services) if (limit := self._service(service, index)) is not None
            ),
        )

    def _service(self, value: object, index: int) -> ServiceLimit | None:
        place = f"resourceLimits.services[{index}]"
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"]:
            self.remarks.append(f"{place} names no service, so it limits nothing.")
            return None
        return ServiceLimit(
            name=_plain_text(value["name"]), cpu_quota_percent=self._quota(value, "cpuQuotaPercentage", place)
        )

    def _quota(self, value: dict[str, object], key: str, place: str) -> float | None:
        quota = value.get(key)
        if quota is None:
            return None
        if isinstance(quota, int | Decimal) and not isinstance(quota, bool) and 0 < quota < 1_000_000_000:
            return float(quota)
        self.remarks.append(f"{place}.{key} is no number above 0, so it limits nothing.")
        return None

    def signing_info(self, value: object) -> SigningInfo | None:
        if value is None:
            return None
        parts = [value.get(key) for key in ("version", "type", "publisher")] if isinstance(value, dict) else []
        texts = [_plain_text(part) for part in parts if isinstance(part, str)]
        if len(texts) != 3:
            self.remarks.append("signingInfo has no version, type and publisher, so it says nothing.")
            return None
        return SigningInfo(version=texts[0], type=texts[1], publisher=texts[2])


def _unfit_for_a_shell(command: str) -> bool:
    """Whether a process could not even be given the text: a zero character, or half a surrogate pair."""
    return "\0" in command or any("\ud800" <= letter <= "\udfff" for letter in command)


def _plain_text(value: object) -> str:
    """Text or a number as text; anything else tells nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")
