"""Planting a file into a house made up for a test."""

from pathlib import Path


def plant(path: Path, text: str) -> None:
    """Writes ``text`` at ``path``, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
