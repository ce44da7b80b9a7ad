"""Tidegate keeps the extensions on fleets of machines at their newest minor version, safely."""

__version__ = "0.1.0"
