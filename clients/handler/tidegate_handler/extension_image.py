"""The ExtensionImage file, by which a publisher tells Azure what a package is and where it may go.

Law: no document type is read, so no entity is ever expanded; every problem is told at once.

Source: azure-extensions-cli, manifest.go. Its three kinds of Regions: none where an extension is only registered, some
joined by semicolons, and an empty element where it goes to all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from tidegate_handler.problem import Problem, shown, told
from tidegate_handler.version import HandlerVersion, MalformedVersion

LARGEST_IMAGE_BYTES = 1_048_576

IMAGE = "ExtensionImage"

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


class ImageMalformed(ValueError):
    """The file does not say what a package is; every problem is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(told(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionImage:
    """What a publisher says of a package."""

    publisher: str
    type: str
    version: HandlerVersion
    label: str = ""
    description: str = ""
    company: str = ""
    supported_os: str = ""
    is_internal: bool = False
    """Not listed for everybody."""
    is_json: bool = False
    supports_multiple_extensions: bool = False
    disallow_major_version_upgrade: bool = False
    """Nobody is moved to the next major version by asking for the newest one."""
    regions: tuple[str, ...] = ()
    in_all_regions: bool = False
    """Whatever `regions` names."""

    def disagreements(self, publisher: str, handler_type: str, version: HandlerVersion) -> tuple[Problem, ...]:
        """In which fields it speaks of another package than that of this handler; case does not matter."""
        pairs = {
            "ProviderNameSpace": (self.publisher, publisher, self.publisher.casefold() == publisher.casefold()),
            "Type": (self.type, handler_type, self.type.casefold() == handler_type.casefold()),
            "Version": (str(self.version), str(version), self.version == version),
        }
        return tuple(
            Problem(place=field, message=f"is {shown(said)}, and the package is {shown(wanted)}.")
            for field, (said, wanted, agrees) in pairs.items()
            if not agrees
        )


def read_extension_image(data: bytes) -> ExtensionImage:
    """Read an ExtensionImage file.

    Raises:
        ImageMalformed: it is no such file, lacks what names a package, or says something that cannot be.
    """
    reading = _Reading(_root(data))
    regions = tuple(name for part in reading.text("Regions").split(";") if (name := part.strip()))
    image = ExtensionImage(
        publisher=reading.required("ProviderNameSpace"),
        type=reading.required("Type"),
        version=reading.version(),
        label=reading.text("Label"),
        description=reading.text("Description"),
        company=reading.text("CompanyName"),
        supported_os=reading.text("SupportedOS"),
        is_internal=reading.flag("IsInternalExtension"),
        is_json=reading.flag("IsJsonExtension"),
        supports_multiple_extensions=reading.flag("SupportsMultipleExtensions"),
        disallow_major_version_upgrade=reading.flag("DisallowMajorVersionUpgrade"),
        regions=regions,
        in_all_regions="Regions" in reading.fields and not regions,
    )
    if reading.problems:
        raise ImageMalformed(reading.problems)
    return image


class _DocumentType(Exception):
    """The file has a document type."""


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _DocumentType


def _root(data: bytes) -> ElementTree.Element:
    if len(data) > LARGEST_IMAGE_BYTES:
        raise _malformed(f"has more than {LARGEST_IMAGE_BYTES} bytes.")
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root = parser.close()
    except _DocumentType:
        raise _malformed("has a document type, which is not read.") from None
    except ElementTree.ParseError as error:
        line, column = error.position
        raise _malformed(f"is not XML, at line {line}, column {column + 1}.") from None
    except (ValueError, LookupError):
        raise _malformed("is not XML in an encoding that is known.") from None
    if _local_name(root) != IMAGE:
        raise _malformed("must be the root element.")
    return root


def _malformed(message: str) -> ImageMalformed:
    return ImageMalformed([Problem(place=IMAGE, message=message)])


def _local_name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


class _Reading:
    """Reads the fields one after another, and gathers what is wrong with them."""

    def __init__(self, root: ElementTree.Element) -> None:
        self.fields: dict[str, str] = {}
        self.problems: list[Problem] = []
        for element in root:
            name = _local_name(element)
            if name in self.fields:
                self._problem(shown(name), "is there twice.")
            self.fields[name] = (element.text or "").strip()

    def text(self, name: str) -> str:
        return self.fields.get(name, "")

    def required(self, name: str) -> str:
        if not self.text(name):
            self._problem(name, "is missing.")
        return self.text(name)

    def version(self) -> HandlerVersion:
        """The version; where there is a problem with it, one that nobody gets to see."""
        text = self.required("Version")
        try:
            return HandlerVersion(text or "0")
        except MalformedVersion:
            self._problem("Version", "must be one to four numbers joined by dots.")
            return HandlerVersion("0")

    def flag(self, name: str) -> bool:
        value = _FLAGS.get(self.text(name).lower())
        if value is None:
            self._problem(name, "must be true or false.")
        return bool(value)

    def _problem(self, place: str, message: str) -> None:
        self.problems.append(Problem(place=place, message=message))
