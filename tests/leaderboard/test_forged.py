"""Forged entries: every one is refused with a reason that names the file and the field, and none is executed.

A forger here is as careful as one can be: after each change the entry is sealed again, so that hashes, counts and
digest agree with it; only what those very fields are about is left unsealed. What no file can show is at the end:
there the test says that only a repetition catches it, and that it does.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `forging`

import forging

from bench import entries
from bench.app import verify as verifying
from bench.app.submit import validate
from bench.entries import RUNS, STORED, read_entry
from bench.graph import Graph
from leaderboard import submission

EVENTS, ROWS, MANIFEST, CARD = "events.parquet", "runs.parquet", "manifest.json", "card.md"


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return forging.make_honest(tmp_path_factory.mktemp("honest") / "entry")


@pytest.fixture(autouse=True)
def the_small_suite(monkeypatch):
    monkeypatch.setattr(submission, "load_suite", lambda name: forging.small_suite())
    monkeypatch.setattr(entries, "_ROWS", 100_000)  # limits that a test can reach in no time
    monkeypatch.setattr(entries, "_UNPACKED", 16 << 20)


class Bomb:
    """Executed by whoever unpickles it."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def _summary(forger, name, value, run=0):
    forger.runs[run]["summary"][name] = value


def _row(forger, phase, **changes):
    forger.first(0, phase).update(changes)


def _scaled(forger, phase, name, factor):
    row = forger.first(0, phase)
    row[name] = type(row[name])(float(row[name]) * factor)


def _spec(forger, **changes):
    for row in forger.runs:
        row["spec"].update(changes)


def _card(forger, old, new):
    assert old in forger.card
    forger.card = forger.card.replace(old, new)


def _relabel(forger, label):
    for row in forger.runs:
        row["summary"]["label"] = label
    forger.card = forger.card.replace(forging.LABEL, label.encode("unicode_escape").decode("ascii"))


def _rename(forger, name):
    _spec(forger, method=name)
    forger.card = forger.card.replace(f'"{forging.METHOD}"', f'"{name}"')


def _duplicate_run(forger):
    forger.runs.append(forger.runs[0])
    forger.events.append(forger.events[0])


def _duplicate_seed(forger):
    """Seed 0 twice in place of seed 1, the good luck of one counted double."""
    good, other = (i for i, row in enumerate(forger.runs) if row["spec"]["task"] == "math")
    forger.runs[other] = forger.runs[good]
    forger.events[other] = forger.events[good]


def _hidden_overrun(forger):
    """More was evaluated than the budget allows: the last evaluation of the search, once more."""
    rows = forger.events[0]
    last = max(i for i, row in enumerate(rows) if row["phase"] == "search")
    rows[last + 1 : last + 1] = [
        rows[last] | {"question": [q + 7 for q in rows[last]["question"]]} for _ in range(4)
    ]


def _swap_graphs(forger):
    """The data of two graphs change places; ids stay."""
    graphs = forger.runs[0]["graphs"]
    recommended = forger.runs[0]["summary"]["recommended"]
    first, second = [key for key in graphs if key != recommended][:2]
    graphs[first], graphs[second] = graphs[second], graphs[first]


def _too_large(forger):
    """A graph far beyond the inference budget, evaluated at the price of a feasible one."""
    large = Graph.of([("8B", "assistant")] * 8, (), ("select", "3B"))
    row = forger.first(0, "search")
    forger.runs[0]["graphs"][large.id] = large.to_dict()
    row["graph"] = large.id


def _without_agent(forger):
    forger.events = [[row for row in rows if row["phase"] != "agent"] for rows in forger.events]


def _one_agent_row_less(forger):
    for rows in forger.events:
        rows.remove(next(row for row in rows if row["phase"] == "agent"))


def _other_winner(forger):
    """The second of the final selection is recommended, with a test to match."""
    summary, rows = forger.runs[0]["summary"], forger.events[0]
    other = next(r["graph"] for r in rows if r["phase"] == "selection" and r["graph"] != summary["recommended"])
    summary["recommended"] = forger.first(0, "test")["graph"] = other


def _no_finalist(forger):
    """A graph that was never evaluated is recommended."""
    graph = Graph.of([("8B", "assistant")], (), "vote")
    summary = forger.runs[0]["summary"]
    forger.runs[0]["graphs"][graph.id] = graph.to_dict()
    summary["recommended"] = forger.first(0, "test")["graph"] = graph.id


