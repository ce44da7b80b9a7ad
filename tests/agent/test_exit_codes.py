"""Exit codes: each has a meaning, and means what it does for `tidegate`."""

from tidegate.cli import exit_codes as tidegate
from tidegate_agent.exit_codes import MEANINGS, ExitCode


def test_every_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)


def test_codes_that_both_commands_have_mean_the_same() -> None:
    for name in ("OK", "REFUSED", "USAGE", "UNAVAILABLE", "INTERRUPTED"):
        assert ExitCode[name] == tidegate.ExitCode[name].value
