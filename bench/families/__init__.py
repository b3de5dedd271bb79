"""Families of simulated worlds: drawing their parameters, and choosing the instances of a season."""
