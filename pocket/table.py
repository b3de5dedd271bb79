"""The figures of `pocket.measure` as Markdown: `python -m pocket.table pocket.json`. Mean ± half-width."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["lines", "main"]

MODELS = ("S", "M", "L")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    print("\n".join(lines(json.loads(parser.parse_args().figures.read_text(encoding="utf-8")))))


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The table's lines."""
    yield f"| {found['questions']:,} questions of `{found['split']}`, nine samples each | S | M | L |"
    yield "| --- | --- | --- | --- |"
    yield _row("one sample", [found["single"][m] for m in MODELS])
    for kind, by_model in found["by kind"].items():
        yield _row(f"… {kind}", [by_model[m] for m in MODELS])
    yield _row("some of nine right", [found["some of nine"][m] for m in MODELS])
    yield _row("vote of five", [found["vote of five"][m] for m in MODELS])
    yield _row("vote of five minus one, paired", [found["vote of five - one"][m] for m in MODELS], signed=True)
    for name in ("S+M+L", *(f"3 of {m}" for m in MODELS)):
        difference = [found["fused - itself alone"][f"{m} reads {name}"] for m in MODELS]
        yield _row(f"reads {name}, minus itself alone, paired", difference, signed=True)
    counts = range(4)
    right = [[found["by right ones of S+M+L"][m].get(str(n)) for n in counts] for m in MODELS]
    cells = ["  ".join("–" if f is None else f"{f[0]:.0f}" for f in row) for row in right]
    yield f"| by right ones among S+M+L read: 0 1 2 3 | {' | '.join(cells)} |"


def _row(label: str, figures: Sequence[Sequence[float]], signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"| {label} | {' | '.join(f'{mean:{sign}.1f} ± {width:.1f}' for mean, width in figures)} |"


if __name__ == "__main__":
    main()
