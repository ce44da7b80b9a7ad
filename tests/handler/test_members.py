"""Members are judged by name and kind: nothing leaves its folder, nothing pretends to be the agent's."""

import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.packing import pack, unix_member
from tidegate_handler.members import LONGEST_PART_BYTES, Members, judge_members

PLENTY_BYTES = 1_000_000


def listed(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """As if it had been read at the beginning of a package."""
    info.header_offset = 0
    return info


def judged(*names: str) -> Members:
    """As if a package had empty members of these names, one behind the other."""
    infos = [zipfile.ZipInfo(name) for name in names]
    for index, info in enumerate(infos):
        info.header_offset = index * 1_000
    return judge_members(infos, PLENTY_BYTES)


def problems_of(infos: Sequence[zipfile.ZipInfo], most_bytes: int = PLENTY_BYTES) -> list[str]:
    return list(map(str, judge_members(infos, most_bytes).problems))


def test_files_and_folders_are_told_apart() -> None:
    members = judged("./bin/run", "lib/", "a//b/./c")
    assert members.problems == ()
    assert set(members.files) == {"bin/run", "a/b/c"}
    assert members.folders == {"bin", "lib", "a", "a/b"}


def test_the_folder_itself_is_no_member() -> None:
    assert not judged("./").usable
    assert not judged("./").problems


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/etc/passwd", "has an absolute name."),
        ("//host/share", "has an absolute name."),
        ("C:/Windows", "has an absolute name."),
        ("c:run", "has an absolute name."),
        ("../x", "leaves the folder of its handler."),
        ("a/../../x", "leaves the folder of its handler."),
        ("a/..", "leaves the folder of its handler."),
        ("a\\b", "has a backslash in its name; folders are separated by slashes."),
        ("a\nb", "has a control character in its name."),
        ("a\x7fb", "has a control character in its name."),
        ("a\0b", "has a control character in its name."),
        ("", "has no name."),
        (".", "has no name."),
        ("a/" * 33 + "b", "is more than 32 folders deep."),
        ("a" * 256, "has too long a name: 255 bytes at most, with its folders 1024."),
        ("ü" * 128, "has too long a name: 255 bytes at most, with its folders 1024."),
        (("a" * 200 + "/") * 6 + "b", "has too long a name: 255 bytes at most, with its folders 1024."),
        ("config/HandlerState", "is a file that only the agent or the running handler writes."),
        ("./config//web.HandlerState", "is a file that only the agent or the running handler writes."),
        ("config/HandlerStatus", "is a file that only the agent or the running handler writes."),
        ("config/0.settings", "is a file that only the agent or the running handler writes."),
        ("config/web.12.settings", "is a file that only the agent or the running handler writes."),
        ("status/0.status", "is a file that only the agent or the running handler writes."),
    ],
)
def test_a_name_that_does_harm_is_refused(name: str, told: str) -> None:
    members = judged(name)
    assert [problem.message for problem in members.problems] == [told]
    assert members.usable == ()


@pytest.mark.parametrize(
    "name", ["..a", "a..", "a...b", "a b", "ü", "a" * LONGEST_PART_BYTES, "config/app.json", "status/readme", "xx:y"]
)
def test_an_unusual_name_is_none_of_it(name: str) -> None:
    assert judged(name).problems == ()


def test_all_problems_of_a_name_are_told_at_once() -> None:
    assert list(map(str, judged("/..\\\x1b/..").problems)) == [
        r"/..\\x1b/..: has a control character in its name.",
        r"/..\\x1b/..: has a backslash in its name; folders are separated by slashes.",
        r"/..\\x1b/..: has an absolute name.",
        r"/..\\x1b/..: leaves the folder of its handler.",
    ]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (stat.S_IFLNK, "x: is a symbolic link; a package has files and folders only."),
        (stat.S_IFCHR, "x: is neither a file nor a folder."),
        (stat.S_IFBLK, "x: is neither a file nor a folder."),
        (stat.S_IFIFO, "x: is neither a file nor a folder."),
        (stat.S_IFSOCK, "x: is neither a file nor a folder."),
    ],
)
def test_links_and_devices_are_refused(kind: int, told: str) -> None:
    assert problems_of([listed(unix_member("x", kind | 0o777))]) == [told]


