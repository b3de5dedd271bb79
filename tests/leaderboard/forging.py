"""A small honest entry, and the tools of a forger: change any value, then seal the entry so that hashes agree."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.cost import graph_cost  # noqa: F401  (for the tests)
from bench.entries import RUNS, STORED, read_entry
from bench.frames import Records
from bench.loop import run_spec
from bench.packing import entry_manifest, write_entry
from bench.records import Record
from bench.schema import EVENTS
from bench.spec import RunSpec
from bench.suite import load_suite
from bench.worlds import load_world

METHOD = "agent-reinforce"
LABEL = "Agent-REINFORCE (scripted agent)"

CARD = f"""\
+++
name = "{METHOD}"
label = "{LABEL}"
authors = ["A. Tester"]
url = "https://method.example"
licence = "Apache-2.0"
tier = "P0"
prior_data = "none"
agent = "a scripted policy"
tuning = "none"
+++

A card of an entry that tests make and then forge in every way they can think of.
"""


def small_suite():
    """Suite `quick` cut down: two tasks, two seeds, a checkpoint, a method with an agent in seconds."""
    suite = load_suite("quick").with_plan(tasks=["math", "humaneval"], seeds="0-1", search="240ex", tests=200)
    return replace(suite, plan=suite.plan | {"checkpoints": ["60ex"]})


def make_honest(folder: Path, method: str = METHOD, card: str = CARD) -> Path:
    """The entry of one method for the small suite."""
    world = load_world("simulated", universe="main")
    specs = small_suite().entry(method, apart=False)
    write_entry([run_spec(spec, world) for spec in specs], card, folder)
    return folder


@dataclass
class Forger:
    """An entry's content as plain data. runs: spec, summary, graphs, manifest. events: rows, run by run.

    texts: replaces whole JSON texts of runs.parquet, by (run, column). files: replaces the bytes of whole files.
    claims: what the manifest says in spite of everything.
    """

    path: Path
    runs: list[dict]
    events: list[list[dict]]
    card: str
    texts: dict[tuple[int, str], str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    claims: dict = field(default_factory=dict)
    sealed: bool = True

    @staticmethod
    def of(honest: Path, folder: Path) -> Forger:
        entry = read_entry(honest)
        shutil.copytree(honest, folder)
        runs, events = [], []
        for number, record in enumerate(entry.records()):
            row = {name: entry.json(name, number) for name in RUNS.names}
            runs.append(row)
            events.append(record.events.to_pylist())
        return Forger(folder, runs, events, entry.card)

    def first(self, run: int, phase: str) -> dict:
        """The first row of that phase."""
        return next(row for row in self.events[run] if row["phase"] == phase)

    def drop(self, *numbers: int) -> None:
        """Take whole runs out."""
        self.runs = [row for i, row in enumerate(self.runs) if i not in numbers]
        self.events = [rows for i, rows in enumerate(self.events) if i not in numbers]

    def write(self) -> Path:
        """Write the forged entry; sealed, the manifest agrees with it as far as one can be made that does."""
        old = json.loads((self.path / "manifest.json").read_text())
        texts = [
            {name: self.texts.get((i, name), json.dumps(row[name])) for name in RUNS.names}
            for i, row in enumerate(self.runs)
        ]
        rows = [{"run": i, **row} for i, own in enumerate(self.events) for row in own]
        made = {
            "card.md": self.card.encode(),
            "runs.parquet": parquet(pa.Table.from_pylist(texts, schema=RUNS)),
            "events.parquet": parquet(pa.Table.from_pylist(rows, schema=STORED)),
        } | self.files
        manifest = self._manifest(old, made) if self.sealed else old
        (self.path / "manifest.json").write_text(json.dumps(manifest | self.claims))
        for name, data in made.items():
            (self.path / name).write_bytes(data)
        return self.path

    def _manifest(self, old: dict, made: dict[str, bytes]) -> dict:
        hashes = {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in made.items()}
        try:
            records = [
                Record(
                    RunSpec.from_dict(row["spec"]),
                    pa.Table.from_pylist(rows, schema=EVENTS),
                    row["summary"] | {"graphs": row["graphs"]},
                    row["manifest"],
                )
                for row, rows in zip(self.runs, self.events, strict=True)
            ]
            return entry_manifest(Records.of(records), made)
        except Exception:
            return old | {"files": hashes, "runs": len(self.runs), "events": sum(map(len, self.events))}


def parquet(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
