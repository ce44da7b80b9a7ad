"""What the golden traces do not show: several extensions, the way back, what is left over, and what is handed on."""

import json
from pathlib import Path

from tests.agent.handlers import Recipe
from tests.agent.stage import Stage, extension
from tidegate_agent.goal_state import HandlerGoal, Wanted
from tidegate_agent.handler_state import HandlerState, enabled_extensions, write_state
from tidegate_agent.transition import Reached, Transition, TransitionFile
from tidegate_handler.version import HandlerVersion

SEVERAL = {"supportsMultipleExtensions": True}
NAME = "Microsoft.Azure.TestExtensions.Edp.GuestAgentDcrTest"


def several(stage: Stage, version: str, *names: str) -> HandlerGoal:
    return stage.shelf.handler(version, *(extension(1, name, name=name) for name in names), is_multi_config=True)


async def test_several_extensions_of_a_handler_are_enabled_one_after_the_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(manifest=SEVERAL))
    outcome = await stage.apply(several(stage, "1.0.0", "one", "two"))
    assert outcome.failures == ()
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable", "1.0.0 enable"]
    (report,) = outcome.handlers
    assert [(each.extension_name, each.message) for each in report.extensions] == [
        ("one", "Enabled successfully. Name: one"),
        ("two", "Enabled successfully. Name: two"),
    ]
    (folder,) = stage.layout.handlers()
    assert enabled_extensions(folder) == ("one", "two")
    assert sorted(each.name for each in folder.config.glob("*.settings")) == ["one.1.settings", "two.1.settings"]


async def test_an_update_of_several_is_told_the_exit_codes_of_all(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        Recipe(manifest=SEVERAL, scripts={"disable": '[ "$ConfigExtensionName" = one ] || exit 5'}),
        Recipe(version="2.0.0", manifest={**SEVERAL, "continueOnUpdateFailure": True}),
    )
    await stage.apply(several(stage, "1.0.0", "one", "two"))
    stage.ended.clear()
    assert (await stage.apply(several(stage, "2.0.0", "one", "two", "three"))).failures == ()
    update = next(each for each in stage.ended if each.command.value == "update")
    assert json.loads(update.additions["AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODES_MULTIPLE_EXTENSIONS"]) == [
        {"extensionName": "one", "exitCode": "0"},
        {"extensionName": "two", "exitCode": "5"},
        {"extensionName": "three", "exitCode": "None"},
    ]
    assert "AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE" not in update.additions
    assert stage.commands() == [
        "1.0.0 disable",
        "1.0.0 disable -> 5",
        "2.0.0 update",
        "1.0.0 uninstall",
        "2.0.0 install",
        *["2.0.0 enable"] * 3,
    ]


async def test_one_of_several_that_is_wanted_no_more_is_disabled_and_forgotten(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(manifest=SEVERAL, scripts={"disable": "exit 5"}))
    await stage.apply(several(stage, "1.0.0", "one", "two"))
    stage.commands()
    assert (await stage.apply(several(stage, "1.0.0", "two"))).failures == ()
    assert stage.commands() == ["1.0.0 disable -> 5", "1.0.0 enable"]
    (folder,) = stage.layout.handlers()
    assert enabled_extensions(folder) == ("two",)
    assert not list(folder.config.glob("one*"))


async def test_one_of_several_that_fails_leaves_the_others_and_the_handler_ready(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        Recipe(manifest=SEVERAL, scripts={"install": "", "enable": '[ "$name" = good ] || exit 9; say e success 0 x'}),
    )
    outcome = await stage.apply(several(stage, "1.0.0", "bad", "good"))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("bad", 1009)]
    (report,) = outcome.handlers
    assert (report.status, report.handler_state) == ("Ready", "Enabled")
    assert [(each.status, each.code) for each in report.extensions] == [("error", 1009), ("success", 0)]


async def test_uninstalling_several_disables_each(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(manifest=SEVERAL))
    await stage.apply(several(stage, "1.0.0", "one", "two"))
    stage.commands()
    gone = stage.shelf.handler("1.0.0", wanted=Wanted.UNINSTALL, is_multi_config=True)
    assert (await stage.apply(gone)).failures == ()
    assert stage.commands() == ["1.0.0 disable", "1.0.0 disable", "1.0.0 uninstall"]
    assert stage.states() == {}


async def test_a_handler_that_does_not_support_several_fails_as_a_whole(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe())
    outcome = await stage.apply(several(stage, "1.0.0", "one"))
    assert [(each.extension_name, each.code) for each in outcome.failures] == [("one", -1)]
    assert stage.commands() == []


async def test_a_failed_uninstall_takes_the_handler_away_all_the_same(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"uninstall": "exit 1"}))
    await stage.enable("1.0.0")
    stage.commands()
    outcome = await stage.apply(stage.shelf.handler("1.0.0", wanted=Wanted.UNINSTALL))
    assert (outcome.failures, outcome.handlers) == ((), ())
    assert stage.commands() == ["1.0.0 disable", "1.0.0 uninstall -> 1"]
    assert stage.states() == {}


