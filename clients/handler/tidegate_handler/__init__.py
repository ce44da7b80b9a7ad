"""The published contract of extension handlers: packages, manifests, settings and status files, read and written."""
