"""Published per-question results of public models as a tape: real answers, of which readers stay modelled.

The file is CSV or Parquet with one row an answer. Columns: `model`, `question` (its id), `answer` (as compared:
equal texts are equal answers; empty: none), `correct` (0 or 1) or instead `gold`; optional: `task`, `sample` (0,
1, … of one model on one question), `prompt_tokens`, `completion_tokens`, `seconds`, `revision`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bench.errors import IsobudgetError
from bench.tapes import ANSWER, COLUMNS, Head, Tape, row_of
from tasks import task_class

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["import_answers"]

_NEEDED = ("model", "question", "answer")
_NUMBERS = ("sample", "prompt_tokens", "completion_tokens", "seconds")
_RIGHT, _WRONG, _NO_ANSWER = 0, 1, 2  # positions in GRADE_KINDS


def import_answers(path: str | Path, task: str, *, greedy: bool = False) -> Tape:
    """The tape of a file's answers to one task.

    greedy: the answers are a model's only ones, whatever the draw: replicas give them again. Without it a second
    draw that the file does not hold is missing. Raises IsobudgetError naming the column or row, UnknownTask.
    """
    path = Path(path)
    task_class(task)
    frame = _frame(path, task)
    rows = [_row(path, number, values, task, greedy) for number, values in enumerate(frame.to_dict("records"), 1)]
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: row["key"]), schema=COLUMNS)
    seen: set[bytes] = set()
    for row in rows:
        if row["key"] in seen:
            raise IsobudgetError(
                f"{path}: model {row['model']} answers question {row['question']} twice with sample "
                f"{row['replica']}: number its answers in a column `sample`"
            )
        seen.add(row["key"])
    return Tape(Head("import", (), "", (f"real answers ({path.name})",)), table)


def _frame(path: Path, task: str) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise IsobudgetError(f"no file of answers at {path}")
    texts = ("model", "question", "answer", "gold", "task", "revision")
    try:
        if path.suffix == ".csv":
            frame = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False)
        else:
            frame = pd.read_parquet(path)
            frame = frame.astype(object).where(frame.notna(), "")  # an empty cell is an empty text, as in CSV
    except (OSError, ValueError, pa.ArrowException) as error:
        raise IsobudgetError(f"{path} is neither CSV nor Parquet ({str(error)[:100]})") from error
    lacks = [name for name in _NEEDED if name not in frame]
    if "correct" not in frame and "gold" not in frame:
        lacks.append("correct (or gold)")
    if lacks:
        raise IsobudgetError(f"{path}: no column {', '.join(lacks)} (docs/tapes.md shows the columns)")
    if "task" in frame:
        frame = frame[frame["task"] == task]
    if frame.empty:
        raise IsobudgetError(f"{path} has no answers of task {task}")
    return frame


def _row(path: Path, number: int, values: Mapping[Any, Any], task: str, greedy: bool) -> dict[str, Any]:
    model, question = str(values["model"]), str(values["question"])
    answer = "" if values["answer"] is None else str(values["answer"]).strip()
    figures = {name: _figure(path, number, name, values.get(name, 0)) for name in _NUMBERS}
    sample = int(figures["sample"])
    key = hashlib.sha256(json.dumps(["answer", task, question, model, sample]).encode()).digest()
    return row_of(
        key,
        ANSWER,
        task=task,
        question=question,
        model=model,
        role="assistant",
        replica=sample,
        answer=answer,
        grade=_grade(path, number, values, answer),
        sampling=json.dumps({"greedy": greedy}),
        revision=str(values.get("revision") or ""),
        prompt_tokens=int(figures["prompt_tokens"]),
        completion_tokens=int(figures["completion_tokens"]),
        seconds=figures["seconds"],
        wall=figures["seconds"],
        world="import",
        server=path.name,
        provenance="real answer",
    )


def _grade(path: Path, number: int, values: Mapping[Any, Any], answer: str) -> int:
    if "correct" in values:
        said = str(values["correct"]).strip().lower()
        if said not in ("0", "1", "true", "false", "0.0", "1.0"):
            raise IsobudgetError(f"{path}, row {number}: correct must be 0 or 1, not {values['correct']!r}")
        right = said in ("1", "true", "1.0")
    else:
        right = answer == str(values["gold"]).strip() and bool(answer)
    return _RIGHT if right else _WRONG if answer else _NO_ANSWER


def _figure(path: Path, number: int, name: str, value: Any) -> float:
    try:
        figure = float(value or 0)
    except (TypeError, ValueError):
        figure = -1.0
    if not figure >= 0:
        raise IsobudgetError(f"{path}, row {number}: {name} must be a number ≥ 0, not {value!r}")
    return figure
