"""Tests: they mirror server/tidegate, beside stories, seeds, contracts and the rules of the house."""
