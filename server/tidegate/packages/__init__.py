"""Packages: the handler packages that hosts fetch, kept by their digests."""
