"""The contract of extension handlers."""
