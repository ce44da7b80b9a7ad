"""The door: settings, assembly, and the verbs of the command line."""
