"""The rules of the house, each of them a test that has been seen to fail."""
