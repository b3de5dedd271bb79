"""Trains and measures the pocket models (docs/pocket.md). Needs torch and transformers."""
