"""What the tests of the bench share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.optimizer import method
from bench.worlds.simulated import SimulatedWorld

sys.path.insert(0, str(Path(__file__).parent))  # `strategies`


@pytest.fixture(scope="session")
def world():
    """The simulated world `main`; its item banks are worth keeping."""
    return SimulatedWorld("main")


@pytest.fixture
def temporary_method():
    """Register a method for one test."""

    def register(cls, **arguments):
        return method("temporary", **arguments)(cls)

    return register
