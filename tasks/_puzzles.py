"""Generated puzzles: six kinds, each with a worked solution, drawn without end and kept apart by hash.

A puzzle is a line such as `Add 347 85`. Its solution is what the pocket models are taught to write: a little
working where the kind needs any, then `#` and the answer. Which split a puzzle may stand in follows from its own
text, so no question of one split is ever in another, nor among the training examples.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

__all__ = [
    "EVEN",
    "KINDS",
    "LONGEST_ANSWER",
    "MARK",
    "SPLITS",
    "WEIGHTS",
    "Dice",
    "Puzzle",
    "draw",
    "puzzles",
    "split_of",
]

MARK = "#"
"""Stands before the answer."""

LONGEST_ANSWER = 10
"""Characters of the longest text that is still taken for an answer."""

SPLITS = ("search", "test", "dev", "fresh", "train")
"""search and test: the task's. dev: steps and difficulty are chosen on it. fresh: for published figures."""

_PARTS = 24  # of all puzzles: the first four are a split each, the rest is for training


class Puzzle(NamedTuple):
    """One puzzle: its kind, what is asked, the working before the mark, the answer."""

    kind: str
    text: str
    working: str
    answer: str

    @property
    def solution(self) -> str:
        """What a model is taught to write."""
        return f"{self.working}{MARK}{self.answer}"


class Dice:
    """Whole numbers from a text seed: from `random()`, the one stream that Python promises to keep."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def upto(self, n: int) -> int:
        """Uniform over 0 … n − 1."""
        return int(self._random() * n)

    def between(self, low: int, high: int) -> int:
        """Uniform over low … high."""
        return low + self.upto(high - low + 1)

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self._random() < share

    def letters(self, n: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """n letters, each uniform."""
        return "".join(alphabet[self.upto(len(alphabet))] for _ in range(n))

    def weighted(self, weights: Mapping[str, float]) -> str:
        """A key, in proportion to its weight."""
        at = self._random() * sum(weights.values())
        for key, weight in weights.items():
            at -= weight
            if at < 0:
                return key
        return next(reversed(list(weights)))


def _sort(dice: Dice) -> Puzzle:
    word = dice.letters(dice.between(3, 8))
    return Puzzle("sort", f"Sort {word}", "", "".join(sorted(word)))


def _reverse(dice: Dice) -> Puzzle:
    word = dice.letters(dice.between(3, 8))
    return Puzzle("reverse", f"Reverse {word}", "", word[::-1])


def _largest(dice: Dice) -> Puzzle:
    numbers = [dice.between(10, 99) for _ in range(dice.between(3, 6))]
    rank = dice.between(1, 3)
    best = sorted(numbers, reverse=True)[:rank]
    working = " ".join(map(str, best)) if rank > 1 else ""
    return Puzzle("largest", f"Largest {rank} {' '.join(map(str, numbers))}", working, str(best[-1]))


def _count(dice: Dice) -> Puzzle:
    few = dice.letters(3)
    word = dice.letters(dice.between(4, 11), few)
    letter = few[dice.upto(3)]
    return Puzzle("count", f"Count {letter} {word}", "", str(word.count(letter)))


def _number(dice: Dice) -> int:
    digits = dice.between(1, 3)
    return dice.between(10 ** (digits - 1), 10**digits - 1)


def _add(dice: Dice) -> Puzzle:
    a, b = _number(dice), _number(dice)
    return Puzzle("add", f"Add {a} {b}", str(a + b)[::-1], str(a + b))


def _digits(dice: Dice) -> Puzzle:
    digits = [dice.upto(10) for _ in range(dice.between(3, 7))]
    sums = [sum(digits[:n]) for n in range(2, len(digits) + 1)]
    return Puzzle("digits", f"Digits {''.join(map(str, digits))}", " ".join(map(str, sums)), str(sums[-1]))


KINDS: Mapping[str, Callable[[Dice], Puzzle]] = {
    "sort": _sort,
    "reverse": _reverse,
    "largest": _largest,
    "count": _count,
    "add": _add,
    "digits": _digits,
}
"""Kinds by name: sort or reverse letters, the n-th largest number, count a letter, add, sum the digits."""

EVEN: Mapping[str, float] = dict.fromkeys(KINDS, 1.0)

WEIGHTS: Mapping[str, float] = {
    "sort": 1.0,
    "reverse": 0.6,
    "largest": 1.0,
    "count": 0.8,
    "add": 0.4,
    "digits": 1.5,
}
"""How often each kind is asked; chosen on the split `dev` and frozen (docs/pocket.md)."""


def split_of(text: str) -> str:
    """Which split a puzzle belongs to: by its text, so that equal puzzles are never on two sides."""
    part = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % _PARTS
    return SPLITS[min(part, len(SPLITS) - 1)]


def draw(dice: Dice, split: str, weights: Mapping[str, float]) -> Puzzle:
    """The next puzzle of a split; kinds in proportion to their weights."""
    make = KINDS[dice.weighted(weights)]
    while split_of((puzzle := make(dice)).text) != split:
        pass
    return puzzle


def puzzles(split: str, count: int, weights: Mapping[str, float] = WEIGHTS) -> Iterator[Puzzle]:
    """The first `count` different puzzles of a split, the same ones ever."""
    dice, seen = Dice(f"isobudget pocket {split}"), set[str]()
    while len(seen) < count:
        puzzle = draw(dice, split, weights)
        if puzzle.text not in seen:
            seen.add(puzzle.text)
            yield puzzle
