"""A zip is opened and read within bounds, whatever it says of itself."""

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.packing import lying, pack, sound
from tidegate_handler.archive import (
    MOST_PROBLEMS,
    RATIO_FLOOR_BYTES,
    Archive,
    Limits,
    MemberBroken,
    PackageUnusable,
    TooMuchUnpacked,
    open_archive,
)
from tidegate_handler.problem import Problem


def refusal_of(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(PackageUnusable) as refusal, open_archive(path, limits or Limits()):
        pass
    return str(refusal.value)


def content(archive: Archive, name: str) -> bytes:
    return b"".join(archive.pieces(archive.zip.getinfo(name)))


def test_a_sound_package_is_read(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    with open_archive(path, Limits()) as archive:
        assert content(archive, "bin/handler.sh") == sound()["bin/handler.sh"]
        assert archive.unpacked_bytes == len(sound()["bin/handler.sh"])
        assert archive.package_bytes == path.stat().st_size


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    assert refusal_of(path) == "package: is no zip, or not the whole of one."


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    whole = pack(tmp_path / "p.zip", sound()).read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "p.zip").write_bytes(whole[:length])
        assert refusal_of(tmp_path / "p.zip") == "package: is no zip, or not the whole of one."


def test_a_package_may_be_so_large_and_no_larger(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", sound())
    size_bytes = path.stat().st_size
    with open_archive(path, Limits(max_bytes=size_bytes)):
        pass
    assert refusal_of(path, Limits(max_bytes=size_bytes - 1)) == (
        f"package: has {size_bytes} bytes, and may have {size_bytes - 1}."
    )


def test_members_are_counted_before_they_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "p.zip", {f"{number}": b"" for number in range(500)})
    with open_archive(path, Limits(max_members=500)) as archive:
        assert len(archive.zip.infolist()) == 500
    monkeypatch.setattr(zipfile, "ZipInfo", None)
    assert refusal_of(path, Limits(max_members=499)) == "package: has more than 499 members."


def test_a_directory_of_members_that_is_too_long_is_not_even_read(tmp_path: Path) -> None:
    infos = [zipfile.ZipInfo(f"{number}") for number in range(40)]
    for info in infos:
        info.comment = b"x" * 65_000
    path = pack(tmp_path / "p.zip", [(info, b"") for info in infos])
    assert refusal_of(path, Limits(max_members=50)) == "package: has more than 50 members."


def test_a_nested_zip_does_not_add_to_the_members(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", {f"{number}": b"" for number in range(50)}).read_bytes()
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("inner.zip", inner)
        archive.comment = b"so that the end is looked for"
    with open_archive(path, Limits(max_members=1)) as opened:
        assert content(opened, "inner.zip") == inner


def test_the_bytes_that_come_out_are_bounded(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", {"a": b"a" * 600, "b": b"b" * 600})
    with open_archive(path, Limits(max_unpacked_bytes=1_000)) as archive:
        assert content(archive, "a")
        with pytest.raises(TooMuchUnpacked):
            content(archive, "b")


def test_the_ratio_counts_only_beyond_a_mebibyte() -> None:
    limits = Limits(max_ratio=10, max_unpacked_bytes=50 * RATIO_FLOOR_BYTES)
    assert limits.most_unpacked_bytes(100) == RATIO_FLOOR_BYTES
    assert limits.most_unpacked_bytes(RATIO_FLOOR_BYTES) == 10 * RATIO_FLOOR_BYTES
    assert limits.most_unpacked_bytes(6 * RATIO_FLOOR_BYTES) == 50 * RATIO_FLOOR_BYTES


@pytest.mark.parametrize("claimed_bytes", [0, 100, 5_000_000])
def test_a_member_of_another_size_than_it_claims_is_broken(tmp_path: Path, claimed_bytes: int) -> None:
    path = lying(pack(tmp_path / "p.zip", {"long": b"a" * 500_000}), "long", claimed_bytes)
    with open_archive(path, Limits()) as archive, pytest.raises(MemberBroken):
        content(archive, "long")
    with open_archive(path, Limits()) as archive:
        with pytest.raises(MemberBroken):
            content(archive, "long")
        assert archive.unpacked_bytes <= 500_000


def test_a_member_whose_bytes_were_changed_is_broken(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", b"sentence")
    data = (tmp_path / "p.zip").read_bytes()
    (tmp_path / "p.zip").write_bytes(data.replace(b"sentence", b"sentences"[:8][::-1]))
    with open_archive(tmp_path / "p.zip", Limits()) as opened, pytest.raises(MemberBroken):
        content(opened, "a")


def test_a_member_that_every_agent_could_not_unpack_is_broken(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", {"encrypted": b"x" * 99, "bzip2": b"x" * 99})
    with open_archive(path, Limits()) as archive:
        archive.zip.getinfo("encrypted").flag_bits |= 1
        archive.zip.getinfo("bzip2").compress_type = zipfile.ZIP_BZIP2
        for name in ("encrypted", "bzip2"):
            with pytest.raises(MemberBroken):
                content(archive, name)


def test_a_member_before_the_beginning_of_the_file_is_broken(tmp_path: Path) -> None:
    path = pack(tmp_path / "p.zip", {"long": b"a" * 99})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, len(data) - 6, struct.unpack_from("<I", data, len(data) - 6)[0] + 1_000)
    path.write_bytes(data)
    with pytest.raises((MemberBroken, PackageUnusable)), open_archive(path, Limits()) as archive:
        content(archive, "long")


def test_a_disk_that_cannot_be_read_is_no_problem_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_archive(tmp_path / "p.zip", Limits()):
        pass
    with pytest.raises(IsADirectoryError), open_archive(tmp_path, Limits()):
        pass


def test_very_many_problems_are_counted_and_not_all_told() -> None:
    problems = [Problem(place=str(number), message="is encrypted.") for number in range(MOST_PROBLEMS + 5)]
    refusal = PackageUnusable(problems)
    assert len(refusal.problems) == MOST_PROBLEMS + 1
    assert str(refusal.problems[-1]) == "package: has 5 more problems."
    assert len(PackageUnusable(problems[:MOST_PROBLEMS]).problems) == MOST_PROBLEMS


@given(st.binary(min_size=1, max_size=30), st.integers(min_value=0), st.booleans())
def test_a_mutated_zip_is_read_or_unusable_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int, replace: bool
) -> None:
    path = pack(tmp_path_factory.getbasetemp() / "mutated.zip", sound(lib__a=b"a" * 100, lib__b=bytes(range(256))))
    whole = path.read_bytes()
    cut = place % len(whole)
    path.write_bytes(whole[:cut] + noise + whole[cut + (len(noise) if replace else 0) :])
    try:
        with open_archive(path, Limits()) as archive:
            for info in archive.zip.infolist():
                try:
                    assert all(archive.pieces(info))
                except MemberBroken:
                    continue
    except PackageUnusable:
        pass
