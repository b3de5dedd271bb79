"""What must hold of an entry before it is published: everything that its own files can show.

`entry_problems` parses and computes; it runs no method and no world. What only a repetition can show (whether the
answers are the world's, whether the method would have proposed these graphs) is `isobudget submit verify`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from bench.entries import BADGES, FILES, Entry
from bench.frames import Records
from bench.packing import entry_manifest
from bench.schema import EVENTS, column_bytes
from bench.spec import RunSpec
from bench.suite import Suite, list_suites, load_suite
from leaderboard.arithmetic import run_arithmetic
from leaderboard.cards import card_problems, parse_card
from leaderboard.endings import run_ending
from leaderboard.names import label_problem, method_problem, printable, skeleton, text_problem, texts
from leaderboard.retold import Problem, retell
from leaderboard.shapes import shape_problems

__all__ = ["Claim", "across", "entry_problems", "missing_runs", "planned"]

_MOST = 50
"""Problems named of one entry; a forger needs no longer list."""

_FREE = ("software", "files")
"""Fields of a manifest whose value other checks look at."""


class Claim(NamedTuple):
    """What a method that is known here is called. kind: as in `MethodInfo`."""

    method: str
    label: str
    kind: str


def entry_problems(entry: Entry, known: Callable[[str], Claim | None], taken: Sequence[Claim]) -> list[Problem]:
    """Every reason to refuse an entry, at most `_MOST`; [] when it may be published.

    known: what this installation knows of a method, by its full spelling. taken: the names that are already given.
    """
    found: list[Problem] = []
    for problem in _problems(entry, known, taken):
        found.append(problem)
        if len(found) == _MOST:
            break
    return found


def _problems(entry: Entry, known: Callable[[str], Claim | None], taken: Sequence[Claim]) -> Iterator[Problem]:
    yield from _folder(entry.path)
    shapes = list(_shapes(entry))
    yield from shapes
    if shapes:
        return
    yield from _manifest(entry)
    yield from _names(entry, known, taken)
    yield from _card(entry)
    numbers, problems = planned(entry)
    yield from problems
    runs = str(entry.path / "runs.parquet")
    for number, record in enumerate(entry.records()):
        if number in numbers:
            run, found = retell(record, f"{runs}, run {number}")
            yield from found
            if run is not None:
                yield from run_arithmetic(run)
                yield from run_ending(run)


def across(entries: Sequence[Entry], known: Callable[[str], Claim | None]) -> Iterator[Problem]:
    """What is wrong between entries: two of one method, two that look alike, two of the same runs."""
    done = {entry.path: _events(entry) for entry in entries} if len(entries) > 1 else {}
    for i, later in enumerate(entries):
        for entry in entries[:i]:
            if entry.specs[0].suite != later.specs[0].suite:
                continue
            where, other = str(later.path / "manifest.json"), entry.path.name
            if entry.method == later.method:
                yield Problem(f"{where}, method", f"{later.method} has an entry already, {other}")
            elif skeleton(str(entry.manifest["label"])) == skeleton(str(later.manifest["label"])):
                yield Problem(f"{where}, label", f"looks like the label of {other}")
            elif done[entry.path] == done[later.path] and not (known(entry.method) and known(later.method)):
                yield Problem(
                    str(later.path / "events.parquet"), f"the same events as {other}: one entry, not two"
                )


def _events(entry: Entry) -> str:
    """A hash of what an entry's runs did, whatever they are called."""
    digest = hashlib.sha256()
    for record in entry.records():
        for name in EVENTS.names:
            if not name.startswith("measured_"):
                for part in column_bytes(record.events[name]):
                    digest.update(part)
    return digest.hexdigest()


def _folder(path: Path) -> Iterator[Problem]:
    """Nothing but the files of the format, all of them plain."""
    if path.is_symlink():
        yield Problem(str(path), "is a symbolic link")
    allowed = {*FILES, "manifest.json", "badge.json"}
    for inner in sorted(path.iterdir()):
        if inner.name not in allowed:
            yield Problem(
                f"{path / printable(inner.name)}", f"is no file of an entry: {', '.join(sorted(allowed))}"
            )
        elif inner.is_symlink() or not inner.is_file():
            yield Problem(str(inner), "is no plain file")


