"""What ran a run: software versions and host. Measured, so never part of a digest."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bench.worlds.base import World

__all__ = ["manifest", "used"]

_PACKAGES = ("isobudget", "numpy", "scipy", "pyarrow", "pandas", "optuna", "math-verify", "aiohttp")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "not installed"))
    return tuple(found)


def manifest() -> dict[str, Any]:
    """Versions of what decides numbers, the interpreter and the kind of machine; no names of hosts or users."""
    return {
        "software": dict(_versions()),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
    }


def used(world: World) -> dict[str, Any]:
    """What the world says that it used since it was last asked, under `world`; nothing where it does not say."""
    measured = getattr(world, "measured", None)
    found = {} if measured is None else measured()
    return {"world": found} if found else {}
