from tidegate_agent.failure import (
    CommandFailed,
    CommandNotStarted,
    CommandTimedOut,
    DependencyFailed,
    EnableFailed,
    StepFailed,
    UpdateFailed,
)
from tidegate_handler.commands import Command


def test_a_failed_command_has_the_code_of_its_kind_and_hands_on_its_own() -> None:
    failed = CommandFailed(Command.DISABLE, 127, "/lib/Contoso.Web-1.0/disable.sh", "[stdout]\n")
    assert (failed.code, failed.exit_code) == (1010, 127)
    assert str(failed).startswith(
        "[ExtensionOperationError] Non-zero exit code: 127, /lib/Contoso.Web-1.0/disable.sh\n"
    )


def test_a_command_that_took_too_long_hands_on_the_agents_code() -> None:
    failed = CommandTimedOut(300.0, "enable.sh", "")
    assert (failed.code, failed.exit_code) == (1011, 1011)
    assert str(failed).startswith("[ExtensionError] Timeout(300): enable.sh")


def test_a_failed_update_tells_what_of_the_old_version_failed() -> None:
    failed = UpdateFailed(CommandFailed(Command.UNINSTALL, 1, "uninstall.sh", ""))
    assert failed.code == 1008
    assert str(failed).startswith("[ExtensionUpdateError] [ExtensionOperationError] Non-zero exit code: 1")


def test_the_others_have_the_codes_of_the_contract() -> None:
    assert CommandNotStarted(Command.INSTALL, "install.sh", "no such folder").code == 1007
    assert StepFailed("why").code == -1
    assert DependencyFailed("Contoso.Web", "did not succeed. Status was error").code == -1
    assert str(DependencyFailed("A", "failed")) == "Dependent Extension A failed"
    assert EnableFailed("web", CommandFailed(Command.ENABLE, 2, "enable.sh", "")).code == 1009