@pytest.mark.parametrize("mode", [0, 0o644, stat.S_IFREG | 0o4755])
def test_a_file_of_any_mode_is_a_file(mode: int) -> None:
    assert problems_of([listed(unix_member("x", mode))]) == []


def test_a_folder_is_known_by_its_mode_too() -> None:
    info = listed(unix_member("x", stat.S_IFDIR | 0o755))
    assert judge_members([info], PLENTY_BYTES).usable[0].is_folder
    info.file_size = 1
    assert problems_of([info]) == ["x: is a folder, and has a content."]


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_an_encrypted_member_is_refused(flag: int) -> None:
    info = listed(zipfile.ZipInfo("x"))
    info.flag_bits = flag
    assert problems_of([info]) == ["x: is encrypted."]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 93, 99])
def test_an_unusual_compression_is_refused(method: int) -> None:
    info = listed(zipfile.ZipInfo("x"))
    info.compress_type = method
    assert problems_of([info]) == ["x: is compressed by a method that not every agent knows; use deflate."]


def test_a_file_is_there_only_once() -> None:
    assert list(map(str, judged("a/b", "./a//b").problems)) == ["a/b: is there twice."]
    assert judged("a/", "a/", "a/b").problems == ()


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "a/"), ("a/b/c/d", "a/b")])
def test_a_file_is_no_folder(names: tuple[str, str]) -> None:
    (problem,) = judged(*names).problems
    assert problem.message == "is a file, and a folder too."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("config", "config: is a file, and the agent needs a folder there."),
        ("status", "status: is a file, and the agent needs a folder there."),
        ("HandlerEnvironment.json/x", "HandlerEnvironment.json: is a folder, and the agent needs a file there."),
        ("HandlerEnvironment.json/", "HandlerEnvironment.json: is a folder, and the agent needs a file there."),
        ("config/HandlerState/a/b", "config/HandlerState: is a folder, and the agent needs a file there."),
        ("status/0.status/x", "status/0.status: is a folder, and the agent needs a file there."),
    ],
)
def test_nothing_is_in_the_way_of_what_the_agent_writes(name: str, told: str) -> None:
    assert list(map(str, judged("a", name).problems)) == [told]


def test_names_that_differ_in_capitals_only_are_remarked() -> None:
    members = judged("bin/Run", "bin/run")
    assert members.problems == ()
    assert members.remarks == ("bin/run differs from bin/Run only in capitals.",)


def test_files_that_a_running_handler_writes_are_remarked() -> None:
    assert [remark.split()[0] for remark in judged("HandlerEnvironment.json", "heartbeat.log", "mrseq").remarks] == [
        "HandlerEnvironment.json",
        "heartbeat.log",
        "mrseq",
    ]
    assert judged("data/mrseq").remarks == ()


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(tmp_path / "p.zip", {"a": b"a" * 99, "b": b"b" * 99})) as archive:
        first, second = archive.infolist()
    assert problems_of([first, second]) == []
    assert problems_of([second, first]) == []
    second.header_offset = first.header_offset + 30
    assert problems_of([first, second]) == ["b: overlaps another member."]


def test_what_claims_to_become_too_large_is_refused() -> None:
    one, two = listed(zipfile.ZipInfo("a")), zipfile.ZipInfo("b")
    one.file_size = two.file_size = 500
    two.header_offset = 1_000
    assert problems_of([one, two], 1_000) == []
    assert problems_of([one, two], 999) == ["package: unpacks to more than 999 bytes."]


@given(st.lists(st.text(alphabet="abAB./\\:~ \0\n", max_size=8), max_size=6))
def test_whatever_passes_stays_below_its_folder_and_collides_with_nothing(names: list[str]) -> None:
    members = judged(*names)
    for member in members.usable:
        parts = Path(member.name).parts
        assert "/".join(parts) == member.name
        assert not {"..", ".", "/"} & set(parts)
    if not members.problems:
        assert not set(members.files) & members.folders
        assert len(members.files) == sum(not member.is_folder for member in members.usable)
