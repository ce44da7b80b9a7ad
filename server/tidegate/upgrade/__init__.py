"""The core: a state machine without I/O in three verbs.

decide(upgrade, report) -> events      what a report means; asks the rules
evolve(upgrade, event)  -> upgrade     where it then stands; never judges
owed(upgrade)           -> effects     what the world still owes it
"""
