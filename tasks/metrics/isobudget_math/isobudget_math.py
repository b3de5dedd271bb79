"""MATH answers judged by mathematical equality, as an `evaluate` metric."""

from __future__ import annotations

import datasets  # type: ignore[import-untyped]
import evaluate  # type: ignore[import-untyped]

from tasks.base import Question
from tasks.metrics import scores


class IsobudgetMath(evaluate.Metric):  # type: ignore[misc]
    """Predictions are completions, references gold answers in LaTeX."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=__doc__,
            citation="Hendrycks et al. 2021, arXiv 2103.03874",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        questions = (Question("", "", gold) for gold in references)
        return scores("math", questions, predictions)
