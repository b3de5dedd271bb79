"""The rows of a record while a run is under way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from bench.cursor import Portion
from bench.execute import Execution
from bench.graph import Graph
from bench.ledger import Charge
from bench.records import events_table

__all__ = ["Journal"]

_NOTHING = np.zeros(0, np.int64)


@dataclass
class Journal:
    """Collects events and every graph they mention. thinking: seconds of the method's code since the last."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    graphs: dict[str, Any] = field(default_factory=dict)
    thinking: float = 0.0

    def mention(self, graph: Graph) -> str:
        """The graph's id, its data kept."""
        self.graphs.setdefault(graph.id, graph.to_dict())
        return graph.id

    def agent(self, charge: Charge, wall: float) -> None:
        """The method's agent was consulted, which took so many real seconds."""
        self._add("agent", "", 0, charge, Portion(_NOTHING, _NOTHING, _NOTHING), {"measured_wall": wall})

    def evaluation(
        self,
        phase: str,
        asked: int,
        portion: Portion,
        execution: Execution,
        charge: Charge,
        makespan: float,
        incumbent: Graph | None = None,
    ) -> None:
        """A graph was run on questions; `asked` for more than `portion` has where the budget ran short."""
        shown = {
            "code": execution.codes,
            "latency_serial": float(execution.serial.mean()),
            "latency_critical": float(execution.critical.mean()),
            "makespan": makespan,
            "incumbent": "" if incumbent is None else self.mention(incumbent),
            "measured_wall": float(execution.trace.wall.sum()),
            "measured_retries": int((execution.trace.attempts - 1).clip(0).sum()),
        }
        self._add(phase, self.mention(execution.graph), asked, charge, portion, shown)

    def table(self) -> pa.Table:
        """All events so far."""
        return events_table(self.rows)

    def _add(
        self, phase: str, graph: str, asked: int, charge: Charge, portion: Portion, shown: dict[str, Any]
    ) -> None:
        blank = {"code": _NOTHING, "incumbent": "", "measured_retries": 0}
        blank |= dict.fromkeys(("latency_serial", "latency_critical", "makespan", "measured_wall"), 0.0)
        self.rows.append(
            blank
            | {
                "phase": phase,
                "graph": graph,
                "asked": asked,
                "question": portion.question,
                "draw": portion.draw,
            }
            | asdict(charge)
            | {"measured_optimizer": self.thinking}
            | shown
        )
        self.thinking = 0.0
