"""Records for a site: read in parts, so that no more than a part of their events is ever in memory."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import IsobudgetError
from bench.frames import Records, read_places, record_places
from bench.records import Record
from leaderboard.site import FileLine

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Gathered", "gather"]

_PART = 200
"""Files that are read at once."""

_LARGEST_CARD, _LONGEST_SOFTWARE = 256 * 1024, 2000
"""Bytes of a card that is read, characters of a manifest that is shown."""


@dataclass(frozen=True)
class Gathered:
    """What a site needs of one suite's records; fields as in `leaderboard.site.Source`."""

    suite: str
    runs: pd.DataFrame
    questions: pd.DataFrame | None
    graphs: dict[str, Any]
    digest: str
    badges: dict[str, str]
    cards: dict[str, str]
    software: tuple[tuple[str, int], ...]
    files: tuple[FileLine, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """What is kept of some files. lines: (suite, id and digest) of each record; software: (suite, words)."""

    runs: pd.DataFrame
    questions: pd.DataFrame | None
    graphs: dict[str, Any]
    lines: list[tuple[str, str]]
    software: Counter[tuple[str, str]]
    files: list[tuple[str, FileLine]]
    cards: dict[tuple[str, str], str]
    broken: list[str]


def gather(results: Path, told: Callable[[int, int], None]) -> list[Gathered]:
    """The suites below RESULTS, by name. told: is told how many files of how many are read.

    IsobudgetError where there is no whole record.
    """
    if not results.exists():
        raise IsobudgetError(f"no records at {results}: isobudget run quick -o {results} makes some")
    root = results.parent if results.is_file() else results
    jobs = list(_jobs(results))
    total = sum(len(files) for files in jobs)
    parts, done = [], 0
    for files, part in zip(jobs, _read_all(jobs, root), strict=True):
        parts.append(part)
        done += len(files)
        told(done, total)
    if not any(part.lines for part in parts):
        raise IsobudgetError(f"no whole record in {results}: isobudget run quick -o {results} makes some")
    return [_gathered(suite, parts) for suite in sorted({suite for part in parts for suite, _ in part.lines})]


def _jobs(results: Path) -> Iterator[list[Path]]:
    """Parts of the places: an entry's folder by itself, single records by the hundred."""
    places = record_places(results)
    yield from ([place] for place in places if place.is_dir())
    loose = [place for place in places if place.is_file()]
    yield from (loose[at : at + _PART] for at in range(0, len(loose), _PART))


def _read_all(jobs: Sequence[list[Path]], root: Path) -> Iterator[_Part]:
    workers = min(os.cpu_count() or 1, len(jobs))
    if workers < 2 or len(jobs) < 3:  # starting a process takes longer than it would save
        yield from (_read(files, root) for files in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_read, jobs, [root] * len(jobs))


def _read(places: list[Path], root: Path) -> _Part:
    """Load some places, take what a site needs, and let go of their events."""
    found, broken = read_places(places)
    records = [record for _, record in found]
    live = [record for record in records if record.summary["truth"].get("accuracy") is None]
    owners = {path: record.spec.suite for path, record in found}
    return _Part(
        runs=Records.of(records).runs_df(),
        questions=Records.of(live).questions_df() if live else None,
        graphs={record.recommended.id: record.recommended.to_dict() for record in records},
        lines=[(record.spec.suite, f"{record.spec.id} {record.digest()}\n") for record in records],
        software=Counter((record.spec.suite, _software(record.manifest)) for record in records),
        files=[(suite, _file_line(path, root)) for path, suite in _belongings(owners)],
        cards={key: text for place in owners if place.is_dir() for key, text in _cards(records, place).items()},
        broken=[_below(str(error), root) for error in broken],
    )


def _belongings(owners: dict[Path, str]) -> Iterator[tuple[Path, str]]:
    """Files with the suite that they belong to; of an entry all files of its folder."""
    for path, suite in owners.items():
        for file in sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]:
            yield file, suite


def _file_line(path: Path, root: Path) -> FileLine:
    content = path.read_bytes()
    return FileLine(path.relative_to(root).as_posix(), len(content), hashlib.sha256(content).hexdigest())


def _below(text: str, root: Path) -> str:
    """An error's text with paths below the folder of results: a site names no place of somebody's machine."""
    return text.replace(f"{root}{os.sep}", "")


def _software(manifest: dict[str, Any]) -> str:
    """What a record was made with; not what was measured, which differs from run to run."""
    kept = {key: manifest[key] for key in ("machine", "python", "software", "system") if key in manifest}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)[:_LONGEST_SOFTWARE]


def _cards(records: Sequence[Record], folder: Path) -> dict[tuple[str, str], str]:
    """An entry's card, by suite and method."""
    card = folder / "card.md"
    if card.is_symlink() or not card.is_file() or card.stat().st_size > _LARGEST_CARD:
        return {}
    text = card.read_text(encoding="utf-8", errors="replace")
    return {(record.spec.suite, record.spec.method): text for record in records}


def _gathered(suite: str, parts: Sequence[_Part]) -> Gathered:
    import pandas as pd

    runs = pd.concat(
        [part.runs[part.runs["suite"] == suite] for part in parts if len(part.runs)], ignore_index=True
    )
    asked = [part.questions for part in parts if part.questions is not None]
    questions = [frame[frame["suite"] == suite] for frame in asked]
    digest = hashlib.sha256(
        "".join(sorted(line for part in parts for s, line in part.lines if s == suite)).encode()
    )
    software: Counter[str] = Counter()
    for part in parts:
        software.update({words: many for (s, words), many in part.software.items() if s == suite})
    return Gathered(
        suite=suite,
        runs=runs,
        questions=pd.concat(questions, ignore_index=True) if questions else None,
        graphs={key: graph for part in parts for key, graph in part.graphs.items()},
        digest=digest.hexdigest(),
        badges=_badges(runs),
        cards={method: text for part in parts for (s, method), text in sorted(part.cards.items()) if s == suite},
        software=tuple(sorted(software.items(), key=lambda entry: (-entry[1], entry[0]))),
        files=tuple(sorted(line for part in parts for s, line in part.files if s == suite)),
        broken=tuple(sorted(words for part in parts for words in part.broken)),
    )


def _badges(runs: pd.DataFrame) -> dict[str, str]:
    """By method the badge that all of its runs share; nothing where they differ or have none."""
    if "badge" not in runs.columns:
        return {}
    found = {str(method): set(own.fillna("")) for method, own in runs.groupby("method")["badge"]}
    return {method: str(*badges) for method, badges in found.items() if len(badges) == 1 and badges != {""}}
