"""Fitting the simulated world to a tape: what was observed, the fits, and the files they are written to."""
