"""Programs in text: the canonical solution, or one with a small change that fails the official test.

The k-th wrong answer is the k-th change, in the item's order, that the sandbox shows to fail. There are
finitely many, and each costs a run, so after the first `_CHANGES` come stubs that only say which attempt
they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from bench.worlds.text.mutants import mutants
from bench.worlds.text.speaker import RIGHT, Speaker
from bench.worlds.text.verdicts import Verdicts
from tasks.base import Question, Task

__all__ = ["CodeSpeaker"]

_CHANGES = 8
_TRIED = 12
"""How many changes are tried to find `_CHANGES` that fail; two in three do."""

_STUB = re.compile(r"raise NotImplementedError\(['\"]attempt (\d+)['\"]\)")
_LEAD = (
    "Here is the function, written out in full.",
    "The docstring fixes the cases to handle; this covers them in order.",
    "A direct implementation is enough here.",
)
_BLANK = "The examples in the docstring pin the behaviour down, but I did not arrive at working code."


class CodeSpeaker(Speaker):
    """A function to be written."""

    def __init__(self, task: Task, question: Question, item: int) -> None:
        super().__init__(task, question, item)
        self._verdicts = Verdicts(question, unsafe_local=task.unsafe_local)
        self._wrong: list[str] = []  # programs: the k-th is id k
        self._tried = 0

    def answer(self, answer: int) -> str:
        """A chat answer: a line of prose and the program in a block."""
        return self._chat(self._program(answer), answer)

    def wrong_id(self, key: str) -> int | None:
        """A stub's number, or the place of a change among those that fail."""
        stub = _STUB.search(key)
        if stub and key == self._key_of(self._stub(int(stub[1]))):
            return int(stub[1])
        while key in self._keys and self._keys.index(key) >= self._tried:
            self._try_next()
        wrong = [self._key_of(program) for program in self._wrong]
        return wrong.index(key) + 1 if key in wrong else None

    def blanks(self) -> Sequence[str]:
        """No code, a signature without its colon, and code that ends inside a bracket."""
        solution = self._program(RIGHT).rstrip()
        name = self.question.meta["entry_point"]
        broken = re.sub(rf"(def {re.escape(name)}\(.*?\)[^\n:]*):", r"\1", solution, count=1, flags=re.DOTALL)
        cut = solution[: solution.index(f"def {name}(")] + f"def {name}("
        return (_BLANK, f"{_LEAD[0]}\n\n```python\n{broken}\n```", f"{_LEAD[1]}\n\n```python\n{cut}")

    def _program(self, answer: int) -> str:
        if answer == RIGHT:
            return f"{self.question.text}{self.question.answer}"
        while len(self._wrong) < min(answer, _CHANGES) and self._tried < len(self._changes):
            self._try_next()
        return self._wrong[answer - 1] if answer <= len(self._wrong) else self._stub(answer)

    def _try_next(self) -> None:
        program = self._changes[self._tried]
        if len(self._wrong) < _CHANGES and self._verdicts.fails(program):
            self._wrong.append(program)
        self._tried += 1

    @cached_property
    def _changes(self) -> list[str]:
        """The changed programs that are tried, in the item's order."""
        found = mutants(self._program(RIGHT), self.question.meta["entry_point"])
        return [found[i] for i in self.shuffled("changes", len(found))[:_TRIED]]

    @cached_property
    def _keys(self) -> list[str | None]:
        return [self._key_of(program) for program in self._changes]

    def _stub(self, answer: int) -> str:
        return f'{self.question.text.rstrip()}\n    raise NotImplementedError("attempt {answer}")\n'

    def _key_of(self, program: str) -> str | None:
        return self.answer_key(self._chat(program, RIGHT))

    def _chat(self, program: str, answer: int) -> str:
        lead = _LEAD[self.pick(f"lead {answer}", len(_LEAD))]
        return f"{lead}\n\n```python\n{program.strip()}\n```"
