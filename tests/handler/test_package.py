"""Packages are unpacked whole or not at all, and nothing is left behind."""

import errno
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.packing import SCRIPT, lying, manifest_json, pack, sound, unix_member
from tidegate_handler.package import Limits, PackageUnusable, inspect, unpack, unpacking_folder


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_package_is_inspected_without_writing_anything(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    info = inspect(path)
    assert info.manifest.enable_command == "bin/handler.sh enable"
    assert listing(tmp_path) == ["p.zip"]


def test_a_package_is_unpacked_into_a_folder_of_its_own(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound(lib__data=b"x" * 300_000) | {"empty/": b""})
    info = unpack(path, tmp_path / "A.B-1.0")
    assert info == inspect(path)
    assert listing(tmp_path / "A.B-1.0") == [
        "HandlerManifest.json",
        "bin",
        "bin/handler.sh",
        "empty",
        "lib",
        "lib/data",
    ]
    assert (tmp_path / "A.B-1.0/lib/data").read_bytes() == b"x" * 300_000
    assert listing(tmp_path)[0] == "A.B-1.0"
    assert not unpacking_folder(tmp_path / "A.B-1.0").exists()


def test_every_file_can_be_run_by_its_owner_and_no_more(tmp_path: Path) -> None:
    members: list[tuple[zipfile.ZipInfo | str, bytes]] = [
        ("HandlerManifest.json", manifest_json()),
        (unix_member("bin/handler.sh", stat.S_IFREG | 0o400), SCRIPT),
        (unix_member("bin/root", stat.S_IFREG | 0o6777), SCRIPT),
    ]
    unpack(pack(tmp_path / "p.zip", members), tmp_path / "A.B-1.0")
    for name in ("HandlerManifest.json", "bin/handler.sh", "bin/root"):
        mode = stat.S_IMODE((tmp_path / "A.B-1.0" / name).stat().st_mode)
        assert mode & 0o700 == 0o700
        assert mode & 0o7033 == 0
    ended = subprocess.run([tmp_path / "A.B-1.0/bin/handler.sh"], check=False, timeout=10)
    assert ended.returncode == 0


def test_a_manifest_from_elsewhere_is_copied_to_the_root(tmp_path: Path) -> None:
    files = {"misc/HandlerManifest.json": manifest_json(), "bin/handler.sh": SCRIPT}
    assert unpack(pack(tmp_path / "p.zip", files), tmp_path / "A.B-1.0").manifest_member == "misc/HandlerManifest.json"
    assert (tmp_path / "A.B-1.0/HandlerManifest.json").read_bytes() == manifest_json()
    assert (tmp_path / "A.B-1.0/HandlerManifest.json").stat().st_mode & 0o100


@pytest.mark.parametrize("sync", [True, False])
def test_a_package_that_turns_out_broken_leaves_nothing(tmp_path: Path, sync: bool) -> None:
    path = lying(pack(tmp_path / "p.zip", sound(zzz=b"z" * 5_000)), "zzz", 10)
    with pytest.raises(PackageUnusable, match="zzz: is damaged"):
        unpack(path, tmp_path / "A.B-1.0", sync=sync)
    assert listing(tmp_path) == ["p.zip"]


@pytest.mark.parametrize("name", ["../escape", "/escape", "a/../../escape", "c:\\escape"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = pack(tmp_path / "p.zip", sound() | {name: b"x"})
    with pytest.raises(PackageUnusable):
        unpack(path, root / "A.B-1.0")
    assert listing(tmp_path) == ["p.zip", "root"]


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_there_already_is_not_touched(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "A.B-1.0"
    match kind:
        case "folder":
            folder.mkdir()
        case "file":
            folder.write_text("mine")
        case _:
            folder.symlink_to(tmp_path / "nowhere")
    before = listing(tmp_path)
    path = pack(tmp_path / "p.zip", sound())
    with pytest.raises(FileExistsError, match="already"):
        unpack(path, folder)
    assert listing(tmp_path) == [*before, "p.zip"]


def test_a_folder_whose_parent_is_missing_is_not_made(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    with pytest.raises(FileNotFoundError):
        unpack(path, tmp_path / "missing/A.B-1.0")
    assert listing(tmp_path) == ["p.zip"]


def limit_file_sizes_and_unpack(path: Path, folder: Path) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        unpack(path, folder)
    except OSError as error:
        sys.exit(0 if error.errno == errno.EFBIG else 1)
    sys.exit(2)


def test_a_disk_that_takes_no_more_is_told_as_such_and_leaves_nothing(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound(lib__data=os.urandom(300_000)))
    process = multiprocessing.get_context("fork").Process(
        target=limit_file_sizes_and_unpack, args=(path, tmp_path / "A.B-1.0")
    )
    process.start()
    process.join(20)
    assert process.exitcode == 0
    assert listing(tmp_path) == ["p.zip"]


KILLED_WHILE_UNPACKING = """
import os, signal, sys
from pathlib import Path
from tidegate_handler import package

def kill(_):
    os.kill(os.getpid(), signal.SIGKILL)

package._sync = kill
package.unpack(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_killed_process_leaves_no_half_folder_and_the_next_one_clears_up(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    folder = tmp_path / "A.B-1.0"
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_UNPACKING, path, folder], check=False, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert (unpacking_folder(folder) / "HandlerManifest.json").exists()
    (unpacking_folder(folder) / "bin/left-over").write_text("from an older version")
    unpack(path, folder)
    assert listing(tmp_path) == [
        "A.B-1.0",
        "A.B-1.0/HandlerManifest.json",
        "A.B-1.0/bin",
        "A.B-1.0/bin/handler.sh",
        "p.zip",
    ]


def test_the_limits_hold_for_both(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    for limits in (Limits(max_bytes=10), Limits(max_members=1), Limits(max_unpacked_bytes=10)):
        with pytest.raises(PackageUnusable):
            inspect(path, limits)
        with pytest.raises(PackageUnusable):
            unpack(path, tmp_path / "A.B-1.0", limits)
    assert listing(tmp_path) == ["p.zip"]


@given(st.binary(min_size=1, max_size=40), st.integers(min_value=0), st.booleans())
def test_a_mutated_package_is_unpacked_whole_or_refused_without_a_trace(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int, replace: bool
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    path = pack(folder / "p.zip", sound(lib__a=b"a" * 100, lib__b=bytes(range(256))))
    whole = path.read_bytes()
    cut = place % len(whole)
    path.write_bytes(whole[:cut] + noise + whole[cut + (len(noise) if replace else 0) :])
    try:
        info = unpack(path, folder / "A.B-1.0", sync=False)
    except PackageUnusable:
        assert listing(folder) == ["p.zip"]
        return
    assert info.manifest.enable_command
    assert (folder / "A.B-1.0/HandlerManifest.json").exists()
