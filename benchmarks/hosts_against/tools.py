"""The other tools: each newest from PyPI, in an environment of its own, on the newest Python that this machine has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALL_SECONDS = 600
_NEWEST_FIRST = ("3.14", "3.13", "3.12")
"""ansible-core of today wants at least 3.12; on an older one alone pip would choose an old release of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An installed tool."""

    name: str
    version: str
    python: Path
    """The interpreter of its environment."""

    @property
    def binaries(self) -> Path:
        """Where its commands are."""
        return self.python.parent


def install(requirement: str) -> Tool:
    """The newest release, installed unless it is there from an earlier run of today's Python.

    Environments are kept in the user's cache folder: remove `tidegate-benchmarks` there to have newer releases.
    """
    interpreter = _newest_python()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate-benchmarks"
    folder = cache / f"{requirement}-{_version_of(interpreter)}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(interpreter, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement)
        (folder / "complete").touch()
    listed = _run(str(python), "-m", "pip", "show", "--disable-pip-version-check", requirement)
    found = re.search(r"^Version: (\S+)$", listed, re.MULTILINE)
    assert found is not None, f"pip does not know {requirement}, which it has installed"
    return Tool(name=requirement, version=found[1], python=python)


def _newest_python() -> str:
    """An interpreter that runs; the one that runs this where there is none of the newer ones."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in _NEWEST_FIRST:
        candidates = [shutil.which(f"python{version}"), *(f"{each}/bin/python" for each in pyenv.glob(f"{version}.*"))]
        for candidate in filter(None, candidates):
            if _version_of(candidate).startswith(version):
                return candidate
    return sys.executable


def _version_of(interpreter: str) -> str:
    asked = subprocess.run(
        [interpreter, "-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _run(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
    return done.stdout
