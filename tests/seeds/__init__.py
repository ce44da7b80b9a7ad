"""The unthinkable, in numbers: whole servers in virtual time, with everything going wrong that a seed can think of."""
