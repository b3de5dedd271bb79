"""Answers kept on disk, so that a killed live run resumes without asking again.

One SQLite file, which several processes may share and which survives a kill at any time. A cached answer
saves wall time and money, never budget: it is charged in full.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.errors import IsobudgetError
from bench.worlds.client import Completion

__all__ = ["AnswerCache"]

_TABLE = """
create table if not exists answers (
    key blob primary key, text text not null,
    prompt_tokens integer not null, completion_tokens integer not null,
    wall real not null, attempts integer not null, finish text not null
) without rowid
"""
_AT_ONCE = 500  # keys in one query; SQLite's oldest limit is 999
_HELD = 64  # answers written together: what a kill can lose


class AnswerCache:
    """Completions by key. Its methods may be called from several threads."""

    def __init__(self, path: str | Path) -> None:
        """The file is made when the first answer is kept. Raises IsobudgetError for a file that is no cache."""
        self.path = Path(path)
        self._lock = threading.Lock()
        self._held: list[tuple[bytes, str, int, int, float, int, str]] = []
        self._base: sqlite3.Connection | None = self._open() if self.path.exists() else None

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Completion]:
        """The completions that are there."""
        with self._lock:
            return {} if self._base is None else _found(self._base, keys)

    def put(self, key: bytes, completion: Completion) -> None:
        """Keep a completion; the first one under a key stays."""
        with self._lock:
            self._held.append((key, *completion))
            if len(self._held) >= _HELD:
                self._write()

    def flush(self) -> None:
        """Write what is still held back."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Write and close."""
        self.flush()
        if self._base is not None:
            self._base.close()

    def _write(self) -> None:
        if not self._held:
            return
        if self._base is None:
            self._base = self._open()
        with self._base:
            self._base.executemany("insert or ignore into answers values (?, ?, ?, ?, ?, ?, ?)", self._held)
        self._held.clear()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(self.path, timeout=60.0, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise IsobudgetError(f"cannot open the cache {self.path}: {error}") from error
        try:
            base.execute("pragma journal_mode = wal")
            base.execute("pragma synchronous = normal")
            with base:
                base.execute(_TABLE)
            _found(base, [b""])
        except sqlite3.Error as error:
            base.close()
            raise IsobudgetError(f"{self.path} is no answer cache ({error}): delete it or name another") from error
        return base


def _found(base: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Completion]:
    found: dict[bytes, Completion] = {}
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(part))
        rows: Iterable[tuple[bytes, str, int, int, float, int, str]] = base.execute(
            "select key, text, prompt_tokens, completion_tokens, wall, attempts, finish "
            f"from answers where key in ({marks})",
            part,
        )
        found.update((row[0], Completion(*row[1:])) for row in rows)
    return found
