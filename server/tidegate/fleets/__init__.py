"""Machines: whatever runs the instances. Knows nothing of upgrades or policies."""
