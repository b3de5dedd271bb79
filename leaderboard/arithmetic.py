"""A submitted run's charges, derived again from its graphs and questions, and its budget from its charges.

Exactly: executions, node calls, nominal FLOPs, the order of questions, the agent's FLOPs and dollars, every
evaluation's share of its round's seconds. Within what can be: tokens and dollars of graphs, latencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.cost import graph_cost
from bench.graph import Graph
from bench.ledger import EXACT, Charge
from bench.pools import CALL_OVERHEAD, call_usd
from bench.retrace import Row, cut_short, origin, rounds
from bench.schedule import stage_models, stages
from leaderboard.retold import Problem, Retold, binding, close
from tasks import task_class

__all__ = ["run_arithmetic"]

_ROUNDING = 1e-6
"""Relative: sums of seconds over thousands of calls, added in another order."""


def run_arithmetic(run: Retold) -> Iterator[Problem]:
    """Everything that is wrong with the rows of one run and with their sum."""
    yield from _order(run)
    for row in run.rows:
        yield from _agent_row(run, row) if row.phase == "agent" else _evaluation(run, row)
    yield from _questions(run)
    for phase in ("search", "selection"):
        for together in rounds(run.phase(phase)):
            yield from _seconds(run, together)
    yield from _budget(run)
    yield from _granted(run)


def _order(run: Retold) -> Iterator[Problem]:
    """Search with its agent, then selection, then one test."""
    place = {"search": 0, "agent": 0, "selection": 1, "test": 2}
    places = [place[row.phase] for row in run.rows]
    for row, here, before in zip(run.rows[1:], places[1:], places, strict=False):
        if here < before:
            yield run.problem(row, "phase", f"{row.phase} after {run.rows[row.number - 1].phase}")
    if places.count(2) != 1:
        yield run.about("test", f"{places.count(2)} test rows in events.parquet, exactly one is needed")


def _evaluation(run: Retold, row: Row) -> Iterator[Problem]:
    """A graph's row: what it must have charged, and what it can."""
    graph, charge, n = run.graphs[row.graph], row.charge, row.count
    if n < 1:
        yield run.problem(row, "question", "an evaluation has at least one question")
        return
    if int(row.data["asked"]) < n:
        yield run.problem(row, "asked", f"{n} questions were run, only {row.data['asked']} asked for")
    if row.phase == "search" and row.data["incumbent"] not in run.graphs:
        yield run.problem(row, "incumbent", f"{str(row.data['incumbent'])[:40]!r} is none of the run's graphs")
    if row.phase != "test":
        yield from _charged(run, row, graph)
    elif charge != Charge():
        yield run.problem(row, "executions", "a test is charged nothing")
    critical, serial = row.data["latency_critical"], row.data["latency_serial"]
    if critical > serial * (1 + _ROUNDING):
        yield run.problem(
            row, "latency_critical", f"{critical:g} s is longer than all calls in series, {serial:g} s"
        )
    if critical > row.data["makespan"] * (1 + _ROUNDING):
        yield run.problem(
            row, "makespan", f"{row.data['makespan']:g} s is shorter than one question, {critical:g} s"
        )


def _charged(run: Retold, row: Row, graph: Graph) -> Iterator[Problem]:
    charge, n = row.charge, row.count
    pool, calls = run.space.pool, [model for model in stage_models(graph) if model is not None]
    exact = {
        "executions": n,
        "node_calls": len(calls) * n,
        "flops": graph_cost(graph, run.spec.task, pool).flops * n,
    }
    for name, amount in exact.items():
        if getattr(charge, name) != amount:
            yield run.problem(
                row, name, f"{getattr(charge, name)} charged, {n} questions of its graph are {amount}"
            )
    read, written = charge.prompt_tokens, charge.completion_tokens
    if run.simulated:
        constant, readers = task_class(run.spec.task).prompt_tokens, _most_readers(graph)
        least = constant * charge.node_calls
        if not least <= read <= least + readers * written:
            yield run.problem(row, "prompt_tokens", f"{read} cannot be: {least} to {least + readers * written}")
    if written < charge.node_calls and run.simulated:
        yield run.problem(row, "completion_tokens", f"{written} for {charge.node_calls} calls")
    prices = [pool[model] for model in calls]
    low = sum(min(getattr(p, k) for p in prices) * t for k, t in (("usd_in", read), ("usd_out", written))) / 1e6
    high = sum(max(getattr(p, k) for p in prices) * t for k, t in (("usd_in", read), ("usd_out", written))) / 1e6
    if not low * (1 - 1e-9) <= charge.usd <= high * (1 + 1e-9):
        yield run.problem(row, "usd", f"{charge.usd:g} cannot be: its tokens cost {low:g} to {high:g}")


def _most_readers(graph: Graph) -> int:
    """How many calls read the answer that is read most."""
    count = [0] * len(graph.nodes)
    for preds in stages(graph):
        for p in preds:
            count[p] += 1
    return max(count, default=0)