def _easy_questions(forger):
    """Questions that this graph was not to get."""
    row = forger.first(0, "search")
    row["question"] = [q + 1 if q < 49_999 else q - 1 for q in row["question"]]


def _repeated_question(forger):
    row = forger.first(0, "search")
    row["question"] = row["question"][:1] * len(row["question"])


def _dropped_answers(forger):
    """The end of an evaluation is left out, and no longer charged."""
    row = forger.first(0, "search")
    one = forging.graph_cost(Graph.from_dict(forger.runs[0]["graphs"][row["graph"]]), "math").flops
    calls = row["node_calls"] // row["executions"]
    for name in ("question", "draw", "code"):
        row[name] = row[name][:-1]
    row.update(executions=row["executions"] - 1, node_calls=row["node_calls"] - calls)
    row["flops"] -= type(row["flops"])(one)


def _test_elsewhere(forger):
    row = forger.first(0, "test")
    row["question"] = [q + 1 for q in row["question"]]


def _better_test(forger):
    forger.first(0, "test")["code"] = [0] * 200


def _dropped_failures(forger):
    """Test questions that went wrong are left out."""
    row = forger.first(0, "test")
    kept = [i for i, code in enumerate(row["code"]) if code == 0]
    for name in ("question", "draw", "code"):
        row[name] = [row[name][i] for i in kept]
    row["asked"] = len(kept)


def _checkpoint(forger, **changes):
    forger.runs[0]["summary"]["checkpoints"][0].update(changes)


def _invented_checkpoint(forger):
    summary = forger.runs[0]["summary"]
    summary["checkpoints"].append(summary["checkpoints"][0] | {"search": "30ex"})


def _checkpoint_spent(forger):
    forger.runs[0]["summary"]["checkpoints"][0]["spent"]["executions"] -= 30


def _lucky_checkpoint(forger):
    """A checkpoint recommends what only the end of the run knew."""
    summary = forger.runs[0]["summary"]
    early = {row["graph"] for row in forger.events[0][:3]}
    other = next(key for key in forger.runs[0]["graphs"] if key not in early)
    summary["checkpoints"][0]["recommended"] = other


def _truth(forger, name, value):
    forger.runs[0]["summary"]["truth"][name] = value


def _text(forger, column, text):
    forger.texts[0, column] = text


def _nested(forger):
    forger.texts[0, "summary"] = "[" * 100_000 + "]" * 100_000


def _duplicate_key(forger):
    text = json.dumps(forger.runs[0]["summary"])
    forger.texts[0, "summary"] = text[:-1] + ', "status": "ok"}'


def _file(name, data):
    def change(forger):
        forger.files[name] = data(forger) if callable(data) else data

    return change


def _objects(forger):
    """Pickled objects in a binary column, as libraries that unpickle expect them."""
    names = {name: [b""] for name in RUNS.names} | {"summary": [pickle.dumps(Bomb())]}
    return forging.parquet(pa.table(names))


def _many_rows(forger):
    """A few bytes that unpack to more rows than are read."""
    return forging.parquet(pa.table({f.name: pa.nulls(200_000, f.type) for f in STORED}, schema=STORED))


def _long_list(forger):
    """One row whose list unpacks to more than anything needs."""
    table = pa.Table.from_pylist([{"run": 0, **forger.events[0][0]}], schema=STORED)
    zeros = pa.repeat(pa.scalar(0, pa.int32()), 6_000_000)
    column = pa.ListArray.from_arrays(pa.array([0, len(zeros)], pa.int32()), zeros)
    return forging.parquet(table.set_column(table.column_names.index("draw"), STORED.field("draw"), column))


def _link(name):
    def change(forger):
        outside = forger.path.parent / f"outside-{name}"
        outside.write_bytes((forger.path / name).read_bytes())
        forger.files[name] = b"->" + str(outside).encode()

    return change


def _named_in_manifest(name):
    def change(forger):
        forger.claims["files"] = {name: {"bytes": 1, "sha256": "0" * 64}}

    return change


def _other_file(name):
    def change(forger):
        (forger.path / name).write_bytes(pickle.dumps(Bomb()))

    return change


def _claim(**claims):
    return lambda forger: forger.claims.update(claims)


