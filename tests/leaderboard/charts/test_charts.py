"""Every chart: the same bytes, well-formed, all methods, harmless text, and the numbers that its table says."""

import hashlib
import os
import pickle
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from leaderboard import render
from leaderboard.charts import anytime_chart, cost_chart, effect_chart, pareto_chart, rank_chart, regret_chart
from leaderboard.errors import LeaderboardError
from leaderboard.ranks import Plan
from leaderboard.rows import take_costs

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parents[3]
HOSTILE = '$\\frac{1}{2}$</text><script>alert(1)</script> & "q" \x1b[31m\u202e\ufffe'

AGAIN = """
import hashlib, pickle, sys, importlib.util
spec = importlib.util.spec_from_file_location("made", sys.argv[2])
made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)
text = "".join(f.svg + f.standalone() for f in made.draw_all(pickle.load(open(sys.argv[1], "rb"))))
print(hashlib.sha256(text.encode()).hexdigest())
"""


def _digest(figures):
    return hashlib.sha256("".join(f.svg + f.standalone() for f in figures).encode()).hexdigest()


def test_the_same_bytes_twice_and_in_another_process(figures, searched, drawn_again, tmp_path):
    assert _digest(drawn_again(searched)) == _digest(figures)

    (tmp_path / "track.pkl").write_bytes(pickle.dumps(searched))
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: path\n")
    made = Path(__file__).parent / "conftest.py"
    env = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "MATPLOTLIBRC": str(tmp_path)}
    command = [sys.executable, "-c", AGAIN, str(tmp_path / "track.pkl"), str(made)]
    found = subprocess.run(command, capture_output=True, text=True, env=env, check=True)

    assert found.stdout.strip() == _digest(figures)


def test_every_chart_is_one_element_with_a_name_a_description_and_a_table(figures):
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        root = ET.fromstring(figure.svg)
        words = {
            element.get("id"): element.text for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")
        }

        assert root.tag == f"{SVG}svg" and root.get("role") == "img"
        assert [words[key] for key in root.get("aria-labelledby").split()] == [figure.title, figure.caption]
        assert "simulated" in figure.caption
        assert figure.data.rows and figure.data.caption
        assert render(figure.data, "csv")


def test_charts_can_share_a_page(figures):
    """No id twice, nothing refers to another chart, no style or font of its own, no comment, no date."""
    seen = set()
    for figure in figures:
        ids = re.findall(r' id="([^"]+)"', figure.svg)
        used = re.findall(r'(?:href="#|url\(#)([^")]+)', figure.svg)

        assert len(ids) == len(set(ids)) and seen.isdisjoint(ids)
        assert set(used) <= set(ids) and all(own.startswith(figure.name) for own in ids)
        assert not re.search(r"<style|<metadata|<!|font-family|DejaVu|http(?!://www.w3.org/2000/svg)", figure.svg)
        seen |= set(ids)


def test_every_colour_follows_the_page(figures):
    for figure in figures:
        rest = re.sub(r"var\(--chart-\w+, #[0-9a-f]{6}\)", "", figure.svg)

        assert "var(--chart-ink" in figure.svg or "var(--chart-muted" in figure.svg
        assert not re.search(
            r"#[0-9a-fA-F]{3,6}\b(?!\")|rgb|: ?(?:black|white)", re.sub(r"(href|url\()\S+", "", rest)
        )
        assert "prefers-color-scheme:dark" in figure.standalone()
        ET.fromstring(figure.standalone())


def test_every_method_appears(figures, searched, pointed):
    labels = {searched[-1].board.labels[method] for method in searched[-1].ranking.order}
    for figure in figures:
        if figure.name.startswith("cost"):
            continue
        words = " ".join([*pointed(figure.svg), *ET.fromstring(figure.svg).itertext()])
        expected = labels - {"Random search"} if figure.name.startswith("effects") else labels

        assert {label for label in expected if label not in words} == set(), figure.name


def test_hostile_labels_are_text(frames):
    runs = frames.runs(methods=("random", "tpe"), seeds=3).assign(best_visited=0.5)
    long = HOSTILE + "很" * 300
    runs["label"] = runs["label"].replace({"TPE": long})
    track = frames.stand(frames.searches(runs))
    plan, whole = Plan(), track[-1]
    figures = [
        anytime_chart(track, plan, highlight="tpe"),
        rank_chart(track, plan),
        pareto_chart(whole, plan),
        regret_chart(whole, plan),
        cost_chart(whole, "tpe"),
        effect_chart(whole, plan),
    ]
    for figure in figures:
        root = ET.fromstring(figure.svg)
        texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]

        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "desc", "defs", "clipPath", "rect", "path", "use", "g", "text",
        }  # fmt: skip
        assert any("$\\frac{1}" in text for text in texts)
        assert max(map(len, texts)) < 90
        assert not set("\x1b\u202e\ufffe") & set(figure.svg + figure.title + figure.name)


