"""Rules as data: YAML text in, decisions out. Pure: no clock, no files, no chance.

Law: the same policy text and the same facts give the same decision, on every machine and in every year. A policy that
could surprise its author is refused at load, with every problem at once and the place of each.
"""
