"""Finds the policies that come with Tidegate, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve()


def shipped_rules_path(module: Path = _HERE) -> Path:
    """The folder `rules/`: beside `server/` in a checkout, inside the package `tidegate` in a wheel.

    `module` is where this file stands. Raises FileNotFoundError where neither folder is there, which means that the
    installation is broken.
    """
    in_wheel, in_checkout = module.parents[1] / "rules", module.parents[3] / "rules"
    for folder in (in_wheel, in_checkout):
        if (folder / "azure-default.yaml").is_file():
            return folder
    raise FileNotFoundError(f"the shipped policies are neither in {in_wheel} nor in {in_checkout}")