def _shapes(entry: Entry) -> Iterator[Problem]:
    """The JSON of every run has the fields of the format, and every text in it can be shown."""
    runs = str(entry.path / "runs.parquet")
    for number in range(len(entry.specs)):
        for column in ("summary", "manifest"):
            data = entry.json(column, number)
            for name, words in shape_problems(column, data):
                yield Problem(f"{runs}, run {number}, {column}.{name}", words)
            data.pop("transcript", None)
            for name, text in texts(data):
                if (reason := text_problem(text, 2000)) is not None:
                    yield Problem(f"{runs}, run {number}, {column}.{name}", reason)
        for name, data in entry.summary(number)["graphs"].items():
            if not isinstance(data, dict) or set(data) != {"nodes", "edges", "sink", "reads"}:
                yield Problem(f"{runs}, run {number}, graphs.{printable(name)}", "is not the data of a graph")


def _manifest(entry: Entry) -> Iterator[Problem]:
    """Every field follows from the records."""
    where = str(entry.path / "manifest.json")
    try:
        expected = entry_manifest(Records.of(entry.records()), dict(entry.files))
    except Exception as error:  # whatever keeps records from being one entry is said by its own message
        yield Problem(where, str(error)[:200])
        return
    for name in sorted({*expected, *entry.manifest}):
        if name not in expected:
            yield Problem(f"{where}, {printable(name)}", "is no field of a manifest")
        elif name == "badge" and entry.manifest.get(name) != BADGES[0]:
            yield Problem(f"{where}, badge", f"must say {BADGES[0]}: a badge is given by verify, never claimed")
        elif entry.manifest.get(name) != expected[name]:
            shown = printable(str(entry.manifest.get(name)))
            yield Problem(f"{where}, {name}", f"{shown} is not what the records say, {str(expected[name])[:80]}")


def _names(entry: Entry, known: Callable[[str], Claim | None], taken: Sequence[Claim]) -> Iterator[Problem]:
    """Who it says it is."""
    where, summary = str(entry.path / "runs.parquet"), entry.json("summary", 0)
    method, label, kind = entry.method, summary["label"], summary["kind"]
    if words := method_problem(method):
        yield Problem(f"{where}, run 0, spec.method", words)
        return
    if words := label_problem(label):
        yield Problem(f"{where}, run 0, summary.label", words)
    claim = known(method)
    if claim is not None:
        for name, said, true in (("label", label, claim.label), ("kind", kind, claim.kind)):
            if said != true:
                yield Problem(f"{where}, run 0, summary.{name}", f"{printable(said)}, but {method} is {true!r}")
    elif kind != "method":
        yield Problem(f"{where}, run 0, summary.kind", f"{printable(kind)}: a submission is a method")
    base = method.partition("[")[0]
    for other in taken:
        if other.method == method or (claim is not None and other.method.partition("[")[0] == base):
            continue
        if skeleton(other.method) == skeleton(method):
            yield Problem(f"{where}, run 0, spec.method", f"{method} looks like {other.method}")
        if skeleton(other.label) == skeleton(label):
            yield Problem(
                f"{where}, run 0, summary.label", f"{printable(label)} looks like the label of {other.method}"
            )
    if label.endswith("agent)") and not any(_asks(record) for record in entry.records()):
        yield Problem(
            f"{entry.path / 'events.parquet'}, phase", "its label names an agent, and no run has asked one"
        )


def _asks(record: Any) -> bool:
    return len(record.part("agent")) > 0


