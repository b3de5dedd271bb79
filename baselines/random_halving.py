"""Random search with racing: as many random graphs as the budget can race, halved until a few are left.

Source: Karnin, Koren and Somekh 2013 (sequential halving) over a random sample, as Jamieson and Talwalkar 2016 use
it. They take the number of starters as given; ours is the largest at which each starter still gets enough
questions in the first round to be told from the worse half.
"""

from __future__ import annotations

from baselines._pool import distinct, sized
from bench.graph import Graph
from bench.optimizer import method
from bench.racing import Race, rounds


@method(
    "random-halving",
    label="Random search with successive halving",
    kind="control",
    source="Karnin et al. 2013, ICML; Jamieson and Talwalkar 2016, AISTATS",
    budget_aware=True,
)
class RandomHalving(Race):
    """questions: of every starter in the first round, at least."""

    questions: int = 10

    def field(self) -> list[Graph]:
        starters = sized(self, lambda n: max(1, self.questions) * rounds(n))
        # where the table halves the field free of charge, twice as many may come
        return starters + distinct(self, len(starters), starters) if self.sifts else starters
