"""The agent of a host: runs extension handlers by their published contract, and reports to a Tidegate server."""
