from pathlib import Path

from tests.agent.handlers import Recipe
from tests.agent.stage import Stage, extension
from tidegate_agent.goal_state import ExtensionGoal, HandlerGoal

SILENT = {"enable": "exit 0", "install": "exit 0"}


def chain(stage: Stage, *types: str) -> list[HandlerGoal]:
    """Handlers that depend on each other in this order."""
    return [
        stage.shelf.handler("1.0.0", extension(name=name, level=level), type=name) for level, name in enumerate(types)
    ]


async def test_who_comes_after_one_that_says_error_is_left_as_it_is(tmp_path: Path) -> None:
    bad = Recipe(type="Bad", scripts={"enable": "say enable error 42 'no luck'"})
    stage = Stage(tmp_path, bad, Recipe(type="Good"))
    outcome = await stage.apply(*chain(stage, "Bad", "Good"))
    assert [(each.extension_name, each.code, each.message) for each in outcome.failures] == [
        ("Bad", 42, "no luck"),
        (
            "Good",
            -1,
            "Dependent Extension Microsoft.Azure.TestExtensions.Edp.Bad did not succeed. Status was error",
        ),
    ]
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]
    assert [(each.type, each.status, each.code) for each in outcome.handlers] == [
        ("Bad", "Ready", 0),
        ("Good", "NotReady", -1),
    ]
    assert outcome.handlers[1].message == outcome.failures[1].message


async def test_who_comes_after_one_whose_command_fails_is_left_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="Bad", scripts={"install": "exit 1"}), Recipe(type="Good"))
    outcome = await stage.apply(*chain(stage, "Bad", "Good"))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("Bad", 1007), ("Good", -1)]
    assert stage.commands() == ["1.0.0 install -> 1"]


async def test_who_comes_after_one_that_says_nothing_is_left_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="Silent", scripts=SILENT), Recipe(type="Good"), status_wait_seconds=0.05)
    outcome = await stage.apply(*chain(stage, "Silent", "Good"))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("Silent", -1), ("Good", -1)]
    assert outcome.failures[0].message.startswith("The extension Silent said neither success nor error within 0.05 s")
    assert outcome.failures[1].message.endswith("within the allowed timeout. Last status was transitioning")


async def test_a_handler_that_takes_its_own_folder_apart_fails_once_and_for_all(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="Wild", scripts={"enable": "rm -rf config"}))
    outcome = await stage.apply(*chain(stage, "Wild"))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("Wild", -1)]
    assert [(each.status, each.code, each.handler_state) for each in outcome.handlers] == [("NotReady", -1, "")]
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]


async def test_without_settings_nobody_waits(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="Silent", scripts=SILENT), Recipe(type="Good"))
    silent = stage.shelf.handler("1.0.0", ExtensionGoal(extension_name="silent"), type="Silent")
    good = stage.shelf.handler("1.0.0", extension(level=1), type="Good")
    assert (await stage.apply(silent, good)).failures == ()


async def test_a_status_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    late = "say enable transitioning 0 soon; (sleep 0.2; say enable success 0 late) >/dev/null 2>&1 &"
    stage = Stage(tmp_path, Recipe(type="Late", scripts={"enable": late}), Recipe(type="Good"))
    outcome = await stage.apply(*chain(stage, "Late", "Good"))
    assert outcome.failures == ()
    assert outcome.handlers[0].extensions[0].message == "late"


async def test_where_nobody_depends_on_it_the_others_go_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(type="Bad", scripts={"install": "exit 1"}), Recipe(type="Good"))
    handlers = [stage.shelf.handler("1.0.0", extension(name=name), type=name) for name in ("Bad", "Good")]
    outcome = await stage.apply(*handlers)
    assert [each.extension_name for each in outcome.failures] == ["Bad"]
    assert stage.states() == {"Bad 1.0.0": "NotInstalled", "Good 1.0.0": "Enabled"}


async def test_a_handler_whose_goal_is_unfit_goes_on_as_it_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    await stage.enable("1.0.0")
    stage.commands()
    unfit = stage.shelf.handler("1.0.0", extension(name="one"), extension(name="two"))
    outcome = await stage.apply(unfit)
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("one", -1)]
    assert stage.states() == {"GuestAgentDcrTest 1.0.0": "Enabled"}
    assert stage.commands() == []


async def test_what_is_unfit_is_refused_and_the_rest_is_done(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    unfit = stage.shelf.handler("1.0.0", extension(name="evil"), publisher="../../../etc")
    outcome = await stage.apply(unfit, stage.shelf.handler("1.0.0", extension()))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("evil", -1)]
    assert [each.status for each in outcome.handlers] == ["Ready"]
