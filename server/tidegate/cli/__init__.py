"""The door: settings, assembly, and the verbs of the command line."""

import os

# grpc core reads it when it is loaded, and otherwise writes to stderr of every handshake that fails, in its own words.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
