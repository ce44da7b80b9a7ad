import os
from pathlib import Path

import pytest

from tidegate_agent.transition import Reached, Transition, TransitionFile
from tidegate_handler.version import HandlerVersion


def transition() -> Transition:
    return Transition(
        from_version=HandlerVersion("1.0"),
        to_version=HandlerVersion("2.0"),
        reached=Reached.DISABLED,
        disable_exit_codes={"web": 127},
    )


def test_a_move_is_read_as_far_as_it_had_come(tmp_path: Path) -> None:
    file = TransitionFile(tmp_path, "Contoso.Web")
    assert file.read() is None
    file.write(transition())
    further = file.write(transition().at(Reached.UNINSTALLED, uninstall_exit_code=3))
    assert TransitionFile(tmp_path, "contoso.WEB").read() == further
    file.clear()
    file.clear()
    assert file.read() is None
    assert list(tmp_path.iterdir()) == []


def test_that_an_uninstall_may_have_begun_is_on_the_disk_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = list[Path]()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    file = TransitionFile(tmp_path, "Contoso.Web")
    file.write(transition().at(Reached.UPDATED))
    assert synced == []
    file.write(transition().at(Reached.UNINSTALLING))
    assert synced[-1] == tmp_path


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"from_version": "x"}'])
def test_a_damaged_note_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "contoso.web.transition").write_bytes(content)
    assert TransitionFile(tmp_path, "Contoso.Web").read() is None


def test_steps_are_in_the_order_in_which_they_are_taken() -> None:
    assert [each.name for each in sorted(Reached)] == [
        "PREPARED",
        "DISABLED",
        "UPDATED",
        "UNINSTALLING",
        "UNINSTALLED",
        "REMOVED",
    ]
