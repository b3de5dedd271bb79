"""Median regret as the search budget grows: `python docs/convergence.py runs/convergence`.

Reads the records of suite `convergence` and writes docs/convergence.md and docs/convergence.svg.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from bench import load_records
from bench.ledger import SearchBudget
from leaderboard.charts import standalone
from leaderboard.charts.palette import SERIES, light
from leaderboard.charts.style import LINE, canvas, spread

HEAD = """\
# Does every search method find the optimum when it may search long enough?

Written by `uv run python docs/convergence.py runs/convergence` after `isobudget run convergence`.
MATH at 10 units, a space of {graphs} graphs of which every one was evaluated, so that the optimum
({optimum:.1f} %) is exact. Provenance: {provenance}. Median over {seeds} seeds of the regret, in points, by search
budget in question executions; 30 questions an evaluation, shared final selection. `< random`: at which budgets the
mean regret is below random search's by more than two standard errors of the paired difference.

![Median regret against the search budget](convergence.svg)

"""

TAIL = """

Read with care: the optimum here is one call of the largest model that fits, so a method gains by *selecting* well,
not by building graphs, and the published sampler proposes it now and then. That is why random search with the
shared final selection is hard to beat here, and probably why several of those that beat it give questions to
graphs seen before rather than to new ones. With few seeds a lead must be large to show. In the ranked family of
worlds (suite `standard`) the optimum is a graph.
"""

GROUPS = {
    "allocation": "random-halving hyperband top-two-thompson ocba portfolio",
    "model-based": "tpe nsga2 cmaes linear-surrogate gp-surrogate planner",
    "local and evolutionary": "greedy local-search simulated-annealing regularised-evolution",
    "distributions": "reinforce cross-entropy agent-reinforce agent-reinforce[agent=random]",
    "agents": "opro textgrad aflow",
}

LOOKS = [("rest", "s", 4), *((token, marker, 2) for token, marker in zip(SERIES, "o^DvPX", strict=True))]


def regrets(frame: pd.DataFrame) -> pd.DataFrame:
    """Regret in points, one row a run and budget: method, label, seed, budget (executions), regret."""
    budget = frame["search"].map(lambda text: SearchBudget.parse(text).amount)
    regret = 100 * (frame["reference"] - frame["accuracy"])
    return frame[["method", "label", "seed"]].assign(budget=budget, regret=regret)


def table(data: pd.DataFrame) -> str:
    """Median regret of every method at every budget, best at the largest budget first."""
    medians = data.pivot_table(index="method", columns="budget", values="regret", aggfunc="median")
    budgets = sorted(medians.columns)
    means = data.pivot_table(index=["budget", "seed"], columns="method", values="regret")
    rows = []
    for method, row in medians.sort_values(budgets[::-1]).iterrows():
        beaten = []
        for budget in budgets:
            gap = (means[method] - means["random"]).loc[budget].dropna()
            if len(gap) > 1 and gap.mean() + 2 * gap.std(ddof=1) / len(gap) ** 0.5 < 0:
                beaten.append(f"{budget:g}")
        label = data.loc[data["method"] == method, "label"].iloc[0]
        rows.append([label, *(f"{row[budget]:.1f}" for budget in budgets), ", ".join(beaten) or "nowhere"])
    headers = ["method", *(f"{budget:g}" for budget in budgets), "< random"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def picture(data: pd.DataFrame) -> str:
    """One panel a group of methods, random search in each; the same bytes from the same data."""
    medians = data.pivot_table(index="budget", columns="method", values="regret", aggfunc="median")
    budgets = [float(budget) for budget in medians.index]
    top = 1.04 * float(medians.to_numpy().max())
    low = -0.03 * top
    with canvas(1000, 860) as page:
        page.text(12, 16, "median regret, points (simulated)", "muted")
        for at, (group, names) in enumerate(GROUPS.items()):
            left, above = 40 + 500 * (at % 2), 60 + 270 * (at // 2)
            axes = page.panel(left, above, 250, 190)
            axes.set_title(group, pad=8)
            axes.set(xscale="log", ylim=(low, top), xlim=(budgets[0] / 1.3, budgets[-1] * 1.3))
            axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
            axes.minorticks_off()
            axes.set_xlabel("search budget, question executions")
            shown = [name for name in ["random", *names.split()] if name in medians]
            looks = dict(zip(shown, LOOKS, strict=False))
            for name, (token, marker, width) in looks.items():
                axes.plot(budgets, medians[name], color=light(token), marker=marker, linewidth=width, markersize=5)
            ends = [above + 190 * (top - medians[name].iloc[-1]) / (top - low) for name in shown]
            for name, place in zip(shown, spread(ends, LINE, above, above + 190), strict=True):
                page.text(left + 258, place, name, "muted" if name == "random" else looks[name][0])
        title = "Median regret against the search budget"
        return standalone(page.svg("convergence", title, f"{title}, one panel a group of methods. Simulated."))


def main(results: str) -> None:
    """Write the page and its picture."""
    from bench.space import Space

    frame = load_records(results).runs_df()
    frame = frame[frame["kind"] != "bound"]
    data = regrets(frame)
    first = frame.iloc[0]
    size = Space.preset("standard", str(first["task"]), str(first["budget"])).size()
    head = HEAD.format(
        provenance="; ".join(sorted(set(frame["provenance"]))),
        graphs=f"{size:,}",
        optimum=100 * float(first["reference"]),
        seeds=frame["seed"].nunique(),
    )
    folder = Path("docs")
    (folder / "convergence.md").write_text(head + table(data) + TAIL, encoding="utf-8")
    (folder / "convergence.svg").write_text(picture(data), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
