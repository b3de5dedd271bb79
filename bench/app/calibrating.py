"""`isobudget calibrate`: a tape in, a universe and a pool out, and the report that says how far to trust them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tabulate import tabulate

from bench.fitting.calibrate import Fit, Prediction, calibrate
from bench.tapes import read_tape
from bench.worlds.base import ABSENT

__all__ = ["calibrate_command", "figures_table", "predictions_text", "readers_table"]


def calibrate_command(
    path: Path, pool: str | None, universe: str, data_dir: Path | None, output: Path, unsafe_local_exec: bool
) -> str:
    """Fit, write the files and the report, and return the report."""
    from bench.app.board import write_text

    tape = read_tape(path)
    made, predicted = calibrate(tape, pool or "", universe, data_dir, unsafe_local_exec)
    made.save(output)
    report = "\n\n".join(
        [
            f"{path}: {'; '.join(tape.head.labels)}; tape {tape.digest[:12]}. {made.calls} calls fitted.",
            figures_table(made),
            predictions_text(predicted),
            readers_table(made),
        ]
    )
    write_text(output / "report.txt", report)
    universe_file = output / "universe.toml"
    follow = f"isobudget run quick --universe {universe_file} --pool {output / 'pool.toml'}"
    if tape.head.imported:
        follow += f" --world replay --tape {path}"
    return f"{report}\n\nwritten to {output}: universe.toml, pool.toml, report.txt\nrun it: {follow}"


def figures_table(made: Fit) -> str:
    """Every figure with its interval; those that the tape did not tell are named below."""
    rows, untold = [], []
    for path, figure in made.figures.items():
        name = ".".join(path)
        if figure.fitted:
            rows.append([name, figure.value, figure.low, figure.high])
        else:
            untold.append(f"{name} {figure.value:.3g}")
    for model in made.service.pool.models:
        if model.name in made.service.told:
            rows.append([f"pool.{model.name}.decode ({made.service.source})", model.decode, None, None])
    table = tabulate(rows, ["figure", "fitted", "95 % from", "to"], tablefmt="simple", floatfmt=".3f")
    words = (
        f"\n\nThe tape tells too little of these; they stay at or near the base's: {', '.join(untold)}."
        if untold
        else ""
    )
    return f"{table}{words}"


def readers_table(made: Fit) -> str:
    """Right answers (%) of readers by how many of their inputs were right, as observed; calls in brackets."""
    cells: dict[tuple[str, str, int], dict[int, list[bool]]] = {}
    for task, seen in made.seen.items():
        part = seen.reading
        degree, right = (part.inputs != ABSENT).sum(axis=1), (part.inputs == 0).sum(axis=1)
        for model, d, j, answer in zip(part.model, degree, right, part.answer == 0, strict=True):
            cells.setdefault((task, part.models[model], int(d)), {}).setdefault(int(j), []).append(bool(answer))
    if not cells:
        return "No calls that read answers."
    widest = max(d for _, _, d in cells)
    rows = [
        [*key, *(f"{100 * np.mean(by[j]):.0f} ({len(by[j])})" if j in by else "" for j in range(widest + 1))]
        for key, by in sorted(cells.items())
    ]
    table = tabulate(rows, ["task", "reader", "inputs", *map(str, range(widest + 1))], tablefmt="simple")
    return f"Readers that were right, % (calls), by how many inputs were right; observed:\n\n{table}"


def predictions_text(predicted: Sequence[Prediction], most: int = 12) -> str:
    """Predicted against observed accuracy, by task and for graphs that were and were not fitted."""
    from leaderboard.fidelity import graph_fidelity

    parts = []
    for held_out, what in ((True, "held out from the fit"), (False, "fitted")):
        part = [entry for entry in predicted if entry.held_out == held_out]
        if not part:
            parts.append(f"No graphs {what}, or none with enough questions.")
            continue
        found = graph_fidelity(
            [entry.task for entry in part],
            [entry.predicted for entry in part],
            [entry.observed for entry in part],
            [entry.questions for entry in part],
        )
        shown = sorted(part, key=lambda entry: (-entry.questions, str(entry.graph)))[:most]
        rows = [
            [entry.task, _short(str(entry.graph)), 100 * entry.predicted, 100 * entry.observed, entry.questions]
            for entry in shown
        ]
        table = tabulate(rows, ["task", "graph", "predicted %", "observed %", "questions"], floatfmt=".1f")
        inside = np.mean([_inside(entry) for entry in part])
        words = (
            f"{len(part)} graphs {what} ({len(shown)} shown): correlation within tasks "
            f"{interval(found.correlation)}, corrected for the noise of the observed {interval(found.corrected)}; "
            f"mean absolute difference {100 * found.error:.1f} points; sampling the questions alone makes "
            f"{100 * found.noise:.1f}; "
            f"predicted minus observed {100 * found.bias:+.1f}; {inside:.0%} within two standard errors."
        )
        parts.append(f"{words}\n\n{table}")
    return "\n\n".join(parts)


def interval(figure: tuple[float, float, float]) -> str:
    """A value with its interval, or that there is none."""
    value, low, high = figure
    if math.isnan(value):
        return "not to be had"
    return f"{value:.2f} (no interval)" if math.isnan(low) else f"{value:.2f} ({low:.2f} to {high:.2f})"


def _inside(entry: Prediction) -> bool:
    error = math.sqrt(max(entry.predicted * (1 - entry.predicted), 1e-9) / entry.questions)
    return abs(entry.predicted - entry.observed) <= 2 * error


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