# name: (change, file and field that the reason must name)
FORGED = {
    # results
    "a better accuracy": (lambda f: _truth(f, "accuracy", 0.999), (ROWS, "run 0, truth.accuracy")),
    "an accuracy that no count gives": (lambda f: _truth(f, "accuracy", 0.43211), (ROWS, "run 0, truth.accuracy")),
    "an accuracy above one": (lambda f: _truth(f, "accuracy", 1.5), (ROWS, "run 0, summary.truth.accuracy")),
    "a lower reference": (lambda f: _truth(f, "reference", 0.4), (ROWS, "run 0, truth.reference")),
    "a lower best fixed": (lambda f: _truth(f, "best_fixed", 0.1), (ROWS, "run 0, truth.best_fixed")),
    "another stratum": (lambda f: _truth(f, "stratum", "headroom"), (ROWS, "run 0, truth.stratum")),
    "a perfect test": (_better_test, (ROWS, "run 0, truth.accuracy")),
    "failures dropped from the test": (_dropped_failures, (EVENTS, "run 0, row", "question")),
    "a test of other questions": (_test_elsewhere, (EVENTS, "run 0, row", "question")),
    "a faster recommendation": (lambda f: f.runs[0]["summary"]["test"].update(latency_serial=0.1),
                                (ROWS, "run 0, test.latency_serial")),
    "another winner": (_other_winner, (ROWS, "run 0, recommended")),
    "a winner that was not asked": (_no_finalist, (ROWS, "run 0, recommended")),
    "a fault hidden": (lambda f: _summary(f, "error", "ValueError: no"), (ROWS, "run 0, error")),
    "a status of its own": (lambda f: _summary(f, "status", "excellent"), (ROWS, "run 0, status")),
    # coverage
    "a seed dropped": (lambda f: f.drop(1), (ROWS, "1 of 4 planned runs are missing")),
    "a task dropped": (lambda f: f.drop(*[i for i, r in enumerate(f.runs) if r["spec"]["task"] == "math"]),
                       (ROWS, "2 of 4 planned runs are missing")),
    "a run twice": (_duplicate_run, (ROWS, "run 4: the same run as run 0")),
    "a seed twice": (_duplicate_seed, (ROWS, "the same run as")),
    "another suite": (lambda f: _spec(f, suite="quack"), (ROWS, "spec.suite")),
    "another suite version": (lambda f: _spec(f, suite_version="0.9"), (ROWS, "spec.suite_version")),
    "another plan": (lambda f: _spec(f, plan="0" * 12), (ROWS, "spec.plan")),
    "more questions an evaluation": (lambda f: _spec(f, questions=60), (ROWS, "spec.questions")),
    "shared noise": (lambda f: _spec(f, noise="shared"), (ROWS, "spec.noise")),
    "prior data in tier P0": (lambda f: _spec(f, tier="P1"), (ROWS, "spec.tier")),
    "a pool of its own": (lambda f: _spec(f, pool="/tmp/mine.toml"), (ROWS, "spec.pool")),
    # charges and budgets
    "the end of an evaluation left out": (_dropped_answers, (EVENTS, "question", "the budget allowed 30")),
    "fewer executions": (lambda f: _row(f, "search", executions=1), (EVENTS, "run 0, row", "executions charged")),
    "fewer node calls": (lambda f: _scaled(f, "search", "node_calls", 0.5), (EVENTS, "node_calls")),
    "fewer FLOPs": (lambda f: _scaled(f, "search", "flops", 0.5), (EVENTS, "row", "flops")),
    "fewer tokens read": (lambda f: _row(f, "search", prompt_tokens=1), (EVENTS, "prompt_tokens")),
    "fewer tokens written": (lambda f: _row(f, "search", completion_tokens=0), (EVENTS, "completion_tokens")),
    "cheaper": (lambda f: _row(f, "search", usd=1e-9), (EVENTS, "usd")),
    "quicker": (lambda f: _row(f, "search", seconds=1e-3), (EVENTS, "seconds")),
    "a shorter round": (lambda f: _row(f, "search", makespan=1e-3, seconds=1e-3), (EVENTS, "makespan")),
    "a shorter path": (lambda f: _scaled(f, "search", "latency_critical", 1e3), (EVENTS, "latency_critical")),
    "a negative charge": (lambda f: _row(f, "search", usd=-1.0), (EVENTS, "run 0, row", "usd is not")),
    "a budget overrun in the open": (_hidden_overrun, (EVENTS, "executions")),
    "questions beyond the split": (lambda f: _row(f, "search", question=[60_000 + q for q in range(30)]),
                                   (EVENTS, "question")),
    "easier questions": (_easy_questions, (EVENTS, "row", "question")),
    "one question many times": (_repeated_question, (EVENTS, "row", "question")),
    "a cheaper agent": (lambda f: _scaled(f, "agent", "flops", 0.5), (EVENTS, "flops")),
    "an agent in no time": (lambda f: _row(f, "agent", seconds=0.0), (EVENTS, "seconds")),
    "an agent that never was": (_without_agent, (EVENTS, "phase")),
    "an agent's row left out": (_one_agent_row_less, (ROWS, "checkpoints.0.agent")),
    "a charged test": (lambda f: _row(f, "test", usd=1.0), (EVENTS, "executions: a test is charged nothing")),
    "a graph beyond the inference budget": (_too_large, (ROWS, "run 0, graphs.")),
    "another graph under the same id": (_swap_graphs, (ROWS, "run 0, graphs.")),
    # checkpoints
    "a checkpoint invented": (_invented_checkpoint, (ROWS, "run 0, checkpoints")),
    "a checkpoint that knew more": (_lucky_checkpoint, (ROWS, "checkpoints.0.recommended")),
    "a checkpoint that spent less": (_checkpoint_spent, (ROWS, "checkpoints.0.spent.executions")),
    "a checkpoint with a better accuracy": (lambda f: _checkpoint(f, accuracy=0.71234567),
                                            (ROWS, "checkpoints.0.accuracy")),
    # names
    "a label of another method": (lambda f: _relabel(f, "Random search"), (ROWS, "summary.label")),
    "a kind that is not ranked": (lambda f: [_summary(f, "kind", "bound", i) for i in range(4)],
                                  (ROWS, "summary.kind")),
    "a Cyrillic letter in the name": (lambda f: _rename(f, "аgent-reinforce"), (ROWS, "spec.method")),
    "capitals in the name": (lambda f: _rename(f, "Agent-Reinforce"), (ROWS, "spec.method")),
    "a space at the end of the name": (lambda f: _rename(f, "agent-reinforce "), (ROWS, "spec.method")),
    "a zero for an o": (lambda f: _rename(f, "agent-reinf0rce"), (ROWS, "spec.method")),
    "a file as the name": (lambda f: _rename(f, "/tmp/evil.py"), (ROWS, "spec.method")),
    "a script in the label": (lambda f: _relabel(f, "<script>alert(1)</script>"), (ROWS, "summary.label")),
    "a terminal escape in the label": (lambda f: _relabel(f, "x\x1b[31mred"), (ROWS, "summary.label")),
    "a right-to-left override in the label": (lambda f: _relabel(f, "x\u202egnp"), (ROWS, "summary.label")),
    "a link in an error": (lambda f: _summary(f, "error", "see [here](https://evil.example)"),
                           (ROWS, "summary.error")),
    "a link in a note": (lambda f: _summary(f, "note", "<a href='//evil.example'>x</a>"), (ROWS, "summary.note")),
    "a field of its own": (lambda f: _summary(f, "verified", "yes"), (ROWS, "summary.")),
    "a very long note": (lambda f: _summary(f, "note", "x" * 100_000), (ROWS, "summary.note")),
    # card
    "a card of another method": (lambda f: _card(f, f'name = "{forging.METHOD}"', 'name = "tpe"'), (CARD, "name")),
    "a card without a licence": (lambda f: _card(f, 'licence = "Apache-2.0"\n', ""), (CARD, "licence")),
    "a card with a field of its own": (lambda f: _card(f, "tuning =", 'badge = "verified"\ntuning ='),
                                       (CARD, "badge")),
    "P0 with prior data": (lambda f: _card(f, 'prior_data = "none"', 'prior_data = "all test answers"'),
                           (CARD, "prior_data")),
    "a tier above its runs": (lambda f: _card(f, 'tier = "P0"', 'tier = "P2"'), (CARD, "tier")),
    "a script in the card": (lambda f: _card(f, "A card of", "<img src=x onerror=alert(1)> of"), (CARD, "text")),
    "a link in the card": (lambda f: _card(f, "A card of", "[good](https://evil.example) of"), (CARD, "text")),
    "an address that runs": (lambda f: _card(f, "https://method", "javascript:alert"), (CARD, "url")),
    "a terminal escape in the card": (lambda f: _card(f, "A card of", "\x1b]0;owned\x07"), (CARD, "text")),
    "no head in the card": (_file(CARD, b"Just a text about a method."), (CARD, "head")),
    # files
    "a digest of other records": (_claim(digest="0" * 64), (MANIFEST, "digest")),
    "a badge claimed": (_claim(badge="verified"), (MANIFEST, "badge")),
    "another count of failures": (_claim(failed=3), (MANIFEST, "failed")),
    "another format": (_claim(format=99), (MANIFEST, "format")),
    "a manifest with a field of its own": (_claim(rank=1), (MANIFEST, "rank")),
    "a path out of the folder": (_named_in_manifest("../../etc/passwd"), (MANIFEST, "files")),
    "an absolute path": (_named_in_manifest("/etc/passwd"), (MANIFEST, "files")),
    "a link in place of runs": (_link(ROWS), (ROWS, "symbolic link")),
    "a link in place of the card": (_link(CARD), (CARD, "symbolic link")),
    "one file more": (_other_file("extra.pkl"), ("extra.pkl", "no file of an entry")),
    "a pickle in place of runs": (_file(ROWS, pickle.dumps(Bomb())), (ROWS, "no readable Parquet")),
    "a pickle in place of events": (_file(EVENTS, pickle.dumps(Bomb())), (EVENTS, "no readable Parquet")),
    "pickles in a column": (_file(ROWS, _objects), (ROWS, "column spec has type binary")),
    "a file cut short": (_file(EVENTS, lambda f: (f.path / EVENTS).read_bytes()[:500]), (EVENTS, "Parquet")),
    "more rows than are read": (_file(EVENTS, _many_rows), (EVENTS, "declares 200000 rows")),
    "a list of six million": (_file(EVENTS, _long_list), (EVENTS, "bytes unpacked")),
    "a huge card": (_file(CARD, b"x" * 300_000), (CARD, "at most")),
    # JSON and numbers
    "NaN in a column": (lambda f: _row(f, "search", seconds=float("nan")), (EVENTS, "seconds is not a finite")),
    "infinity in a column": (lambda f: _row(f, "test", makespan=float("inf")), (EVENTS, "makespan is not")),
    "NaN in JSON": (lambda f: _truth(f, "accuracy", float("nan")), (ROWS, "run 0, summary", "NaN")),
    "infinity in JSON": (lambda f: _truth(f, "accuracy", float("inf")), (ROWS, "run 0, summary", "Infinity")),
    "a number without end": (lambda f: _truth(f, "accuracy", 10**40), (ROWS, "run 0, summary")),
    "an exponent without end": (lambda f: _text(f, "manifest", '{"seconds": 1e999}'), (ROWS, "run 0, manifest")),
    "JSON nested without end": (_nested, (ROWS, "run 0, summary", "nested")),
    "a key twice": (_duplicate_key, (ROWS, "run 0, summary", "stands twice")),
    "no object": (lambda f: _text(f, "spec", "[1, 2]"), (ROWS, "run 0: spec")),
    "an empty graph": (lambda f: f.runs[0]["graphs"].update({f.runs[0]["summary"]["recommended"]: {}}),
                       (ROWS, "run 0, graphs")),
    "a code that is no grade": (lambda f: _row(f, "test", code=[9] * 200), (EVENTS, "a grade code")),
}  # fmt: skip


