"""A server killed without warning, again and again: nothing is lost and nothing happens twice."""
