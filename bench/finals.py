"""The final rule, the same for every method: re-evaluate the best few and take the best posterior mean."""

from __future__ import annotations

from dataclasses import dataclass

from bench.cursor import Cursor, Portion
from bench.execute import Execution
from bench.graph import Graph
from bench.ledger import Charge
from bench.meter import Meter
from bench.optimizer import History
from bench.rounds import Rounds

__all__ = ["Final", "select"]


@dataclass(frozen=True)
class Final:
    """The graph that a final selection recommends, and the evaluations it took: one entry a finalist.

    share: questions asked of each. seconds: of the whole round, modelled.
    """

    graph: Graph
    share: int = 0
    seconds: float = 0.0
    evaluations: tuple[tuple[Portion, Execution, Charge], ...] = ()


def select(
    fallback: Graph, finalists: int, rounds: Rounds, history: History, cursor: Cursor, meter: Meter
) -> Final:
    """Equal shares of fresh questions for the best `finalists`, as many as what is left allows.

    fallback: what is recommended when there are fewer than two, or nothing is left. The ledger, the history and
    the cursor move on.
    """
    meter.ledger.release()
    graphs = history.best(finalists)
    if len(graphs) < 2 or (share := meter.share(graphs)) == 0:
        return Final(fallback)
    portions = cursor.fresh([graph.id for graph in graphs], share)
    done = rounds.run(graphs, portions, meter.ledger, "selection", equal=True)
    for graph, portion, execution in zip(graphs, done.portions, done.executions, strict=False):
        history.add(rounds.outcome(graph, execution, portion, share, done.seconds, traces=False))
    winner = next(graph for graph in history.best(len(history.tallies)) if graph in graphs)
    return Final(
        winner, share, done.seconds, tuple(zip(done.portions, done.executions, done.charges, strict=True))
    )
