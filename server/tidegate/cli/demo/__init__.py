"""The demo: a real server and a real client, three scale sets, and machines that do not exist."""
