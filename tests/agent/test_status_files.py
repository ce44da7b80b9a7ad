import asyncio
import json
from pathlib import Path

import pytest

from tidegate_agent import status_files
from tidegate_agent.goal_state import ExtensionGoal
from tidegate_agent.reading import Files
from tidegate_agent.status_files import TRIES, Awaited, StatusFiles


def awaited(path: Path) -> Awaited:
    extension = ExtensionGoal(extension_name="web", has_settings=True, sequence_number=3)
    return Awaited(handler="Contoso.Web", extension=extension, path=path)


def write(path: Path, status: str, **fields: object) -> None:
    path.write_text(json.dumps([{"version": 1.0, "status": {"status": status, **fields}}]))


@pytest.fixture
def reading() -> StatusFiles:
    return StatusFiles(Files())


def test_a_status_is_reported_with_its_parts(tmp_path: Path, reading: StatusFiles) -> None:
    path = tmp_path / "3.status"
    substatus = [
        {"name": "AppHealthStatus", "status": "success", "code": 0, "formattedMessage": {"lang": "en", "message": "up"}}
    ]
    write(path, "warning", operation="Enable", code="12", substatus=substatus)
    report = reading.report(awaited(path))
    assert (report.extension_name, report.sequence_number) == ("web", 3)
    assert (report.status, report.code, report.operation) == ("warning", 12, "Enable")
    assert [(each.name, each.status, each.message) for each in report.substatus] == [
        ("AppHealthStatus", "success", "up")
    ]


def test_a_missing_file_is_transitioning_with_the_code_0(tmp_path: Path, reading: StatusFiles) -> None:
    for _ in range(TRIES + 2):
        report = reading.report(awaited(tmp_path / "3.status"))
        assert (report.status, report.code) == ("transitioning", 0)
        assert report.message.startswith("This status is being reported by the Guest Agent since no status file was")


def test_a_malformed_file_is_an_error_once_it_was_so_several_times(tmp_path: Path, reading: StatusFiles) -> None:
    path = tmp_path / "3.status"
    path.write_text("rubbish that may be a secret")
    looks = [reading.report(awaited(path)) for _ in range(TRIES)]
    assert [each.status for each in looks] == ["transitioning"] * (TRIES - 1) + ["error"]
    assert looks[-1].code == 1012
    assert "secret" not in looks[-1].message
    write(path, "success")
    assert reading.report(awaited(path)).status == "success"
    path.write_text("")
    assert reading.report(awaited(path)).status == "transitioning"


def test_an_unreadable_file_is_an_error_once_it_was_so_several_times(tmp_path: Path, reading: StatusFiles) -> None:
    looks = [reading.report(awaited(tmp_path)) for _ in range(TRIES)]
    assert [(each.status, each.code) for each in looks[-2:]] == [("transitioning", 0), ("error", -1)]


def test_a_file_without_end_is_malformed(tmp_path: Path, reading: StatusFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_files, "LARGEST_BYTES", 1_000)
    path = tmp_path / "3.status"
    write(path, "success", operation="x" * 2_000)
    assert [reading.report(awaited(path)).code for _ in range(TRIES)][-1] == 1012


def test_the_agents_own_fixtures_are_judged_as_its_authors_say(shared_data: Path, reading: StatusFiles) -> None:
    folder = shared_data / "guest-agent-testdata/ext"
    for path in sorted(folder.glob("sample-status*.json")):
        reports = [reading.report(awaited(path)) for _ in range(TRIES)]
        is_bad = "invalid" in path.name
        assert (reports[-1].code == 1012) is is_bad, path.name
        assert (reports[-1].status == "error") is is_bad, path.name


async def test_statuses_are_waited_for_until_all_are_over(tmp_path: Path, reading: StatusFiles) -> None:
    first, second = tmp_path / "1.status", tmp_path / "2.status"
    write(first, "success")
    waiting = asyncio.create_task(reading.all_over([awaited(first), awaited(second)], 20))
    for status in ("transitioning", "warning"):
        write(second, status)
        await asyncio.wait({waiting}, timeout=0.05)
        assert not waiting.done()
    write(second, "error")
    assert await waiting


async def test_waiting_has_an_end(tmp_path: Path, reading: StatusFiles) -> None:
    assert not await reading.all_over([awaited(tmp_path / "none")], 0.05)
    assert await reading.all_over([], 0)
