"""The demo, as it is shown."""
