"""Standings to draw, made once, and a reader of what was drawn."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from leaderboard.charts import anytime_chart, cost_chart, effect_chart, pareto_chart, rank_chart, regret_chart
from leaderboard.ranks import Plan

SVG = "{http://www.w3.org/2000/svg}"
_MADE = {}


@pytest.fixture
def searched(frames):
    """A track of three search budgets, smallest first, with all that a chart can draw."""
    if "track" not in _MADE:
        runs = frames.runs(seeds=5).assign(selection_units=8000.0)
        runs["best_visited"] = runs["accuracy"] + np.where(runs["method"] == "tpe", -0.01, 0.015)
        runs["latency_critical"] = 4 + runs["method"].str.len() / 10
        runs["graph_units"] = 20 - runs["method"].str.len() / 5
        _MADE["track"] = frames.stand(frames.searches(runs, step=0.01))
    return _MADE["track"]


@pytest.fixture
def whole(searched):
    """The standing at the largest budget."""
    return searched[-1]


def draw_all(track):
    """One figure of every kind."""
    whole, plan = track[-1], Plan()
    return [
        anytime_chart(track, plan),
        anytime_chart(track, plan, highlight="tpe", value="difference"),
        rank_chart(track, plan),
        pareto_chart(whole, plan, "latency", "accuracy"),
        pareto_chart(whole, plan, "accuracy", "cost", membership={"tpe": 0.25}),
        pareto_chart(whole, plan, "cost", "latency"),
        regret_chart(whole, plan),
        cost_chart(whole, "agent-reinforce"),
        effect_chart(whole, plan),
    ]


@pytest.fixture
def figures(searched):
    """One figure of every kind, drawn once."""
    if "figures" not in _MADE:
        _MADE["figures"] = draw_all(searched)
    return _MADE["figures"]


def _pointed(svg):
    """By what it says when pointed at: every place (x, y) of each drawn thing, in order."""
    found = {}
    for element in ET.fromstring(svg).iter():
        words = element.find(f"{SVG}title")
        if words is None or element.tag == f"{SVG}svg":
            continue
        places = [(float(use.get("x")), float(use.get("y"))) for use in element.iter(f"{SVG}use")]
        paths = [path.get("d") for path in element.iter(f"{SVG}path")]
        numbers = [[float(n) for n in re.findall(r"-?[\d.]+", path)] for path in paths]
        corners = [list(zip(own[::2], own[1::2], strict=True)) for own in numbers]
        found.setdefault(words.text, []).append(places or [place for own in corners for place in own])
    return found


@pytest.fixture
def pointed():
    return _pointed


@pytest.fixture
def drawn_again():
    return draw_all
