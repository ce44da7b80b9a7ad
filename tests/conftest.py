"""What every test may ask for, and how property tests draw their examples."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}

# In CI the same commit draws the same examples, so a red run is red again when somebody looks into it.
# print_blob shows the line that repeats a failure elsewhere; deadlines would judge the machine, not the code.
settings.register_profile("house", deadline=None, print_blob=True, derandomize=IN_CI)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write transcripts anew, to be read before they are kept")


@pytest.fixture(scope="session")
def rewrite(pytestconfig: pytest.Config) -> bool:
    """Whether transcripts are to be written anew."""
    return bool(pytestconfig.getoption("--rewrite"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout these tests belong to."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data(repository: Path) -> Path:
    """The folder ``../shared/data`` of real scale sets and manifests, which may lie beside the checkout.

    Without it the test is skipped; in CI, where it must be there, the test fails.
    """
    data = repository.parent / "shared" / "data"
    if data.is_dir():
        return data
    if IN_CI:
        pytest.fail("../shared/data must lie beside the checkout in CI")
    pytest.skip("needs ../shared/data beside the checkout")
