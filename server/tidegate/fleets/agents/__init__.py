"""Hosts: real machines, each run by an agent that keeps a stream open to this server."""
