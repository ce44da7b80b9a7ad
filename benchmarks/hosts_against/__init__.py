"""Upgrading hosts against what a user would pick instead: the same handler on the same hosts by Ansible and pyinfra."""
