"""A program that applies one goal state with a real engine, and exits.

    python -m tests.agent.run_engine FOLDER VERSION

Its process id is in the environment of the commands, under `AGENT`, for one that is to kill it.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.agent.handlers import Recipe
from tests.agent.stage import Stage

AGENT = "TIDEGATE_TESTS_AGENT"

# Kills its agent the first time, and goes on for a while; says what it does, so that two at once would be seen.
_KILLER = f"""echo "$version $command begins" >> ../said
if [ ! -e "../killed" ] && [ "$version $command" = "$KILL_AT" ]; then : > ../killed; kill -9 "${AGENT}"; sleep 0.3; fi
echo "$version $command ends" >> ../said"""


def recipe(version: str) -> Recipe:
    scripts = {
        name: f"version={version} command={name}\n{_KILLER}\n"
        for name in ("install", "uninstall", "update", "enable", "disable")
    }
    scripts["enable"] += "say enable success 0 x"
    return Recipe(version=version, scripts=scripts)


async def main() -> None:
    os.environ[AGENT] = str(os.getpid())
    stage = Stage(Path(sys.argv[1]), recipe("1.0.0"), recipe("2.0.0"))
    outcome = await stage.enable(sys.argv[2])
    await stage.engine.close()
    sys.exit(len(outcome.failures))


if __name__ == "__main__":
    asyncio.run(main())
