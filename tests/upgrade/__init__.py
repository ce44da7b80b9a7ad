"""Tests of the core: its parts, its stories, its walks."""