def test_the_curve_shows_the_scores_of_the_boards(searched, pointed):
    figure = anytime_chart(searched, Plan())
    by_method = {}
    for label, search, interval, amount, method in zip(
        *(figure.data.column(key) for key in ("label", "search", "score", "amount", "method")), strict=True
    ):
        standing = next(s for s in searched if s.board.search == search)
        costs = take_costs(standing.board.runs, standing.ranking.samples.blocks)
        assert interval.value == pytest.approx(costs[method].score, abs=1e-12)
        by_method.setdefault(label, []).append((amount, interval.value))

    drawn = pointed(figure.svg)
    values, places = [], []
    for label, points in by_method.items():
        values += points
        places += drawn[label][0]
    assert len(values) == len(places) == 18
    _on_a_line([value for _, value in values], [y for _, y in places])
    # Sideways the named methods are moved apart, by less than a quarter of the way to the next budget.
    _on_a_line([np.log(amount) for amount, _ in values], [x for x, _ in places], within=14)


def test_differences_in_the_curve_are_those_of_the_tables(searched):
    data = anytime_chart(searched, Plan(), value="difference").data
    for method, search, interval in zip(
        *(data.column(k) for k in ("method", "search", "difference")), strict=True
    ):
        found = next(s for s in searched if s.board.search == search).ranking.against_reference.get(method)

        assert interval == ((found.test.mean_difference, found.low, found.high) if found else (0, 0, 0))


def test_rank_bars_are_the_boards_rank_intervals(searched, pointed):
    figure = rank_chart(searched, Plan())
    rows = list(zip(*(figure.data.column(k) for k in ("method", "search", "place", "rank", "label")), strict=True))
    for standing in searched:
        own = {method: (place, rank) for method, search, place, rank, _ in rows if search == standing.board.search}

        assert [method for method, _ in sorted(own.items(), key=lambda item: item[1][0])] == [
            *standing.ranking.order
        ]
        assert {method: rank for method, (_, rank) in own.items()} == standing.ranking.ranks
    drawn = pointed(figure.svg)
    dots = [place for label in dict.fromkeys(row[-1] for row in rows) for place in drawn[label][0]]
    bars = [place for label in dict.fromkeys(row[-1] for row in rows) for place in drawn[label][1]]
    ordered = [row for label in dict.fromkeys(row[-1] for row in rows) for row in rows if row[-1] == label]
    ends = [end for row in ordered for end in (row[3].best - 0.25, row[3].worst + 0.25)]
    _on_a_line([row[2] for row in ordered] + ends, [y for _, y in dots] + [y for _, y in bars])


def test_points_on_the_front_are_those_that_nothing_beats(whole, pointed):
    figure = pareto_chart(whole, Plan(), "latency", "accuracy")
    keys = ("label", "latency", "accuracy", "front")
    rows = {row[0]: row[1:] for row in zip(*(figure.data.column(k) for k in keys), strict=True)}
    for latency, accuracy, front in rows.values():
        beaten = any(
            other <= latency
            and better.value >= accuracy.value
            and (other, better.value) != (latency, accuracy.value)
            for other, better, _ in rows.values()
        )
        assert (front == "*") != beaten
    drawn = pointed(figure.svg)
    _on_a_line([row[0] for row in rows.values()], [drawn[label][0][0][0] for label in rows])
    _on_a_line([row[1].value for row in rows.values()], [drawn[label][0][0][1] for label in rows])


def test_the_front_of_two_costs_is_the_least_of_both(whole):
    data = pareto_chart(whole, Plan(), "cost", "latency").data
    points = list(zip(data.column("cost"), data.column("latency"), strict=True))

    assert data.column("front") == [
        "" if any(a <= x and b <= y and (a, b) != (x, y) for a, b in points) else "*" for x, y in points
    ]


def test_membership_is_shown_and_kept(whole):
    figure = pareto_chart(whole, Plan(), membership={"tpe": 0.25})

    assert "TPE  25%" in figure.svg.replace("\u00a0", " ")
    assert dict(zip(figure.data.column("method"), figure.data.column("membership"), strict=True))["tpe"] == 0.25


def test_regret_bars_add_up(whole, pointed):
    figure = regret_chart(whole, Plan())
    drawn = pointed(figure.svg)
    scale = []
    for label, regret, never, not_recommended in zip(
        *(figure.data.column(key) for key in ("label", "regret", "never_visited", "not_recommended")), strict=True
    ):
        assert never + not_recommended == pytest.approx(regret)
        for value, words in ((never, "never visited"), (not_recommended, "visited, not recommended")):
            corners = drawn[f"{label}: {100 * value:.1f} points, {words}"][0]
            scale.append((max(x for x, _ in corners) - min(x for x, _ in corners)) / abs(value))
    # Pixels are kept with two decimals, and a bar may be a few pixels wide.
    assert scale == pytest.approx([np.median(scale)] * len(scale), rel=5e-3)


