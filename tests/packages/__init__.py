"""The handler packages."""
