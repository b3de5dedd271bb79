"""The front door: the command line and what needs all stages at once."""
