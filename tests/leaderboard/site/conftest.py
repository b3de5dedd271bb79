"""A small suite with everything a site can show, hostile names included; its files; a browser to look at them."""

import os
import pickle
import shutil
from pathlib import Path

import pandas as pd
import pytest

from leaderboard.ranks import Plan
from leaderboard.site import FileLine, Source, build_site

EVIL = "<img src=x onerror=alert(1)>"
FORMULA = "=cmd|' /C calc'!A0"
METHODS = ("agent-reinforce", "random", "single", "tpe", EVIL, FORMULA)
PLAN = Plan(primary="compute")
GRAPHS = {
    "g0": {
        "nodes": [["8B", "assistant"], ["3B", "fuser"]],
        "edges": [[0, 1]],
        "sink": ["vote", None],
        "reads": [1],
    },
    "g1": {"nodes": [["3B", "assistant"]], "edges": [], "sink": ["select", "3B"], "reads": [0]},
}
CARD = "# A method\n<script>alert('card')</script>\n[link](javascript:alert(1))\n"
ARGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update "
    "--disable-sync"
).split()


def make_suite(frames, methods=METHODS, strata=None):
    """Two tracks and a tier, two search budgets, three strata, an agent, a failure."""
    family = frames.family(methods, strata or {"headroom": 6, "raw": 3, "trap": 3})
    runs = frames.searches(family, (30, 120)).assign(suite="standard", variant="executions", selection_units=100.0)
    runs["best_visited"] = (runs["accuracy"] + 0.004).where(~runs["checkpoint"])
    runs["graph_id"] = ["g0" if task == "math" else "g1" for task in runs["task"]]
    failed = (runs["method"] == "single") & (runs["world"] == "simulated dev-001")
    runs = runs.assign(status=runs["status"].mask(failed, "method_fault"), error=runs["error"].mask(failed, EVIL))
    units = runs["search"].str.replace("ex", "units")
    compute = runs.assign(variant="compute", search=units, search_currency="flops")
    told = compute.assign(variant="compute-P1", tier="P1", accuracy=compute["accuracy"] + 0.01)
    return pd.concat([runs, compute, told], ignore_index=True)


def make_source(frames, runs, **changes):
    """What a site of these runs is built from."""
    given = {
        "suite": "standard",
        "title": "a family <b>of worlds</b>",
        "runs": runs,
        "questions": None,
        "plan": PLAN,
        "graphs": GRAPHS,
        "digest": "00ff" * 16,
        "badges": {"random": "verified", "tpe": "replayed"},
        "cards": {"tpe": CARD},
        "software": (('{"numpy": "2"}', 3),),
        "files": (FileLine("random.parquet", 12, "ab" * 32),),
    }
    return Source(**(given | changes))


@pytest.fixture(scope="session")
def suite(frames):
    """The runs of the small suite."""
    return make_suite(frames)


@pytest.fixture(scope="session")
def maker(frames):
    """(methods, **changes) → the files of a site."""

    def make(methods=METHODS, runs=None, **changes):
        given = make_suite(frames, methods) if runs is None else runs
        return dict(build_site(make_source(frames, given, **changes)))

    return make


@pytest.fixture(scope="session")
def source_of(frames):
    """Runs → what a site of them is built from."""
    return lambda runs: make_source(frames, runs)


@pytest.fixture(scope="session")
def hostile():
    """The methods whose names are attacks."""
    return [EVIL, FORMULA]


@pytest.fixture(scope="session")
def files(maker, tmp_path_factory):
    """Path → content of every file of the small site, built by the first of the test processes that needs it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return maker()
    kept = tmp_path_factory.getbasetemp().parent / "small-site.pickle"  # a folder of this run alone
    if not kept.exists():
        own = tmp_path_factory.mktemp("files") / kept.name
        own.write_bytes(pickle.dumps(maker()))
        own.replace(kept)
    return pickle.loads(kept.read_bytes())


@pytest.fixture(scope="session")
def site(files, tmp_path_factory):
    """The folder of the small site."""
    root = tmp_path_factory.mktemp("site")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; skips by name without one.

    It ends with its module, because while it runs so does its event loop, and then no other test can start one.
    """
    path = os.environ.get("ISOBUDGET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: it is in the group browser")
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=str(Path(path)), args=ARGS)
        yield running
        running.close()
