"""The verbs about published versions and their packages, against a real server."""

from pathlib import Path

from tests.cli.conftest import Tidegate
from tests.packages.packing import digest, package, zipped

AGENT = ("Catalog.Tests", "Agent")


def test_a_version_is_published_once_and_taken_back(tidegate: Tidegate) -> None:
    told = tidegate("catalog", "publish", *AGENT, "1.10")
    assert (told.exits, told.err) == (0, "")
    again = tidegate("catalog", "publish", *AGENT, "1.10")
    assert again.exits == 0
    assert "nothing changed" in again.err
    assert tidegate("catalog", "publish", *AGENT, "1.9", "-o", "json").document["version"] == "1.9"
    versions = tidegate("catalog", "versions", *AGENT, "-o", "json").document
    assert [each["version"] for each in versions] == ["1.9", "1.10"]
    assert tidegate("catalog", "versions", *AGENT).out.splitlines()[2].split()[0] == "1.10"
    assert {"publisher": AGENT[0], "type": AGENT[1]} in tidegate("catalog", "types", "-o", "json").document
    assert "Catalog.Tests" in tidegate("catalog", "types").out
    assert tidegate("catalog", "withdraw", *AGENT, "1.9").exits == 0
    assert tidegate("catalog", "withdraw", *AGENT, "1.9").exits == 3


def test_what_was_never_published_is_not_found(tidegate: Tidegate) -> None:
    assert tidegate("catalog", "versions", "Nobody", "Nothing").exits == 3


def test_a_wrong_version_is_a_wrong_command_line(tidegate: Tidegate) -> None:
    told = tidegate("catalog", "publish", *AGENT, "1.x")
    assert told.exits == 2
    assert "version" in told.err


def test_a_package_is_published_shown_and_listed(tidegate: Tidegate, tmp_path: Path) -> None:
    content = package("shown", reportHeartbeat="yes")
    file = tmp_path / "handler.zip"
    file.write_bytes(content)
    names = ("--publisher", "Packaged.Tests", "--type", "Agent", "--version", "1.2")
    told = tidegate("catalog", "publish", file, *names)
    assert told.exits == 0
    for text in ("Packaged.Tests Agent", "1.2", digest(content), f"({len(content)} bytes)"):
        assert text in told.out
    assert told.err.startswith("remark: ")
    assert "reportHeartbeat" in told.err
    again = tidegate("catalog", "publish", file, *names)
    assert again.exits == 0
    assert "nothing changed" in again.err
    assert tidegate("catalog", "publish", "Packaged.Tests", "Agent", "1.1").exits == 0
    alone, packaged = tidegate("catalog", "versions", "Packaged.Tests", "Agent").out.splitlines()[1:]
    assert alone.split()[-2:] == ["-", "-"]
    assert packaged.split()[-1] == digest(content)[:8]
    listed = tidegate("catalog", "versions", "Packaged.Tests", "Agent", "-o", "json").document
    assert listed[1]["package"]["sha256"] == digest(content)
    assert "package" not in listed[0]


def test_the_name_of_a_package_tells_what_it_is(tidegate: Tidegate, tmp_path: Path) -> None:
    file = tmp_path / "Named.Tests.Agent__3.1.zip"
    file.write_bytes(package())
    document = tidegate("catalog", "publish", file, "-o", "json").document
    assert document["extensionType"] == {"publisher": "Named.Tests", "type": "Agent"}
    assert document["version"] == "3.1"


def test_another_package_for_a_version_is_refused_with_what_to_do(tidegate: Tidegate, tmp_path: Path) -> None:
    file = tmp_path / "Twice.Tests.Agent__1.0.zip"
    file.write_bytes(package("one"))
    assert tidegate("catalog", "publish", file).exits == 0
    file.write_bytes(package("two"))
    told = tidegate("catalog", "publish", file)
    assert told.exits == 1
    assert digest(package("one")) in told.err
    assert "under a new version" in told.err


def test_a_bad_package_is_told_without_asking_a_server(tidegate: Tidegate, tmp_path: Path) -> None:
    file = tmp_path / "Bad.Tests.Agent__1.0.zip"
    file.write_bytes(zipped({"bin/handler": ""}))
    told = tidegate("catalog", "publish", file, "--server", "127.0.0.1:1")
    assert told.exits == 1
    assert "HandlerManifest.json" in told.err
    file.write_bytes(package())
    assert tidegate("catalog", "publish", file, "--server", "127.0.0.1:1").exits == 6


def test_a_mix_of_the_two_forms_is_a_wrong_command_line(tidegate: Tidegate) -> None:
    for words in ((), ("nowhere.zip",), AGENT, (*AGENT, "1.0", "--version", "1.0")):
        assert tidegate("catalog", "publish", *words).exits == 2, words
    told = tidegate("catalog", "publish", "nowhere.zip")
    joined = " ".join(told.err.replace("│", " ").split())
    assert "tidegate catalog publish PACKAGE.zip --publisher P --type T --version V" in joined
    assert "tidegate catalog publish PUBLISHER TYPE VERSION" in joined
