"""Telling an optimizer of evaluations that never ran: what tests of methods drive them by."""

from __future__ import annotations

import numpy as np

from bench.optimizer import Outcome


def tell(optimizer, graph, accuracy, questions, latency=1.0):
    """One evaluation of `graph` on so many questions, of which that share is right."""
    space = optimizer.problem.space
    kinds = tuple("correct" if i < round(accuracy * questions) else "wrong" for i in range(questions))
    units = space.cost(graph) / space.unit
    outcome = Outcome(graph, questions, np.arange(questions), kinds, units, latency, latency, 1.0)
    optimizer.history.add(outcome)
    optimizer.tell(outcome)


def evaluated(optimizer, accuracy, count, questions, latency=lambda graph: 1.0):
    """The graphs of the rounds up to so many evaluations, each of them as accurate as `accuracy` says."""
    graphs = []
    while len(graphs) < count:
        for proposal in optimizer.ask_many(8):
            graphs.append(proposal.graph)
            tell(optimizer, proposal.graph, accuracy(proposal.graph), questions, latency(proposal.graph))
    return graphs
