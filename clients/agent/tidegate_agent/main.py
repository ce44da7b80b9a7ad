"""The entry point of `tidegate-agent`.

Law: gRPC's core looks at its environment when it is loaded, so that is settled before anything loads it.
"""

from __future__ import annotations

import os


def main() -> None:
    """Runs the command."""
    # It would write lines of its own about every failed handshake, which the agent tells in its own words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from tidegate_agent.command_line import app

    app()
