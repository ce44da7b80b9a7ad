"""The demo of real hosts."""
