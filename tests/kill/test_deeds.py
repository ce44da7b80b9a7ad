"""The judge of what handlers told knows a good life, and finds each thing that the contract forbids."""

from __future__ import annotations

import pytest

from tests.agent.peer.packages import PUBLISHER, Told
from tests.kill.deeds import complaints, enabled_at_the_end, repeated

FRESH = ["install 1.0", "enable 1.0"]
MOVED = [*FRESH, "disable 1.0", "update 1.1", "uninstall 1.0", "install 1.1", "enable 1.1"]


def telling(*deeds: str) -> list[Told]:
    """Commands in their order, each begun and ended; `+` before one means that it only begins, `-` that it ends."""
    found = list[Told]()
    for deed in deeds:
        command, version = deed.strip("+-").split(" ")
        for moment in {"+": ["begin"], "-": ["end"]}.get(deed[0], ["begin", "end"]):
            found.append(
                Told(
                    moment=moment,
                    handler=f"{PUBLISHER}.Alpha",
                    version=version,
                    command=command,
                    folder="",
                    mrseq="",
                    environment={},
                )
            )
    return found


def test_a_life_by_the_contract_has_no_complaints() -> None:
    told = telling(*MOVED, "enable 1.1")
    assert list(complaints(told)) == []
    assert enabled_at_the_end(told) == {"1.1"}
    assert repeated(told) == {}


@pytest.mark.parametrize("place", range(2, 7))
def test_a_command_that_is_repeated_at_once_is_no_complaint_but_is_counted(place: int) -> None:
    told = telling(*MOVED[:place], MOVED[place], MOVED[place], *MOVED[place + 1 :])
    assert list(complaints(told)) == []
    assert repeated(told).total() == (0 if MOVED[place].startswith("enable") else 1)


@pytest.mark.parametrize(
    ("deeds", "complaint"),
    [
        (["enable 1.0"], "has not been installed"),
        ([*FRESH, "install 1.1"], "has not been uninstalled"),
        ([*FRESH, "update 1.1"], "has not been disabled"),
        ([*FRESH, "disable 1.0", "uninstall 1.0"], "has been prepared"),
        ([*FRESH, "disable 1.0", "update 1.1", "install 1.1"], "has not been uninstalled"),
        ([*FRESH, "disable 1.0", "update 1.1", "enable 1.1"], "has not been uninstalled"),
        ([*FRESH, "disable 1.0", "update 1.1", "enable 1.0", "uninstall 1.0"], "has not been disabled"),
        (["update 1.1"], "nothing to update from"),
        ([*MOVED, "uninstall 1.0"], "has taken its place"),
        (["+install 1.0", "+install 1.0", "-install 1.0"], "began while"),
        (["install 1.0", "-enable 1.0"], "nothing ran"),
        (["+install 1.0"], "never ended"),
    ],
)
def test_what_the_contract_forbids_is_found(deeds: list[str], complaint: str) -> None:
    assert any(complaint in each for each in complaints(telling(*deeds)))


def test_two_versions_enabled_at_once_are_found() -> None:
    told = telling(*FRESH, "install 1.1", "enable 1.1")
    assert any("is enabled" in each for each in complaints(told))
    assert enabled_at_the_end(told) == {"1.0", "1.1"}
