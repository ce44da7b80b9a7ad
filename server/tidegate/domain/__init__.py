"""Nouns: what there is to talk about. Frozen values, standard library only."""
