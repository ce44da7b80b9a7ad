"""Probing: asks hosts from here whether their application is well, as a load balancer does."""
