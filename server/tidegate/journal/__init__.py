"""Memory: the append-only record of every rolling upgrade, and the register of what we were told."""
