"""Graders: extraction of answers from text, mathematical equality, running untrusted code."""
