"""A package is judged as a whole: its manifest is found, its commands have files, and every problem is told at once."""

import codecs
import contextlib
import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.handler.packing import SCRIPT, lying, manifest_json, pack, sound, unix_member
from tidegate_handler.archive import Limits, PackageUnusable, open_archive
from tidegate_handler.contents import LARGEST_MANIFEST_BYTES, PackageInfo, judge_contents
from tidegate_handler.members import Member


class Place:
    """Takes what is unpacked, in memory."""

    def __init__(self) -> None:
        self.files: dict[str, io.BytesIO] = {}

    def sink(self, member: Member) -> contextlib.AbstractContextManager[io.BytesIO]:
        return contextlib.nullcontext(self.files.setdefault(member.name, io.BytesIO()))


def judge(path: Path, limits: Limits | None = None, place: Place | None = None) -> PackageInfo:
    with open_archive(path, limits or Limits()) as archive:
        return judge_contents(archive, (place or Place()).sink)


def problems_of(path: Path, limits: Limits | None = None, place: Place | None = None) -> list[str]:
    with pytest.raises(PackageUnusable) as refusal:
        judge(path, limits, place)
    return list(map(str, refusal.value.problems))


def test_a_sound_package_has_nothing_to_be_said_of_it(tmp_path: Path) -> None:
    place = Place()
    info = judge(pack(tmp_path / "p.zip", sound(lib__data=b"x" * 600_000)), place=place)
    assert info.manifest.install_command == "bin/handler.sh install"
    assert (info.manifest_member, info.member_count, info.remarks) == ("HandlerManifest.json", 3, ())
    assert info.unpacked_bytes == 600_000 + len(SCRIPT) + len(manifest_json())
    assert {name: file.getvalue() for name, file in place.files.items()} == sound(lib__data=b"x" * 600_000)


def test_a_package_without_a_manifest_is_refused(tmp_path: Path) -> None:
    files = {"bin/handler.sh": SCRIPT, "handlermanifest.json": manifest_json()}
    assert problems_of(pack(tmp_path / "p.zip", files)) == ["HandlerManifest.json: is missing in the root."]


def test_an_empty_package_is_refused(tmp_path: Path) -> None:
    assert problems_of(pack(tmp_path / "p.zip", {})) == ["HandlerManifest.json: is missing in the root."]


def test_the_only_manifest_counts_wherever_it_is(tmp_path: Path) -> None:
    files = {"misc/HandlerManifest.json": manifest_json(), "bin/handler.sh": SCRIPT}
    info = judge(pack(tmp_path / "p.zip", files))
    assert info.manifest_member == "misc/HandlerManifest.json"
    assert info.remarks == ("The manifest is misc/HandlerManifest.json; agents copy it to the root.",)


def test_of_several_manifests_that_in_the_root_counts(tmp_path: Path) -> None:
    info = judge(pack(tmp_path / "p.zip", {"a/HandlerManifest.json": b"rubbish", **sound()}))
    assert info.manifest_member == "HandlerManifest.json"
    assert info.remarks == ("a/HandlerManifest.json is not read.",)


def test_several_manifests_of_which_none_is_in_the_root_are_refused(tmp_path: Path) -> None:
    files = {"a/HandlerManifest.json": manifest_json(), "b/HandlerManifest.json": manifest_json()}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [
        "HandlerManifest.json: is in several folders, but not in the root."
    ]


def test_a_manifest_that_cannot_come_into_the_root_is_refused(tmp_path: Path) -> None:
    files = {"HandlerManifest.json/HandlerManifest.json": manifest_json()}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [
        "HandlerManifest.json: is a folder, so that the manifest cannot be in the root."
    ]


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b"{", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        (b"\xff\xfe", "is not UTF-8, at byte 0."),
        (b"{}", "must be a JSON array, whose first element is the manifest."),
        (os.urandom(LARGEST_MANIFEST_BYTES + 1), f"has more than {LARGEST_MANIFEST_BYTES} bytes."),
    ],
)
def test_a_broken_manifest_is_told_by_its_place(tmp_path: Path, manifest: bytes, told: str) -> None:
    files = sound() | {"HandlerManifest.json": manifest}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [f"HandlerManifest.json: {told}"]
    elsewhere = {"misc/HandlerManifest.json": manifest, "bin/handler.sh": SCRIPT}
    assert problems_of(pack(tmp_path / "p.zip", elsewhere)) == [f"misc/HandlerManifest.json: {told}"]


def test_a_manifest_that_is_too_large_is_told_beside_the_others(tmp_path: Path) -> None:
    files = sound() | {"HandlerManifest.json": os.urandom(LARGEST_MANIFEST_BYTES + 1), "/x": b""}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [
        "/x: has an absolute name.",
        f"HandlerManifest.json: has more than {LARGEST_MANIFEST_BYTES} bytes.",
    ]


def test_the_fields_of_a_manifest_are_told_with_its_place(tmp_path: Path) -> None:
    files = sound() | {"HandlerManifest.json": manifest_json({"enableCommand": None, "disableCommand": ""})}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [
        "HandlerManifest.json: handlerManifest.enableCommand: is missing.",
        "HandlerManifest.json: handlerManifest.disableCommand: must be text that a shell can run, not empty.",
    ]


