"""The members of a package, each judged by its name and kind before a byte of it is unpacked.

Law: what passes can be written below any folder without leaving it, and without one member changing what another wrote.
Nothing passes that pretends to be a file of the agent's own, such as the state of a handler that was never installed.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidegate_handler.archive import COMPRESSIONS, PACKAGE, is_encrypted
from tidegate_handler.environment import CONFIG_FOLDER, ENVIRONMENT_NAME, HEARTBEAT_NAME, STATUS_FOLDER
from tidegate_handler.problem import Problem, shown

LONGEST_PART_BYTES = 255
"""What file systems take for one name."""

LONGEST_NAME_BYTES = 1_024
"""A member's whole name; with the folder in front of it a path may have 4,096."""

DEEPEST_FOLDERS = 32
"""So many folders stand above a member at most; without a bound a small package names folders without end."""

_LOCAL_HEADER_BYTES = 30
_DRIVE = re.compile(r"[A-Za-z]:")
_KEPT_BY_AGENT = re.compile(
    r"config/(?:.+\.)?(?:HandlerState|HandlerStatus)|config/(?:.+\.)?[0-9]+\.settings|status/.+\.status"
)
_WRITTEN_LATER = {
    ENVIRONMENT_NAME: "the agent writes its own over it",
    HEARTBEAT_NAME: "it may pass for a heartbeat of this handler",
    "mrseq": "a handler may take it for the sequence number that it has run last",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member that can be unpacked."""

    name: str
    """Parts joined by single slashes, none of them `.`; below the handler's folder."""
    is_folder: bool
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The members of a package, and what is to be said of them."""

    usable: tuple[Member, ...]
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]

    @property
    def files(self) -> dict[str, Member]:
        """The files by their names."""
        return {member.name: member for member in self.usable if not member.is_folder}

    @property
    def folders(self) -> set[str]:
        """The folders that there will be, whether they have a member of their own or only contain some."""
        return _folders_of(self.usable)


def judge_members(infos: Sequence[zipfile.ZipInfo], most_unpacked_bytes: int) -> Members:
    """Judge the members as the package lists them; the sizes are those that it claims."""
    problems = list[Problem]()
    usable = list[Member]()
    for info in infos:
        wrong = [Problem(place=shown(info.filename) or PACKAGE, message=message) for message in _wrong_with(info)]
        problems.extend(wrong)
        name = "/".join(_parts(info.filename))
        if not wrong and name:
            usable.append(Member(name=name, is_folder=_is_folder(info), info=info))
    problems.extend(_collisions(usable))
    problems.extend(_in_the_way(usable))
    problems.extend(_overlaps(infos))
    if sum(info.file_size for info in infos) > most_unpacked_bytes:
        problems.append(Problem(place=PACKAGE, message=f"unpacks to more than {most_unpacked_bytes} bytes."))
    return Members(usable=tuple(usable), problems=tuple(problems), remarks=tuple(_remarks(usable)))


def _wrong_with(info: zipfile.ZipInfo) -> Iterator[str]:
    yield from _wrong_with_name(info.filename, info.orig_filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        yield "is a symbolic link; a package has files and folders only."
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield "is neither a file nor a folder."
    if _is_folder(info) and info.file_size:
        yield "is a folder, and has a content."
    if is_encrypted(info):
        yield "is encrypted."
    if info.compress_type not in COMPRESSIONS:
        yield "is compressed by a method that not every agent knows; use deflate."


def _wrong_with_name(name: str, written_name: str) -> Iterator[str]:
    if "\0" in written_name or any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        yield "has a control character in its name."
    if "\\" in name:
        yield "has a backslash in its name; folders are separated by slashes."
    if name.startswith("/") or _DRIVE.match(name):
        yield "has an absolute name."
    if ".." in name.split("/"):
        yield "leaves the folder of its handler."
    parts = _parts(name)
    if not parts and not name.endswith("/"):
        yield "has no name."
    if len(_bytes(name)) > LONGEST_NAME_BYTES or any(len(_bytes(part)) > LONGEST_PART_BYTES for part in parts):
        yield f"has too long a name: {LONGEST_PART_BYTES} bytes at most, with its folders {LONGEST_NAME_BYTES}."
    if len(parts) > DEEPEST_FOLDERS + 1:
        yield f"is more than {DEEPEST_FOLDERS} folders deep."
    if _KEPT_BY_AGENT.fullmatch("/".join(parts)):
        yield "is a file that only the agent or the running handler writes."


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in {"", "."}]


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith("/") or stat.S_ISDIR(info.external_attr >> 16)


def _folders_of(members: Sequence[Member]) -> set[str]:
    named = {member.name for member in members if member.is_folder}
    return named.union(*(_folders_above(member.name) for member in members))


def _folders_above(name: str) -> Iterator[str]:
    while (cut := name.rfind("/")) >= 0:
        name = name[:cut]
        yield name


def _collisions(members: Sequence[Member]) -> Iterator[Problem]:
    """Files whose place another member takes too."""
    files = set[str]()
    folders = _folders_of(members)
    for member in members:
        if member.is_folder:
            continue
        if member.name in files:
            yield Problem(place=shown(member.name), message="is there twice.")
        elif member.name in folders:
            yield Problem(place=shown(member.name), message="is a file, and a folder too.")
        files.add(member.name)


def _in_the_way(members: Sequence[Member]) -> Iterator[Problem]:
    """What takes the place of a folder or a file that the agent makes once the package is unpacked."""
    files = {member.name for member in members if not member.is_folder}
    for name in sorted(files & {CONFIG_FOLDER, STATUS_FOLDER}):
        yield Problem(place=name, message="is a file, and the agent needs a folder there.")
    for name in sorted(_folders_of(members)):
        if name == ENVIRONMENT_NAME or _KEPT_BY_AGENT.fullmatch(name):
            yield Problem(place=shown(name), message="is a folder, and the agent needs a file there.")


def _overlaps(infos: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Members that share their bytes with another, as those of a bomb do."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            yield Problem(place=shown(info.filename) or PACKAGE, message="overlaps another member.")
        end = max(end, info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size)


def _remarks(members: Sequence[Member]) -> Iterator[str]:
    spelled = dict[str, str]()
    for member in members:
        if member.is_folder:
            continue
        other = spelled.setdefault(member.name.casefold(), member.name)
        if other != member.name:
            yield f"{shown(member.name)} differs from {shown(other)} only in capitals."
        if member.name in _WRITTEN_LATER:
            yield f"{member.name} should not be in a package: {_WRITTEN_LATER[member.name]}."