def _card(entry: Entry) -> Iterator[Problem]:
    where = str(entry.path / "card.md")
    problems = list(card_problems(entry.card))
    yield from (Problem(f"{where}, {name}", words) for name, words in problems)
    if problems:
        return
    head, _ = parse_card(entry.card)
    if head["name"] != entry.method:
        yield Problem(f"{where}, name", f"{printable(head['name'])}, the runs are of {entry.method}")
    if head["label"] != entry.json("summary", 0)["label"]:
        yield Problem(f"{where}, label", f"{printable(head['label'])} is not the label of the runs")
    knows = head["prior_data"].strip().casefold() not in ("none", "nothing")
    lowest = min(spec.tier for spec in entry.specs)
    if head["tier"] == "P0" and knows and entry.json("summary", 0)["kind"] not in ("control", "bound"):
        yield Problem(f"{where}, prior_data", "tier P0 knows nothing but the space: prior_data must be none")
    if head["tier"] > lowest:
        yield Problem(
            f"{where}, tier", f"{head['tier']}, but there are runs in {lowest}: its data would be a gift"
        )


# the suite's plan


def planned(entry: Entry) -> tuple[set[int], list[Problem]]:
    """The runs that the suite plans, and what is wrong with the others and with what is missing."""
    where = str(entry.path / "runs.parquet")
    spec = entry.specs[0]
    if spec.suite not in list_suites():
        return set(), [
            Problem(f"{where}, run 0, spec.suite", f"{printable(spec.suite)} is no suite of this version")
        ]
    suite = _suite(spec)
    if spec.suite_version != suite.version:
        words = f"{printable(spec.suite_version)}, this installation has {suite.name} {suite.version}"
        return set(), [Problem(f"{where}, run 0, spec.suite_version", words)]
    expected = set(_expected(suite, entry.specs))
    found: list[Problem] = []
    seen: dict[RunSpec, int] = {}
    for number, one in enumerate(entry.specs):
        if one in seen:
            found.append(Problem(f"{where}, run {number}", f"the same run as run {seen[one]}"))
        elif one not in expected:
            found.append(_stray(f"{where}, run {number}", one, expected))
        else:
            seen[one] = number
    if missing := sorted(expected - set(seen), key=lambda one: one.filename):
        words = f"{len(missing)} of {len(expected)} planned runs are missing, such as {_described(missing[0])}"
        found.append(Problem(where, words))
    return set(seen.values()), found


def missing_runs(specs: Sequence[RunSpec]) -> tuple[list[RunSpec], int]:
    """The planned runs that an entry of these runs lacks, and how many are planned in all."""
    suite = _suite(specs[0])
    expected = _expected(suite, specs)
    there = set(specs)
    return [spec for spec in expected if spec not in there], len(expected)


def _suite(spec: RunSpec) -> Suite:
    """The installed suite, with the agent's LLM that the run names."""
    suite = load_suite(spec.suite)
    return suite.with_plan(agent=spec.agent) if spec.agent else suite


def _expected(suite: Suite, specs: Sequence[RunSpec]) -> list[RunSpec]:
    apart = not any(spec.checkpoints for spec in specs)
    return suite.entry(specs[0].method, apart, specs[0].agent)


def _stray(where: str, spec: RunSpec, expected: set[RunSpec]) -> Problem:
    """What sets a run apart from the planned run that it is most like."""
    names = [field.name for field in fields(RunSpec)]

    def differing(other: RunSpec) -> list[str]:
        return [name for name in names if getattr(spec, name) != getattr(other, name)]

    nearest = min(expected, key=lambda other: (len(differing(other)), other.filename), default=None)
    if nearest is None:
        return Problem(f"{where}, spec.variant", "the suite plans no run of this method")
    name = differing(nearest)[0]
    planned = getattr(nearest, name)
    return Problem(f"{where}, spec.{name}", f"{printable(str(getattr(spec, name)))}, the plan says {planned!r}")


def _described(spec: RunSpec) -> str:
    world = " ".join(value for _, value in spec.world_options)
    parts = (spec.variant, spec.tier, spec.task, world, f"seed {spec.seed}", spec.search)
    return " ".join(part for part in parts if part)