def test_a_byte_order_mark_and_odd_booleans_are_no_problem(tmp_path: Path) -> None:
    text = codecs.BOM_UTF8 + manifest_json({"supportsMultipleExtensions": "true"})
    info = judge(pack(tmp_path / "p.zip", sound() | {"HandlerManifest.json": text}))
    assert info.manifest.supports_multiple_extensions
    assert info.remarks == (
        "HandlerManifest.json: handlerManifest.supportsMultipleExtensions is no JSON boolean; agents read it as true.",
    )


def test_a_nested_package_is_a_file_like_any_other(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", {"HandlerManifest.json": b"rubbish", "../x": b""}).read_bytes()
    assert judge(pack(tmp_path / "p.zip", sound(inner__zip=inner))).remarks == ()


COMMAND = "HandlerManifest.json: handlerManifest.enableCommand"
MISSING = "runs a file that is not in the package; commands name files from its root, interpreters too."


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("bin/other.sh", f"{COMMAND}: {MISSING}"),
        ("BIN/handler.sh", f"{COMMAND}: {MISSING}"),
        ("python handler.py", f"{COMMAND}: {MISSING}"),
        ("bin", f"{COMMAND}: runs a folder of the package."),
        ("../other/handler.sh", f"{COMMAND}: runs a file outside of the handler's folder."),
        ("'bin/handler.sh install", f"{COMMAND}: has a quotation that is not closed."),
    ],
)
def test_a_command_without_a_file_is_refused(tmp_path: Path, command: str, told: str) -> None:
    files = sound() | {"HandlerManifest.json": manifest_json({"enableCommand": command})}
    assert problems_of(pack(tmp_path / "p.zip", files)) == [told]


def test_a_command_that_only_a_shell_understands_is_remarked(tmp_path: Path) -> None:
    files = sound() | {"HandlerManifest.json": manifest_json({"enableCommand": "$TOOL/run"})}
    assert judge(pack(tmp_path / "p.zip", files)).remarks == (
        f"{COMMAND} begins with what only a shell understands, so it was not checked.",
    )


def test_how_a_command_starts_is_looked_at_once_for_each_file(tmp_path: Path) -> None:
    assert judge(pack(tmp_path / "p.zip", sound(bin__handler=b"") | {"bin/handler.sh": b"exit 0"})).remarks == (
        "bin/handler.sh begins with no #! line, so that the shell will run it as a script of its own.",
    )
    assert problems_of(pack(tmp_path / "p.zip", sound() | {"bin/handler.sh": b"#!/bin/sh\r\nexit 0\r\n"})) == [
        "bin/handler.sh: ends its #! line with a carriage return, so that its interpreter is not found."
    ]


def test_all_problems_are_told_at_once_and_nothing_is_unpacked(tmp_path: Path) -> None:
    place = Place()
    files: list[tuple[zipfile.ZipInfo | str, bytes]] = [
        ("HandlerManifest.json", manifest_json({"enableCommand": "bin/gone"})),
        ("bin/handler.sh", SCRIPT),
        ("../escape", b"hunter2"),
        (unix_member("link", stat.S_IFLNK | 0o777), b"/etc/passwd"),
    ]
    problems = problems_of(pack(tmp_path / "p.zip", files), place=place)
    assert problems == [
        "../escape: leaves the folder of its handler.",
        "link: is a symbolic link; a package has files and folders only.",
        f"{COMMAND}: {MISSING}",
    ]
    assert place.files == {}


def test_a_damaged_member_is_named_beside_the_others(tmp_path: Path) -> None:
    files = sound(lib__one=b"1" * 5_000, lib__two=b"2" * 5_000) | {
        "HandlerManifest.json": manifest_json({"enableCommand": "bin/gone"})
    }
    path = lying(lying(pack(tmp_path / "p.zip", files), "lib/one", 10), "lib/two", 9_000)
    damaged = "is damaged: it cannot be unpacked to what its header says."
    assert problems_of(path) == [f"lib/one: {damaged}", f"lib/two: {damaged}", f"{COMMAND}: {MISSING}"]


def test_a_damaged_manifest_is_named_once(tmp_path: Path) -> None:
    path = lying(pack(tmp_path / "p.zip", sound()), "HandlerManifest.json", 10)
    assert problems_of(path) == ["HandlerManifest.json: is damaged: it cannot be unpacked to what its header says."]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    place = Place()
    path = pack(tmp_path / "p.zip", sound(bomb=bytes(30_000_000)))
    most = 200 * path.stat().st_size
    assert problems_of(path, place=place) == [f"package: unpacks to more than {most} bytes."]
    assert place.files == {}
    assert judge(path, Limits(max_ratio=2_000)).unpacked_bytes > 30_000_000


def test_a_bomb_that_hides_its_size_comes_out_no_further_than_it_says(tmp_path: Path) -> None:
    place = Place()
    path = lying(pack(tmp_path / "p.zip", sound(bomb=bytes(30_000_000))), "bomb", 1_000)
    assert problems_of(path, place=place) == ["bomb: is damaged: it cannot be unpacked to what its header says."]
    assert sum(len(file.getvalue()) for file in place.files.values()) < 10_000


def test_a_problem_is_told_once(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    assert problems_of(path, Limits(max_unpacked_bytes=10)) == ["package: unpacks to more than 10 bytes."]


def test_the_unpacked_size_is_bounded_by_what_is_given(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    size_bytes = judge(path).unpacked_bytes
    assert judge(path, Limits(max_unpacked_bytes=size_bytes)).unpacked_bytes == size_bytes
    assert problems_of(path, Limits(max_unpacked_bytes=size_bytes - 1)) == [
        f"package: unpacks to more than {size_bytes - 1} bytes."
    ]
