"""The nouns, each of them by itself."""
