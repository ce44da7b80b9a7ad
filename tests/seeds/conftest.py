"""`pytest tests/seeds --seed N` lives through one seed and prints its transcript."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="live through this one seed and print its transcript")


@pytest.fixture
def only_seed(pytestconfig: pytest.Config) -> int | None:
    """The one seed that somebody wants to see."""
    # The option is not known where pytest was not started with this folder.
    seed: int | None = pytestconfig.getoption("--seed", default=None)
    return seed