async def test_a_handler_that_cannot_be_disabled_is_not_uninstalled(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(scripts={"disable": "exit 1"}))
    await stage.enable("1.0.0")
    outcome = await stage.apply(stage.shelf.handler("1.0.0", extension(), wanted=Wanted.UNINSTALL))
    assert [each.code for each in outcome.failures] == [1010]
    assert [(each.status, each.code) for each in outcome.handlers] == [("NotReady", 1010)]
    assert stage.states() == {"GuestAgentDcrTest 1.0.0": "Enabled"}


async def test_uninstalling_what_is_not_there_is_done_already(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert (await stage.apply(stage.shelf.handler("1.0.0", wanted=Wanted.UNINSTALL))).failures == ()


async def test_a_handler_that_is_not_named_is_removed_without_a_command(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(type="Other"))
    await stage.apply(
        stage.shelf.handler("1.0.0", extension()), stage.shelf.handler("1.0.0", extension(), type="Other")
    )
    stage.commands()
    outcome = await stage.apply(stage.shelf.handler("1.0.0", extension(), type="Other"))
    assert [each.type for each in outcome.handlers] == ["Other"]
    assert stage.commands() == ["1.0.0 enable"]
    assert stage.states() == {"Other 1.0.0": "Enabled"}


async def test_the_way_back_after_a_failed_update_enables_what_is_still_installed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0", scripts={"update": "exit 1"}))
    await stage.enable("1.0.0")
    assert [each.code for each in (await stage.enable("2.0.0")).failures] == [1008]
    stage.commands()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["1.0.0 enable"]
    assert stage.states() == {"GuestAgentDcrTest 1.0.0": "Enabled", "GuestAgentDcrTest 2.0.0": "FailedUpgrade"}


async def test_the_way_back_after_a_failed_install_is_a_fresh_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0", scripts={"install": "exit 1"}))
    await stage.enable("1.0.0")
    assert [each.code for each in (await stage.enable("2.0.0")).failures] == [1007]
    stage.commands()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]


async def test_the_way_back_after_a_failed_enable_is_a_downgrade(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0", scripts={"enable": "exit 1"}))
    await stage.enable("1.0.0")
    assert [each.code for each in (await stage.enable("2.0.0")).failures] == [1009]
    stage.commands()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["2.0.0 update", "2.0.0 uninstall", "1.0.0 install", "1.0.0 enable"]
    assert stage.states() == {"GuestAgentDcrTest 1.0.0": "Enabled"}


async def test_a_downgrade_whose_update_fails_leaves_the_higher_version_failed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0", scripts={"update": '[ "$VERSION" = 2.0.0 ]'}))
    await stage.enable("2.0.0")
    outcome = await stage.enable("1.0.0")
    assert [each.code for each in outcome.failures] == [1008]
    assert stage.states() == {"GuestAgentDcrTest 1.0.0": "NotInstalled", "GuestAgentDcrTest 2.0.0": "FailedUpgrade"}
    stage.commands()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]


async def test_the_new_version_gets_what_the_old_one_has_seen(tmp_path: Path) -> None:
    skip = "if [ -f mrseq ]; then exit 0; fi; echo 1 > mrseq; say enable success 0 once"
    stage = Stage(
        tmp_path,
        Recipe(scripts={"enable": skip, "disable": ""}),
        Recipe(version="2.0.0", scripts={"install": "", "enable": skip}),
    )
    await stage.enable("1.0.0", 1)
    outcome = await stage.enable("2.0.0", 1)
    assert outcome.failures == ()
    (report,) = outcome.handlers
    assert [(each.sequence_number, each.message) for each in report.extensions] == [(1, "once")]


async def test_a_version_whose_uninstall_was_broken_off_is_gone_for_another_goal_state(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(), Recipe(version="2.0.0"))
    await stage.enable("1.0.0")
    (folder,) = stage.layout.handlers()
    write_state(folder, HandlerState.INSTALLED)
    TransitionFile(stage.layout.state, NAME).write(
        Transition(
            from_version=HandlerVersion("1.0.0"),
            to_version=HandlerVersion("2.0.0"),
            reached=Reached.UNINSTALLING,
            disable_exit_codes={},
        )
    )
    stage.commands()
    assert (await stage.enable("1.0.0")).failures == ()
    assert stage.commands() == ["1.0.0 install", "1.0.0 enable"]
    assert TransitionFile(stage.layout.state, NAME).read() is None


async def test_a_move_whose_old_version_is_gone_goes_on_after_it_whatever_the_notes_say(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Recipe(version="2.0.0"), Recipe(version="3.0.0", scripts={"install": "exit 1"}))
    await stage.enable("2.0.0")
    await stage.enable("3.0.0")
    TransitionFile(stage.layout.state, NAME).write(
        Transition(
            from_version=HandlerVersion("2.0.0"),
            to_version=HandlerVersion("3.0.0"),
            reached=Reached.PREPARED,
            disable_exit_codes={},
        )
    )
    stage.commands()
    await stage.enable("3.0.0")
    assert stage.commands() == ["3.0.0 install -> 1"]
