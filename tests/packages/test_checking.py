"""Whether a host can use a package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packages.packing import COMMANDS, manifest, offer, package, zipped
from tidegate.domain.extension import ExtensionType
from tidegate.domain.host_refusal import PackageInvalid
from tidegate.packages.checking import check_offered_name, check_package
from tidegate_handler.package import Limits

SECRET = "Tr0ub4dor&3"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(content)
    return path


def problems(folder: Path, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(PackageInvalid) as error:
        check_package(written(folder, content), offer(content), limits)
    return "\n".join(f"{wrong.field}: {wrong.description}" for wrong in error.value.violations)


def test_a_good_one_passes_without_a_remark(tmp_path: Path) -> None:
    content = package()
    checked = check_package(written(tmp_path, content), offer(content))
    assert not checked.supports_multiple_extensions
    assert checked.remarks == ()


def test_members_that_would_leave_their_folder_are_refused(tmp_path: Path) -> None:
    for name in ("../outside", "/etc/passwd"):
        told = problems(tmp_path, zipped({"HandlerManifest.json": manifest(), "bin/handler": "", name: "x"}))
        assert "outside" in told or "passwd" in told


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    content = zipped({"HandlerManifest.json": manifest(), "bin/handler": "", "data": b"0" * 4_000})
    assert problems(tmp_path, content, Limits(max_unpacked_bytes=3_000))


def test_a_command_that_is_not_in_the_package_is_told(tmp_path: Path) -> None:
    assert "not in the package" in problems(tmp_path, zipped({"HandlerManifest.json": manifest(), "bin/other": ""}))


def test_a_signature_for_another_handler_is_remarked(tmp_path: Path) -> None:
    signed = {"version": "1.0", "type": "server", "publisher": "contoso.web"}
    for info, count in ((signed, 0), (signed | {"type": "Other"}, 1)):
        text = json.dumps([{"handlerManifest": COMMANDS, "signingInfo": info}])
        content = zipped({"HandlerManifest.json": text, "bin/handler": "#!/bin/sh\n"})
        checked = check_package(written(tmp_path, content), offer(content))
        assert len([remark for remark in checked.remarks if "signingInfo" in remark]) == count


def test_nothing_that_stands_in_a_package_is_ever_repeated(tmp_path: Path) -> None:
    spoiled = (
        zipped({"HandlerManifest.json": SECRET, "bin/handler": SECRET}),
        zipped({"HandlerManifest.json": json.dumps([{"handlerManifest": SECRET}]), "bin/handler": SECRET}),
        package(enableCommand=[SECRET], updateMode={"secret": SECRET}, reportHeartbeat=SECRET),
        package(SECRET)[:-30],
        SECRET.encode() * 100,
    )
    for content in spoiled:
        assert SECRET not in problems(tmp_path, content)
    odd = package(SECRET, reportHeartbeat=SECRET, supportsMultipleExtensions=SECRET)
    assert SECRET not in str(check_package(written(tmp_path, odd), offer(odd)))


def test_a_publisher_and_type_must_name_a_handler() -> None:
    check_offered_name(offer(b"x"))
    with pytest.raises(PackageInvalid, match="extension_type"):
        check_offered_name(offer(b"x", extension_type=ExtensionType(publisher="a.", type="b")))
