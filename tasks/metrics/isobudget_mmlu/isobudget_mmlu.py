"""Multiple-choice answers judged by their letter, as an `evaluate` metric."""

from __future__ import annotations

from typing import Any

import datasets  # type: ignore[import-untyped]
import evaluate  # type: ignore[import-untyped]

from tasks.base import Question
from tasks.metrics import scores


class IsobudgetMmlu(evaluate.Metric):  # type: ignore[misc]
    """Predictions are completions, references {"answer": letter, "choices": the options' texts}."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        reference = {"answer": text, "choices": datasets.Sequence(text)}
        return evaluate.MetricInfo(
            description=__doc__,
            citation="Hendrycks et al. 2021, arXiv 2009.03300",
            features=datasets.Features({"predictions": text, "references": reference}),
        )

    def _compute(self, predictions: list[str], references: list[dict[str, Any]]) -> dict[str, float]:
        questions = (Question("", "", r["answer"], {"choices": tuple(r["choices"])}) for r in references)
        return scores("mmlu", questions, predictions)
