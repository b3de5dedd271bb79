"""Which wrong programs really fail: sandbox verdicts, kept on disk because each costs a tenth of a second.

One small JSON file a question, named by a hash of all that decides the verdicts and replaced atomically, in
`$ISOBUDGET_CACHE` or the user's cache directory. A missing, broken or read-only file only costs time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from tasks.base import GradeKind, Question
from tasks.grading import sandbox

__all__ = ["Verdicts", "cache_folder"]

_CPU_SECONDS = 2.0
"""A program that needs longer is neither shown to fail nor to pass; the grader itself is more patient."""


def cache_folder() -> Path:
    """Where the verdicts are kept."""
    chosen = os.environ.get("ISOBUDGET_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(chosen or f"{base}/isobudget").expanduser() / "programs"


class Verdicts:
    """The verdicts of one question's programs."""

    def __init__(self, question: Question, *, unsafe_local: bool) -> None:
        self.question, self.unsafe_local = question, unsafe_local
        parts = (question.text, question.meta["test"], question.meta["entry_point"], question.meta["helpers"])
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        self.path = cache_folder() / f"{digest[:32]}.json"
        self._known = self._load()

    def fails(self, program: str) -> bool:
        """Whether a whole module is wrong by the official test. Raises SandboxUnavailable."""
        key = hashlib.sha256(program.encode()).hexdigest()[:32]
        if key not in self._known:
            verdict = sandbox.run_program(
                program,
                self.question.meta["test"],
                self.question.meta["entry_point"],
                timeout=_CPU_SECONDS,
                helpers=self.question.meta["helpers"],
                unsafe_local=self.unsafe_local,
            )
            self._known[key] = verdict.kind is GradeKind.WRONG
            if verdict.kind not in (GradeKind.GRADER_ERROR, GradeKind.INFRA_ERROR):
                self._save()
        return self._known[key]

    def _load(self) -> dict[str, bool]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(key): bool(value) for key, value in stored.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _save(self) -> None:
        known = self._load() | self._known  # another process may have added some
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as file:
                json.dump(known, file)
            Path(file.name).replace(self.path)
