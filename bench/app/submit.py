"""`isobudget submit init | pack | validate`: from a method to an entry that can be published, and its refusal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.app.board import read_records, write_text
from bench.app.cards import card_of, card_template, method_template
from bench.entries import Entry, is_entry, read_entry
from bench.errors import BrokenRecord, IsobudgetError
from bench.optimizer import REGISTRY
from bench.packing import slug, write_entry
from bench.records import Record
from bench.registry import list_methods, parse_method
from bench.spec import RunSpec
from bench.untrusted import read_file
from leaderboard.cards import card_problems
from leaderboard.names import method_problem
from leaderboard.submission import Claim, across, entry_problems, missing_runs

__all__ = ["entries_at", "init", "known", "pack", "pack_all", "validate"]

_CARD = 1 << 18
"""Most bytes of a card."""


def init(name: str, folder: Path) -> str:
    """Write a working method file and a card to fill in; what to do with them."""
    if (words := method_problem(name)) or "[" in name:
        raise IsobudgetError(f"the method's name: {words or f'{name} must be without parameters'}")
    if name in list_methods():
        raise IsobudgetError(f"there is a method '{name}' already: choose another name (isobudget list methods)")
    file, card = folder / f"{name.replace('-', '_')}.py", folder / "card.md"
    for path in (file, card):
        if path.exists():
            raise IsobudgetError(f"{path} is there already and was left as it is")
    label = name.replace("-", " ").capitalize()
    write_text(file, method_template(name, label))
    write_text(card, card_template(name, label))
    return "\n".join(
        [
            f"{file}: a working method; change what it proposes",
            f"{card}: fill it in",
            "then:",
            f"  isobudget test {file}",
            f"  isobudget run standard -m {file} -o runs/{name}",
            f"  isobudget submit pack runs/{name} --method {name} --card {card} -o results/standard/{slug(name)}",
            f"  isobudget submit validate results/standard/{slug(name)}",
        ]
    )


def pack(runs: Path, method: str, card: Path, output: Path) -> str:
    """Pack the runs of one method into an entry; what it holds and what the suite plans beyond it."""
    text = read_file(card, _CARD).decode("utf-8", errors="replace")
    if problems := [f"{card}, {name}: {words}" for name, words in card_problems(text)]:
        raise IsobudgetError("; ".join(problems))
    records = read_records(runs).records
    chosen = [record for record in records if record.spec.method == method]
    if not chosen:
        there = ", ".join(sorted({record.spec.method for record in records}))
        raise IsobudgetError(f"no run of '{method}' in {runs}: there are {there}")
    return _packed(chosen, text, output)


def pack_all(runs: Path, output: Path, pages: Path) -> str:
    """Pack every method of a folder of runs, with cards made from the methods' own pages."""
    by_method: dict[str, list[Record]] = {}
    for record in read_records(runs):
        by_method.setdefault(record.spec.method, []).append(record)
    lines = []
    for method, records in sorted(by_method.items()):
        chosen = parse_method(method)
        page = (pages / f"{chosen.info.name}.md").read_text(encoding="utf-8")
        lines.append(_packed(records, card_of(chosen, page), output / slug(method)))
    return "\n".join(lines)


def _packed(records: Sequence[Record], card: str, folder: Path) -> str:
    manifest = write_entry(records, card, folder)
    size = sum(part["bytes"] for part in manifest["files"].values())
    missing, planned = missing_runs([record.spec for record in records])
    line = (
        f"{folder}: {len(records)} runs of {manifest['method']}, {size / 1e6:.2f} MB, digest {manifest['digest']}"
    )
    return line if not missing else f"{line}\n{_lacks(missing, planned)}"


def _lacks(missing: Sequence[RunSpec], planned: int) -> str:
    """What of the suite's plan an entry has not."""
    lines = [f"  incomplete: {len(missing)} of {planned} planned runs are missing; validate will refuse it"]
    for what in ("variant", "tier", "task", "search", "seed"):
        count = Counter(str(getattr(spec, what)) for spec in missing)
        lines.append(f"    by {what}: " + ", ".join(f"{key or '(none)'} {n}" for key, n in sorted(count.items())))
    return "\n".join(lines)


def validate(paths: Iterable[Path]) -> tuple[str, bool]:
    """A line for each entry and one for each reason to refuse it; whether all are as they should be."""
    lines: list[str] = []
    read: list[Entry] = []
    good = True
    for path in entries_at(paths):
        try:
            entry = read_entry(path)
            reasons = [str(problem) for problem in entry_problems(entry, known, _taken())]
            read.append(entry)
            runs = f"{len(entry.specs)} runs, "
        except BrokenRecord as error:
            reasons, runs = [str(error)], ""
        good &= not reasons
        lines.append(f"{'refused' if reasons else 'ok':8}{path}: {runs}{len(reasons)} problems")
        lines += [f"        {reason}" for reason in reasons]
    between = [str(problem) for problem in across(read, known)]
    return "\n".join(lines + [f"refused {problem}" for problem in between]), good and not between


def entries_at(paths: Iterable[Path]) -> list[Path]:
    """The folders of entries at or below these paths."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            raise IsobudgetError(f"no folder at {path}: an entry is a folder with a manifest.json")
        inner = sorted({file.parent for file in path.rglob("manifest.json")})
        here = [path] if is_entry(path) else [folder for folder in inner if is_entry(folder)]
        if not here:
            raise IsobudgetError(f"no entry in {path}: isobudget submit pack makes one")
        found += here
    return list(dict.fromkeys(found))


def known(method: str) -> Claim | None:
    """What a registered method is called; None for others. Nothing is loaded for it."""
    name = re.match(r"[^\[]*", method)
    if name is None or name[0] not in list_methods():
        return None
    try:
        chosen = parse_method(method)
    except IsobudgetError:  # parameters that it does not have, or a module that is not here
        return None
    return Claim(chosen.text, chosen.label, chosen.kind)


def _taken() -> list[Claim]:
    list_methods()
    return [Claim(name, info.label, info.kind) for name, info in sorted(REGISTRY.items())]
