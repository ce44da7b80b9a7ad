"""The verbs about published versions, against a real server."""

from tests.cli.conftest import Tidegate

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
