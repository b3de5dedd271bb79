"""Random search: sample feasible graphs, evaluate each once, keep the best. The control of every suite."""

from __future__ import annotations

from bench.optimizer import Optimizer, Proposal, method


@method("random", label="Random search", kind="control", source="Bergstra and Bengio 2012, JMLR 13")
class RandomSearch(Optimizer):
    """Draws from the published sampler, which is itself a strong prior."""

    independent = True

    def ask(self) -> Proposal:
        return Proposal(self.draw())
