"""The README tells the truth: its console blocks are run in order, in one scratch folder, and print what it shows.

How to write such a block is told in ``console.py``. The scratch folder begins with a copy of ``rules/``, so a page
may name the shipped policies as a reader in a checkout would. Make targets are checked in every document.
"""

import os
import re
import shutil
import socket
import sys
from pathlib import Path

import pytest

from tests.house.console import Mismatch, Reader, Step, agrees, plain_environment, steps_of

BINARIES = Path(sys.executable).parent


def make_targets(repository: Path) -> frozenset[str]:
    """The targets that the Makefile offers."""
    text = (repository / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


def free_port() -> int:
    """A port of loopback that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def reader(repository: Path, folder: Path) -> Reader:
    """A reader in ``folder`` whose ``make demo`` is the Makefile's own, with the environment that runs this test."""
    demo = (
        "make",
        "-s",
        "-C",
        str(repository),
        f"VENV={BINARIES.parent}",
        "-o",
        f"{BINARIES.parent}/.installed",
        "demo",
    )
    # A server of the page must not meet one that serves on this machine already.
    address = f"127.0.0.1:{free_port()}"
    return Reader(
        folder=folder,
        environment=plain_environment(BINARIES, home=folder) | {"TIDEGATE_LISTEN": address, "TIDEGATE_SERVER": address},
        demo=demo,
        targets=make_targets(repository),
    )


def test_the_readme_does_what_it_says(repository: Path, tmp_path: Path) -> None:
    steps = steps_of((repository / "README.md").read_text(encoding="utf-8"))
    shutil.copytree(repository / "rules", tmp_path / "rules")
    with reader(repository, tmp_path) as somebody:
        for step in steps:
            somebody.follow(step)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_shows_how_to_see_it_and_how_to_test_it(repository: Path, command: str) -> None:
    steps = steps_of((repository / "README.md").read_text(encoding="utf-8"))
    assert command in {step.command.split("#")[0].strip() for step in steps}


def test_every_make_target_in_a_document_exists(repository: Path) -> None:
    pages = [*repository.glob("*.md"), *repository.glob("*/README.md")]
    assert {repository / "README.md", repository / "CONTRIBUTING.md"} <= set(pages)
    targets = make_targets(repository)
    for page in pages:
        named = re.findall(r"(?:`|^\$ |^)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets, page


PAGE = """\
# A page

```sh
$ this is not run
```

```console
$ printf 'one\\ntwo\\n'
one
t...
$ cat <<END
> three
> END
three
```
"""


def test_a_page_is_cut_into_its_commands() -> None:
    assert steps_of(PAGE) == (
        Step(line=8, command=r"printf 'one\ntwo\n'", prints=("one", "t..."), exits=0),
        Step(line=11, command="cat <<END\nthree\nEND", prints=("three",), exits=0),
    )


def test_a_block_that_begins_with_output_is_refused() -> None:
    with pytest.raises(Mismatch, match="line 2: a console block begins with a command"):
        steps_of("```console\nwhat is this\n```\n")


@pytest.mark.parametrize(
    ("prints", "output", "same"),
    [
        (("one", "two"), "one\ntwo\n", True),
        (("one", "two", ""), "one  \ntwo\n\n", True),
        (("one",), "one\ntwo\n", False),
        (("...", "three"), "one\ntwo\nthree\n", True),
        (("one", "...", "three"), "one\nthree\n", True),
        (("one", "..."), "two\nthree\n", False),
        (("took ... s", "done"), "took 0.3 s\ndone\n", True),
        (("took ... s",), "took 0.3 s\ndone s\n", False),
        (("a.c",), "abc\n", False),
    ],
)
def test_three_dots_stand_for_what_may_differ(prints: tuple[str, ...], output: str, same: bool) -> None:
    assert agrees(prints, output) is same


def follow(repository: Path, folder: Path, *lines: str) -> None:
    """Follows a page with one console block of ``lines``."""
    with reader(repository, folder) as somebody:
        for step in steps_of("\n".join(["```console", *lines, "```"])):
            somebody.follow(step)


@pytest.mark.parametrize(
    "lines",
    [
        ("$ echo two", "one"),
        ("$ false",),
        ("$ true # exits 3",),
        ("$ no-such-program",),
        ("$ false | true",),
        ("$ make no-such-target",),
        ("$ sleep 5 &",),
        ("$ echo never ready &", "ready"),
    ],
)
def test_a_planted_untruth_is_found(repository: Path, tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(Mismatch):
        follow(repository, tmp_path, *lines)


@pytest.mark.parametrize(
    "lines",
    [
        ("$ echo one > kept", "$ cat kept", "one"),
        ("$ (exit 3) # exits 3",),
        ("$ git clone https://example.org/tidegate && cd tidegate", "$ cd elsewhere", "$ make test WORKERS=2"),
    ],
)
def test_a_true_page_passes(repository: Path, tmp_path: Path, lines: tuple[str, ...]) -> None:
    follow(repository, tmp_path, *lines)


def test_what_runs_in_the_background_is_waited_for_and_ended(repository: Path, tmp_path: Path) -> None:
    server = """bash -c 'echo $$ > pid; echo starting; echo ready; exec sleep 300' &"""
    follow(repository, tmp_path, f"$ {server}", "...", "ready", "$ test -s pid")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_is_exported_holds_for_the_commands_after_it(repository: Path, tmp_path: Path) -> None:
    follow(repository, tmp_path, "$ export TIDE=high", "$ echo $TIDE", "high")