def _agent_row(run: Retold, row: Row) -> Iterator[Problem]:
    """A row of the method's LLM: everything follows from its tokens but the number of calls."""
    charge, rates = row.charge, run.space.pool.agent
    tokens = charge.prompt_tokens + charge.completion_tokens
    calls = (charge.seconds - charge.prompt_tokens / rates.prefill - charge.completion_tokens / rates.decode) / (
        CALL_OVERHEAD
    )
    if round(calls) < 1 or abs(calls - round(calls)) > 1e-3:
        yield run.problem(row, "seconds", f"{charge.seconds:g} is no time that so many tokens take")
    if abs(charge.flops - tokens * rates.flops_per_token) > 0.5 * max(1, round(calls)):
        yield run.problem(
            row, "flops", f"{charge.flops} charged, {tokens} tokens are {tokens * rates.flops_per_token:.0f}"
        )
    if not close(charge.usd, call_usd(rates, charge.prompt_tokens, charge.completion_tokens)):
        yield run.problem(row, "usd", f"{charge.usd:g} is not what {tokens} tokens cost")
    if charge.executions or charge.node_calls or row.count or row.graph:
        yield run.problem(row, "executions", "asking an agent runs no graph")


def _questions(run: Retold) -> Iterator[Problem]:
    """Each graph's questions: the run's order, its own place in it; each once a pass."""
    cursor, surely = run.cursor(), True
    seen: set[tuple[str, int, int]] = set()
    exact = run.ledger().budget.currency in EXACT
    size = run.questions("search")
    for row in run.phase("search", "selection"):
        draws = zip(row.data["question"], row.data["draw"], strict=True)
        pairs = {(row.graph, question, draw) for question, draw in draws}
        if len(pairs) < row.count or pairs & seen:
            yield run.problem(row, "question", "a graph gets each question once a pass, one is here twice")
        seen |= pairs
        if size is not None and not all(0 <= question < size for question in row.data["question"]):
            yield run.problem(row, "question", f"an index lies outside the split's 0..{size - 1}")
        elif row.phase == "search" and cursor is not None and surely:
            if origin(cursor, row) is None:
                yield run.problem(row, "question", "not the questions that this graph was to get next")
                return
            # what was cut off had moved the cursor on, and by how much is not written down
            surely = exact or not cut_short(row)


def _seconds(run: Retold, together: Sequence[Row]) -> Iterator[Problem]:
    """A round's seconds are shared out by the work of each graph."""
    whole = together[0].data["makespan"]
    work = [row.data["latency_serial"] * row.count for row in together]
    for row, own in zip(together, work, strict=True):
        share = whole * own / sum(work) if sum(work) else 0.0
        if not (close(row.charge.seconds, share, _ROUNDING) or close(row.charge.seconds, whole, _ROUNDING)):
            yield run.problem(
                row, "seconds", f"{row.charge.seconds:g} charged, its share of the round is {share:g}"
            )
    models = {m for row in together for m in stage_models(run.graphs[row.graph]) if m is not None}
    least = sum(work) / (run.spec.slots * len(models))
    if whole < least * (1 - _ROUNDING):
        yield run.problem(together[0], "makespan", f"{whole:g} s is less than the slots allow, {least:g} s")


def _budget(run: Retold) -> Iterator[Problem]:
    """No charge beyond what its phase may spend."""
    ledger, spent = run.ledger(), 0.0
    rows = run.phase("search", "agent", "selection")
    for row in rows:
        if row.phase == "selection":
            ledger.release()
        spent += binding(ledger, row.charge)
        if spent > ledger.limit * (1 + 1e-9):
            what = ledger.budget.currency
            share = "" if row.phase == "selection" else f" less the {run.spec.held_back:.0%} held back"
            yield run.problem(
                row, what, f"{spent:g} spent, the budget is {run.spec.search}{share}: {ledger.limit:g}"
            )
            return


def _granted(run: Retold) -> Iterator[Problem]:
    """Evaluations have the questions they asked for, or as many as the budget still allowed: none is left out.

    An agent may have been asked before the evaluation was planned or after: either is right. Where charges are
    only known after the fact, where an evaluation is cut depends on more than the record holds.
    """
    ledger = run.ledger()
    if ledger.budget.currency not in EXACT:
        return
    before = Charge()
    for row in run.phase("search"):
        asked = sum((run.rows[number].charge for number in row.consulted), Charge())
        allowed = set()
        for spent in (before, before + asked):
            ledger.spent["search"] = spent
            allowed |= set(run.meter(ledger).plan([(run.graphs[row.graph], int(row.data["asked"]))]))
        if row.count not in allowed:
            words = f"{row.count} run of {row.data['asked']} asked, the budget allowed {max(allowed, default=0)}"
            yield run.problem(row, "question", words)
            return
        before += asked + row.charge