def _forge(honest, folder, change, sealed=True):
    forger = forging.Forger.of(honest, folder)
    change(forger)
    forger.sealed = sealed
    path = forger.write()
    for name, data in forger.files.items():
        if isinstance(data, bytes) and data.startswith(b"->"):
            (path / name).unlink()
            (path / name).symlink_to(data[2:].decode())
    return path


def _refused(path, *words):
    text, good = validate([path])
    assert not good, text
    assert any(all(word in line for word in words) for line in text.splitlines()), text
    assert text.isprintable() or all(line.isprintable() for line in text.splitlines())


def test_the_honest_entry_passes(honest, tmp_path):
    assert validate([honest]) == (f"ok      {honest}: 4 runs, 0 problems", True)
    # and so does one that a forger took apart and put together again without changing anything
    assert validate([_forge(honest, tmp_path / "same", lambda forger: None)])[1]


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_entry_is_refused_by_file_and_field(honest, tmp_path, monkeypatch, name):
    change, words = FORGED[name]
    monkeypatch.chdir(tmp_path)

    _refused(_forge(honest, tmp_path / "forged", change), *words)

    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize("name", [CARD, ROWS, EVENTS])
def test_a_changed_file_is_not_the_one_in_the_manifest(honest, tmp_path, name):
    def change(forger):
        forger.card = forger.card.replace("A. Tester", "B. Tester")
        forger.runs[0]["manifest"]["python"] = "3.99"
        forger.first(0, "search")["measured_wall"] = 1.0

    forged = _forge(honest, tmp_path / "forged", change, sealed=False)
    for other in {CARD, ROWS, EVENTS} - {name}:
        (forged / other).write_bytes((honest / other).read_bytes())

    _refused(forged, name, f"files.{name}.sha256")


