"""The reports beside the golden ones: before anything was done, after a start, and while nothing can be read."""

import os
import time
from pathlib import Path

from tests.agent.handlers import Recipe
from tests.agent.stage import Stage, extension
from tidegate_agent.report import HandlerReport


def told(reports: tuple[HandlerReport, ...]) -> list[str]:
    return [
        f"{each.version} {each.status} {each.code} {each.message[:20]} "
        f"({each.installed_version or 'none'} {each.handler_state or 'none'}) "
        f"{[part.status for part in each.extensions]}"
        for each in reports
    ]


async def test_after_a_start_the_reports_are_the_same(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(type="Bad", scripts={"enable": "exit 1"}))
    good, bad = stage.shelf.handler("1.0.0", extension()), stage.shelf.handler("1.0.0", extension(), type="Bad")
    missing = stage.shelf.handler("5.0", extension(), type="Missing")
    outcome = await stage.apply(good, bad, missing)
    await stage.engine.close()
    assert told(outcome.handlers) == [
        "1.0.0 Ready 0 Plugin enabled (1.0.0 Enabled) ['success']",
        "1.0.0 NotReady 1009 [ExtensionOperationE (1.0.0 Installed) ['success']",
        "5.0 NotReady -1 [ExtensionError] Una (none none) []",
    ]
    assert stage.new_engine().status() == outcome.handlers


async def test_a_root_without_a_goal_state_has_nothing_to_report(tmp_path: Path) -> None:
    assert Stage(tmp_path).engine.status() == ()


async def test_a_handler_that_was_deleted_under_our_hands_is_not_worked_on_yet(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    await stage.enable("1.0.0")
    (folder,) = stage.layout.handlers()
    stage.layout.set_aside(folder)
    assert told(stage.engine.status()) == ["1.0.0 NotReady 0 The handler has not  (none none) []"]


async def test_an_old_heartbeat_makes_a_handler_unresponsive_and_a_new_one_well_again(tmp_path: Path) -> None:
    heartbeat = '[{"heartbeat":{"status":"Ready","formattedMessage":{"lang":"en","message":"up"}}}]'
    beat = f"printf '{heartbeat}' > heartbeat.log\nsay enable success 0 x"
    stage = Stage(tmp_path, Recipe(manifest={"reportHeartbeat": "true"}, scripts={"enable": beat}))
    outcome = await stage.enable("1.0.0")
    assert [(each.status, each.code, each.message) for each in outcome.handlers] == [("Ready", 0, "up")]
    (folder,) = stage.layout.handlers()
    for age_seconds, status in ((700, "Unresponsive"), (0, "Ready")):
        os.utime(folder.heartbeat, (time.time() - age_seconds,) * 2)
        assert [each.status for each in stage.engine.status()] == [status]


async def test_a_status_in_the_words_of_a_later_handler_is_seen_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    await stage.enable("1.0.0")
    (folder,) = stage.layout.handlers()
    path = folder.status / "0.status"
    os.utime(path, (time.time() - 60,) * 2)
    assert stage.engine.status()[0].extensions[0].status == "success"
    path.write_text(path.read_text().replace('"success"', '"warning"'))
    assert stage.engine.status()[0].extensions[0].status == "warning"
