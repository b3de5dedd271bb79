"""Fitting the simulated world to a tape: what was observed, the fits, the files they are written to, the report."""