def test_between_entries_nothing_is_there_twice(honest, tmp_path):
    renamed = _forge(honest, tmp_path / "b", lambda f: (_rename(f, "my-own-method"), _relabel(f, "My own")))
    again = _forge(honest, tmp_path / "c", lambda forger: None)

    text, good = validate([honest, renamed, again])

    assert not good
    assert f"{renamed / 'events.parquet'}: the same events as entry" in text
    assert f"{again / 'manifest.json'}, method: agent-reinforce has an entry already" in text


def test_events_of_another_entry_do_not_fit(honest, tmp_path):
    other = forging.make_honest(tmp_path / "other", "random", forging.CARD.replace(forging.METHOD, "random"))
    _refused(
        _forge(honest, tmp_path / "forged", _file(EVENTS, (other / EVENTS).read_bytes())), EVENTS, "run 0, row"
    )


# what no file can show


def _better_answers(forger):
    """Three wrong answers of the test become right ones; nothing else has to change."""
    codes = forger.first(0, "test")["code"]
    for at in [i for i, code in enumerate(codes) if code][:3]:
        codes[at] = 0


def _better_truth(forger):
    """A little better, and still a count over the reference items."""
    forger.runs[0]["summary"]["truth"]["accuracy"] += 400 / 40_000


def _cheaper_words(forger):
    """Fewer tokens than the models wrote, at a price to match."""
    row = next(row for row in forger.events[0] if row["phase"] == "selection")
    row["completion_tokens"] -= 1
    row["usd"] *= 1 - 1e-7