def test_the_bar_of_costs_is_all_that_was_spent(whole):
    costs = take_costs(whole.board.runs, whole.ranking.samples.blocks)["agent-reinforce"].means
    data = cost_chart(whole, "agent-reinforce").data

    assert data.column("part") == ["search", "selection", "agent"]
    assert sum(data.column("units")) == pytest.approx(costs["spent_units"])
    assert data.column("units")[1:] == [8000.0, costs["agent_units"]]
    assert sum(data.column("share")) == pytest.approx(1)


def test_without_the_selections_part_it_is_not_told_from_the_search(frames):
    (standing,) = frames.stand(frames.runs(methods=("random", "agent-reinforce"), seeds=2))
    data = cost_chart(standing, "agent-reinforce").data

    assert data.column("part") == ["search and selection", "agent"]


def test_the_forest_is_the_family_of_comparisons(whole, pointed):
    figure = effect_chart(whole, Plan(rope=0.02))
    found = whole.ranking.against_reference
    for method, adjusted, separated in zip(
        *(figure.data.column(key) for key in ("method", "adjusted", "separated")), strict=True
    ):
        assert adjusted == (found[method].test.mean_difference, found[method].low, found[method].high)
        assert (separated == "yes") == found[method].separated
    drawn = {words.partition(":")[0]: places[0][0][0] for words, places in pointed(figure.svg).items()}
    labels, values = figure.data.column("label"), [cell.value for cell in figure.data.column("adjusted")]
    _on_a_line(values, [drawn[label] for label in labels])
    assert "±2 point" in figure.caption


def test_a_method_may_lack_a_budget(frames, pointed):
    runs = frames.searches(frames.runs(methods=("random", "single", "tpe"), seeds=2))
    track = frames.stand(runs[(runs["method"] != "tpe") | (runs["search"] == "30ex")])
    figure = anytime_chart(track, Plan(), highlight="tpe")

    assert len(pointed(figure.svg)["TPE"][0]) == 1
    assert figure.data.column("method").count("tpe") == 1
    assert figure.data.column("method").count("random") == 3
    assert rank_chart(track, Plan()).data.column("method").count("tpe") == 1


def test_charts_of_one_task_have_names_of_their_own(frames):
    runs = frames.runs(methods=("random", "tpe"), seeds=2)
    whole = frames.stand(runs)[0]
    alone = [frames.stand(runs[runs["task"] == task])[0] for task in ("math", "mmlu")]
    figures = [effect_chart(standing, Plan()) for standing in (whole, *alone)]

    assert len({figure.name for figure in figures}) == 3
    assert [figure.title.endswith(", task math") for figure in figures] == [False, True, False]


def test_what_cannot_be_drawn_is_refused(frames, whole, searched):
    plan = Plan()
    with pytest.raises(LeaderboardError, match="several search budgets"):
        anytime_chart([whole], plan)
    with pytest.raises(LeaderboardError, match="several search budgets"):
        rank_chart([whole], plan)
    for chart in (anytime_chart, rank_chart):
        with pytest.raises(LeaderboardError, match="chart of nobody: it has no runs"):
            chart(searched, plan, highlight="nobody")
    with pytest.raises(LeaderboardError, match="nobody has no run"):
        cost_chart(whole, "nobody")
    with pytest.raises(LeaderboardError, match="nobody has no runs"):
        effect_chart(frames.stand(frames.runs(methods=("tpe",), seeds=2))[0], Plan(reference="nobody"))
    with pytest.raises(LeaderboardError, match="the split is known"):
        regret_chart(searched[0], plan)
    with pytest.raises(ValueError, match="two of accuracy, latency, cost"):
        pareto_chart(whole, plan, "cost", "cost")


def test_live_runs_have_curves_of_accuracy(frames):
    """One search budget a run: live runs at two of them."""
    runs = frames.runs(methods=("random", "tpe"), seeds=3)
    track = frames.stand(frames.searches(runs.assign(random_mean=np.nan, reference=np.nan), amounts=(30, 120)))

    assert anytime_chart(track, Plan()).data.columns[3].key == "accuracy"


def _on_a_line(values, pixels, within=0.02):
    """Pixels are a linear function of the values: found by least squares, everything within so many pixels."""
    design = np.column_stack([values, np.ones(len(values))])
    found, *_ = np.linalg.lstsq(design, np.array(pixels), rcond=None)

    assert np.abs(design @ found - pixels).max() < within
    assert abs(found[0]) > 0
