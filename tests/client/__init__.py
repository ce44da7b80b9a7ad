"""The Python client, against a server that answers as it is told and against the real one."""
