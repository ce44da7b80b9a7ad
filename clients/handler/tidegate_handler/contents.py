"""What a package holds, read from end to end: its manifest, what its commands run, and what is wrong with them.

Law: a package is judged in the same way where it is published and where it is run, and all its problems are told at
once. What is known to be unfit is not unpacked, but for its manifest: members may overwrite each other, or be a bomb.

Source: WALinuxAgent 2.15, exthandlers.py (initialize): the manifest is found anywhere in the package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from tidegate_handler.archive import PACKAGE, Archive, MemberBroken, PackageUnusable, TooMuchUnpacked
from tidegate_handler.command_file import HEAD_BYTES, CommandUnusable, check_head, command_file
from tidegate_handler.commands import Command
from tidegate_handler.manifest import MANIFEST_NAME, Manifest, ManifestMalformed, read_manifest
from tidegate_handler.members import Member, Members, judge_members
from tidegate_handler.problem import Problem, shown

LARGEST_MANIFEST_BYTES = 1_048_576

Sink = Callable[[Member], AbstractContextManager[BinaryIO | None]]
"""Where the content of a member goes; None: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageInfo:
    """A package that can be run."""

    manifest: Manifest
    manifest_member: str
    """Where the manifest lies in the package."""
    unpacked_bytes: int
    member_count: int
    remarks: tuple[str, ...] = ()
    """What is odd about it but no reason to refuse it, a sentence each."""


def judge_contents(archive: Archive, sink: Sink) -> PackageInfo:
    """Read every member to its end, give its content to the sink as it comes, and judge the whole.

    Raises:
        PackageUnusable: no agent could run it; every problem is named. The sink may have got a part of it.
        OSError: the disk cannot be read, or the sink takes no more.
    """
    infos = archive.zip.infolist()
    members = judge_members(infos, archive.most_unpacked_bytes)
    judging = _Judging(archive, members)
    member = judging.find_manifest()
    if not members.problems:
        judging.read(members.usable, sink)
    elif member is not None:
        judging.read([member], _nowhere)
    manifest = None if member is None else judging.read_manifest(member)
    if manifest is not None:
        judging.check_commands(manifest)
    if judging.problems or manifest is None or member is None:
        raise PackageUnusable(tuple(dict.fromkeys(judging.problems)))
    return PackageInfo(
        manifest=manifest,
        manifest_member=member.name,
        unpacked_bytes=archive.unpacked_bytes,
        member_count=len(infos),
        remarks=tuple(judging.remarks),
    )


def _nowhere(_: Member) -> AbstractContextManager[BinaryIO | None]:
    return nullcontext(None)


class _Judging:
    """Gathers what is to be said of a package."""

    def __init__(self, archive: Archive, members: Members) -> None:
        self.archive = archive
        self.files = members.files
        self.folders = members.folders
        self.problems = list(members.problems)
        self.remarks = list(members.remarks)
        self.heads: dict[str, bytes] = {}
        """How each file begins that could be read to its end."""
        self.manifest_texts: dict[str, bytes] = {}

    def find_manifest(self) -> Member | None:
        """The manifest: that in the root, or the only one there is.

        An agent takes the one in the root first too. Of several elsewhere it takes the one that its disk happens to
        list first, so that two hosts could run different ones: they are refused.
        """
        if MANIFEST_NAME in self.folders:
            self._problem(MANIFEST_NAME, "is a folder, so that the manifest cannot be in the root.")
            return None
        found = [member for member in self.files.values() if member.name.rpartition("/")[2] == MANIFEST_NAME]
        root = self.files.get(MANIFEST_NAME)
        if root is not None:
            self.remarks.extend(f"{shown(other.name)} is not read." for other in found if other is not root)
            return root
        if len(found) == 1:
            self.remarks.append(f"The manifest is {shown(found[0].name)}; agents copy it to the root.")
            return found[0]
        message = "is in several folders, but not in the root." if found else "is missing in the root."
        self._problem(MANIFEST_NAME, message)
        return None

    def read(self, members: Sequence[Member], sink: Sink) -> None:
        """Read the members to their ends, as long as no more comes out than may."""
        for member in members:
            try:
                self._read_one(member, sink)
            except MemberBroken:
                self._problem(shown(member.name), "is damaged: it cannot be unpacked to what its header says.")
            except TooMuchUnpacked:
                self._problem(PACKAGE, f"unpacks to more than {self.archive.most_unpacked_bytes} bytes.")
                return

    def _read_one(self, member: Member, sink: Sink) -> None:
        head = b""
        is_manifest = member.name.rpartition("/")[2] == MANIFEST_NAME
        text = bytearray()
        with sink(member) as into:
            for piece in self.archive.pieces(member.info):
                head += piece[: HEAD_BYTES - len(head)]
                if is_manifest and len(text) < LARGEST_MANIFEST_BYTES:
                    text += piece
                if into is not None:
                    into.write(piece)
        self.heads[member.name] = head
        if is_manifest:
            self.manifest_texts[member.name] = bytes(text)

    def read_manifest(self, member: Member) -> Manifest | None:
        """The manifest, or None where it is part of the problem."""
        place = shown(member.name)
        if member.info.file_size > LARGEST_MANIFEST_BYTES:
            self._problem(place, f"has more than {LARGEST_MANIFEST_BYTES} bytes.")
            return None
        text = self.manifest_texts.get(member.name)
        if text is None:
            return None
        try:
            manifest = read_manifest(text)
        except ManifestMalformed as malformed:
            for problem in malformed.problems:
                whole = problem.place == MANIFEST_NAME
                self._problem(place if whole else f"{place}: {problem.place}", problem.message)
            return None
        self.remarks.extend(f"{place}: {remark}" for remark in manifest.remarks)
        return manifest

    def check_commands(self, manifest: Manifest) -> None:
        """Look whether each command has its file, and whether that can be started."""
        seen = set[str]()
        for command in Command:
            place = f"{MANIFEST_NAME}: handlerManifest.{command.manifest_key}"
            try:
                name = command_file(manifest.command(command))
                if name is None:
                    self.remarks.append(f"{place} begins with what only a shell understands, so it was not checked.")
                elif name not in self.files:
                    self._problem(place, self._why_missing(name))
                elif name not in seen:
                    seen.add(name)
                    self._check_start(name)
            except CommandUnusable as unusable:
                self._problem(place, str(unusable))

    def _why_missing(self, name: str) -> str:
        if name in self.folders:
            return "runs a folder of the package."
        return "runs a file that is not in the package; commands name files from its root, interpreters too."

    def _check_start(self, name: str) -> None:
        head = self.heads.get(name)
        if head is None:
            return
        try:
            odd = check_head(head)
        except CommandUnusable as unusable:
            self._problem(shown(name), str(unusable))
            return
        if odd is not None:
            self.remarks.append(f"{shown(name)} {odd}")

    def _problem(self, place: str, message: str) -> None:
        self.problems.append(Problem(place=place, message=message))
