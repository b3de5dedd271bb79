"""Programs judged by a test they cannot see, as an `evaluate` metric."""

from __future__ import annotations

import datasets  # type: ignore[import-untyped]
import evaluate  # type: ignore[import-untyped]

from tasks.humaneval import question
from tasks.metrics import scores


class IsobudgetHumaneval(evaluate.Metric):  # type: ignore[misc]
    """Predictions are completions, references {"prompt", "test", "entry_point"} as HumanEval has them."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        reference = dict.fromkeys(("prompt", "test", "entry_point"), text)
        return evaluate.MetricInfo(
            description=__doc__,
            citation="Chen et al. 2021, arXiv 2107.03374",
            features=datasets.Features({"predictions": text, "references": reference}),
        )

    def _compute(
        self, predictions: list[str], references: list[dict[str, str]], unsafe_local: bool = False
    ) -> dict[str, float]:
        questions = (question({"task_id": "", "canonical_solution": "", **r}) for r in references)
        return scores("humaneval", questions, predictions, unsafe_local)