ONLY_REPEATED = {
    "test answers edited": (_better_answers, "code"),
    "an accuracy a little better": (_better_truth, "summary.truth"),
    "a few tokens fewer": (_cheaper_words, "completion_tokens"),
}


@pytest.mark.parametrize("name", ONLY_REPEATED)
def test_what_files_cannot_show_a_repetition_does(honest, tmp_path, name):
    change, field = ONLY_REPEATED[name]
    forged = _forge(honest, tmp_path / "forged", change)

    assert validate([forged])[1], "this one can only be caught by running it again"
    finding = verifying._repeat(forged, 0, None, replay_only=True)
    assert field in finding.replayed


def test_proposals_that_the_method_would_not_make_are_caught_by_running_it(honest, tmp_path):
    """The runs of another method under this one's name: every charge is right, the proposals are not its own."""
    other = forging.make_honest(tmp_path / "random", "random", forging.CARD.replace(forging.METHOD, "random"))

    forged = _forge(other, tmp_path / "forged", lambda forger: _rename_to(forger, "greedy", "Greedy construction"))
    assert validate([forged])[1], validate([forged])[0]
    finding = verifying._repeat(forged, 0, None, replay_only=False)

    assert finding.replayed == ""
    assert finding.repeated.startswith("step ")


def _rename_to(forger, name, label):
    _spec(forger, method=name)
    for row in forger.runs:
        row["summary"]["label"], row["summary"]["kind"] = label, "method"
    forger.card = forger.card.replace('"random"', f'"{name}"').replace(forging.LABEL, label)


def test_verify_gives_its_badge_in_a_process_of_its_own(honest, tmp_path):
    from bench import load_records
    from bench.app.verify import verify

    path = _forge(honest, tmp_path / "entry", lambda forger: None)
    text, same = verify(path, sample=1, seed=3, file=None)

    assert same, text
    assert "badge: verified" in text
    assert {record.badge for record in load_records(path)} == {"verified"}
    assert read_entry(path).badge == "verified"


def test_a_badge_of_other_records_counts_for_nothing(honest, tmp_path):
    path = _forge(honest, tmp_path / "entry", lambda forger: None)
    (path / "badge.json").write_text(json.dumps({"badge": "verified", "digest": "0" * 64}))

    assert read_entry(path).badge == "self-reported"
