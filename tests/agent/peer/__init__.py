"""The independent peer: another agent on the same handler packages and goal states as ours."""
