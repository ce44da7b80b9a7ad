"""What is promised to the outside, kept to the letter: one suite for every part that makes the same promise."""
