"""How a submitted run ended, derived again: final rule, test, checkpoints, what is known of its cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from bench.cursor import Cursor
from bench.graph import Graph
from bench.ledger import EXACT, Charge, Ledger
from bench.optimizer import History
from bench.reference import stored
from bench.retrace import Row, origin, outcome_of, rounds
from bench.worlds.simulated import SPLITS
from leaderboard.retold import Problem, Retold, close

__all__ = ["run_ending"]

_TRUTH_QUESTIONS = 2 * SPLITS["reference"].size
"""A true accuracy in the simulated world is a share of so many."""

_BELIEVABLE = 6.0
"""Standard errors between a test and the truth that nobody should see once in 10^8 runs."""


def run_ending(run: Retold) -> Iterator[Problem]:
    """Everything that is wrong with what one run ended with."""
    if run.summary["recommended"] not in run.graphs:
        yield run.about("recommended", "is none of the run's graphs")
        return
    yield from _status(run)
    yield from _selection(run)
    yield from _test(run)
    yield from _truth(run)
    yield from _checkpoints(run)


def _status(run: Retold) -> Iterator[Problem]:
    status, error = run.summary["status"], run.summary["error"]
    if status not in ("ok", "method_fault"):
        yield run.about("status", f"{str(status)[:40]!r} is neither ok nor method_fault")
    elif (status == "ok") != (error == ""):
        yield run.about("error", "a fault has a message, a run that went well has none")


def _told(run: Retold) -> History:
    """The history when the search ended."""
    history = run.history()
    for row in run.phase("search"):
        history.add(outcome_of(row, run.graphs[row.graph], run.space))
    return history


def _selection(run: Retold) -> Iterator[Problem]:
    """The shared rule: the best few by posterior mean get equal shares of fresh questions, the best wins."""
    rows, history = run.phase("selection"), _told(run)
    if not run.shared:
        if rows:
            yield run.problem(rows[0], "phase", f"a selection in a run whose rule is {run.spec.selection}")
        return
    ledger = run.ledger()
    ledger.spent["search"] = _sum(run.phase("search", "agent"))
    ledger.release()
    finalists = history.best(run.spec.finalists)
    share = run.meter(ledger).share(finalists) if len(finalists) > 1 else 0
    if not share:
        if rows:
            yield run.problem(rows[0], "phase", "nothing was left for a final selection")
        return
    names = [run.alias.to_real(graph).id for graph in finalists]
    if [row.graph for row in rows] != names:
        yield run.about("recommended", f"the final selection is not among its {len(names)} best by posterior mean")
        return
    yield from _fresh(run, rows, share)
    for row in rows:
        history.add(outcome_of(row, run.graphs[row.graph], run.space))
    winner = next(graph for graph in history.best(len(history.tallies)) if graph in finalists)
    if (name := run.alias.to_real(winner).id) != run.summary["recommended"]:
        yield run.about("recommended", f"the final rule recommends {name}")


def _fresh(run: Retold, rows: Sequence[Row], share: int) -> Iterator[Problem]:
    """Every finalist has the same new questions, as many as what was left allowed."""
    exact = run.ledger().budget.currency in EXACT
    cursor = _moved(run) if exact else None
    portions = cursor.fresh([row.graph for row in rows], share) if cursor is not None else []
    for i, row in enumerate(rows):
        if int(row.data["asked"]) != share or (exact and row.count != share):
            yield run.problem(row, "asked", f"{row.data['asked']} asked, what was left allowed {share} of each")
        elif row.count != rows[0].count:
            yield run.problem(row, "question", "finalists have equal shares")
        elif portions and portions[i].question.tolist() != row.data["question"]:
            yield run.problem(row, "question", "not the run's next unseen questions")


def _moved(run: Retold) -> Cursor | None:
    """The cursor when the search ended."""
    cursor = run.cursor()
    if cursor is not None:
        for row in run.phase("search"):
            origin(cursor, row)
    return cursor


def _test(run: Retold) -> Iterator[Problem]:
    """The recommended graph on the first test questions, as many as the suite says."""
    rows, told = run.phase("test"), run.summary["test"]
    for row in rows[:1]:
        size = run.questions("test")
        count = row.count if size is None else min(run.spec.tests, size)
        if row.graph != run.summary["recommended"]:
            yield run.problem(row, "graph", "the test is of another graph than the recommended one")
        if row.data["question"] != list(range(count)) or any(row.data["draw"]) or row.data["asked"] != count:
            yield run.problem(row, "question", f"the test is of questions 0..{count - 1}, each once")
        names = {"latency_serial": 1, "latency_critical": 1, "latency_makespan": row.count}
        for name, divisor in names.items():
            there = row.data[name.replace("latency_makespan", "makespan")] / divisor
            if not close(float(told[name]), there):
                yield run.about(f"test.{name}", f"{told[name]} is not what the test row says, {there:g}")
        yield from _believable(run, row)


def _believable(run: Retold, row: Row) -> Iterator[Problem]:
    """Whether test and truth can be of the same graph; only a repetition can tell whether they are right."""
    accuracy = run.summary["truth"].get("accuracy")
    if accuracy is None or not row.count:
        return
    share = row.data["code"].count(0) / row.count
    error = math.sqrt(max(accuracy * (1 - accuracy), 1 / row.count) / row.count)
    if abs(share - accuracy) > _BELIEVABLE * error:
        yield run.about("truth.accuracy", f"{accuracy:.4f} with {share:.4f} of {row.count} test questions right")


def _truth(run: Retold) -> Iterator[Problem]:
    truth = run.summary["truth"]
    if not run.simulated:
        if truth:
            yield run.about("truth", "no world but the simulated one knows it")
        return
    expected = stored(run.spec, run.alias.real)
    for name in sorted({*expected, *truth} - {"accuracy", "best_visited"}):
        if truth.get(name) != expected.get(name):
            yield run.about(
                f"truth.{name}", f"{str(truth.get(name))[:60]} is not on file, {expected.get(name)} is"
            )
    yield from _share(run, "truth.accuracy", truth.get("accuracy"))
    if run.spec.visited and "best_visited" in truth:
        yield from _share(run, "truth.best_visited", truth["best_visited"])


def _share(run: Retold, name: str, accuracy: Any) -> Iterator[Problem]:
    """A true accuracy is a count over the reference items."""
    if not isinstance(accuracy, float) or not 0 <= accuracy <= 1:
        yield run.about(name, f"{str(accuracy)[:40]} is no share")
    elif abs(accuracy * _TRUTH_QUESTIONS - round(accuracy * _TRUTH_QUESTIONS)) > 1e-6:
        yield run.about(name, f"{accuracy} is no share of {_TRUTH_QUESTIONS} reference answers")


# checkpoints


class _Passing(NamedTuple):
    """The moment at which a smaller budget ends.

    spent: before the charge that goes beyond it. row: the evaluation that does, None at the end of the search.
    agent: the agent's part so far. incumbent: what the method would have recommended. history, cursor: then.
    """

    spent: Charge
    row: Row | None
    agent: Charge
    incumbent: str
    history: History
    cursor: Cursor | None


def _checkpoints(run: Retold) -> Iterator[Problem]:
    ahead = sorted((run.ledger(text) for text in run.spec.checkpoints), key=lambda ledger: ledger.limit)
    passed = run.summary["checkpoints"]
    if [entry.get("search") for entry in passed] != [ledger.budget.text for ledger in ahead]:
        yield run.about(
            "checkpoints", f"these runs pass {', '.join(run.spec.checkpoints) or 'none'}, in this order"
        )
        return
    for number, entry in enumerate(passed):
        if entry["recommended"] not in run.graphs:
            yield run.about(f"checkpoints.{number}.recommended", "is none of the run's graphs")
            return
        if run.simulated:
            yield from _share(run, f"checkpoints.{number}.accuracy", entry["accuracy"])
    # whether an agent was asked before a round or after its first evaluation is not written down: either will do
    found = [list(_passings(run, ahead, late)) for late in (False, True)]
    problems = [
        [p for i, at in enumerate(moments) for p in _checkpoint(run, i, passed[i], ahead[i], at)]
        for moments in found
    ]
    yield from min(problems, key=len)


def _passings(run: Retold, ahead: Sequence[Ledger], late: bool) -> Iterator[_Passing]:
    """When each of the smaller budgets ended, in order. late: agents were asked after evaluations, not before."""
    waiting, history, cursor = list(ahead), run.history(), run.cursor()
    searched, incumbent = Charge(), run.alias.to_real(run.space.cheapest()).id
    for together in rounds(run.phase("search")):
        asked = _sum_of(run, _before(together[0], late))
        booked = searched + asked
        if cursor is not None:
            for row in together:
                origin(cursor, row)
        for i, row in enumerate(together):
            agent = asked if not i else _sum_of(run, _before(row, late=True))
            while waiting and waiting[0].beyond(booked + row.charge):
                waiting.pop(0)
                yield _Passing(booked, row, agent, incumbent, history.fork(), cursor)
            booked, searched = booked + row.charge, searched + row.charge
            history.add(outcome_of(row, run.graphs[row.graph], run.space))
            incumbent = str(row.data["incumbent"])
    agent = _sum(run.phase("agent"))
    for _ in waiting:
        last = incumbent if run.shared else str(run.summary["recommended"])
        yield _Passing(searched + agent, None, agent, last, history.fork(), cursor)


def _before(row: Row, late: bool) -> int:
    """Up to which row the agent had been asked when an evaluation was charged."""
    return row.consulted[0] if late and row.consulted else row.number


def _checkpoint(
    run: Retold, number: int, entry: Mapping[str, Any], ledger: Ledger, at: _Passing
) -> Iterator[Problem]:
    """One smaller budget: the part of the evaluation that fitted, and the final rule on the side."""
    name = f"checkpoints.{number}"
    if problem := _differs(entry["agent"], at.agent, exactly=True):
        yield run.about(f"{name}.agent.{problem[0]}", problem[1])
    spent, history = at.spent, at.history
    ledger.spent["search"] = spent
    if at.row is not None:
        part = int(ledger.room(at.row.charge) * at.row.count + 1e-9)
        if part:
            history.add(outcome_of(at.row, run.graphs[at.row.graph], run.space).first(part))
            spent += at.row.charge.share(part, at.row.count)
            ledger.spent["search"] = spent
    yield from _side_selection(run, name, entry, ledger, at._replace(spent=spent))


def _side_selection(
    run: Retold, name: str, entry: Mapping[str, Any], ledger: Ledger, at: _Passing
) -> Iterator[Problem]:
    finalists: list[Graph] = at.history.best(run.spec.finalists) if run.shared else []
    ledger.release()
    share = run.meter(ledger).share(finalists) if len(finalists) > 1 else 0
    if not share:
        fallback = [run.alias.to_real(graph).id for graph in finalists[:1]] or [at.incumbent]
        if entry["recommended"] != fallback[0]:
            yield run.about(f"{name}.recommended", f"a run of this budget recommends {fallback[0]}")
        if problem := _differs(entry["spent"], at.spent, exactly=True):
            yield run.about(f"{name}.spent.{problem[0]}", problem[1])
        return
    if entry["recommended"] not in (names := [run.alias.to_real(graph).id for graph in finalists]):
        yield run.about(f"{name}.recommended", f"is none of the finalists: {', '.join(names)}")
    if ledger.budget.currency in EXACT:
        meter = run.meter(ledger)
        final = sum((meter.expected(graph, share) for graph in finalists), Charge())
        if problem := _differs(entry["spent"], at.spent + final, ("executions", "node_calls", "flops")):
            yield run.about(f"{name}.spent.{problem[0]}", problem[1])
    if problem := _differs(entry["spent"], at.spent, exactly=False):
        yield run.about(f"{name}.spent.{problem[0]}", problem[1])


def _differs(
    told: Mapping[str, Any], expected: Charge, names: Sequence[str] = (), exactly: bool = True
) -> tuple[str, str] | None:
    """The first currency that is not as expected, or with `exactly` unset below it."""
    for name, amount in asdict(expected).items():
        if names and name not in names:
            continue
        short = told[name] < amount and not close(told[name], amount)
        if short or (exactly and not close(told[name], amount)):
            words = "" if exactly else "at least "
            return name, f"{told[name]:g} is not what its events come to, {words}{amount:g}"
    return None


def _sum(rows: Sequence[Row]) -> Charge:
    return sum((row.charge for row in rows), Charge())


def _sum_of(run: Retold, end: int) -> Charge:
    """What the agent was charged in the rows before `end`."""
    return _sum([row for row in run.rows[:end] if row.phase == "agent"])
