"""Draw the README's picture: `python docs/picture.py runs/quick` writes docs/leaderboard.svg."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench import load_records
from leaderboard import leaderboard_tables, render

FONT = "ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace"


def main(results: str) -> None:
    """Render the overall table as the terminal shows it."""
    records = load_records(results)
    text = render(leaderboard_tables(records.runs_df(), records.questions_df())[0])
    console = Console(record=True, width=152, file=io.StringIO(), force_terminal=True)
    console.print(Text(text), soft_wrap=True)
    svg = console.export_svg(title="isobudget run quick", unique_id="isobudget", font_aspect_ratio=0.6)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # no fonts from elsewhere
    svg = re.sub(r"font-family: Fira Code, monospace", f"font-family: {FONT}", svg)
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # some viewers drop leading spaces
    lines = [line.rstrip() for line in svg.splitlines() if line.strip() and "<!--" not in line]
    Path("docs/leaderboard.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
