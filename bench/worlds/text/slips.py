"""Plausible wrong answers to a question with an exact answer: an endless list of slips, text in, texts out.

Whether a slip really differs from the gold answer is for the caller to check; a few do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count

from tasks.grading.compare import structure
from tasks.grading.normal import normal, number, words_of

__all__ = ["slips"]

Shuffle = Callable[[int], list[int]]

_LITERAL = re.compile(r"(?<![\\\w.])\d+|(?<=[a-zA-Z^_])\d+")
_SIMPLE_FRACTION = re.compile(r"\\frac\{([^{}]+)\}\{([^{}]+)\}")
_LONG = 12  # digits beyond which a square or a power of ten would look silly


def slips(gold: str, shuffled: Shuffle, others: Sequence[str]) -> Iterator[str]:
    """An endless sequence of answers like `gold`.

    shuffled(n) gives 0…n−1 in the item's own order. others: answers of other questions, used where they are
    of the same kind.
    """
    plain = normal(gold)
    value = number(plain)
    if value is not None:
        yield from _numbers(plain, value, shuffled, others)
    elif words_of(gold) is not None:
        yield from _words(gold, shuffled, others)
    yield from _expressions(gold, plain, shuffled, others)


def _numbers(plain: str, value: Fraction, shuffled: Shuffle, others: Sequence[str]) -> Iterator[str]:
    """Sign, off by one, factors of two and ten, swapped numerator and denominator, then ever further away."""
    near = [-value, value + 1, value - 1, 2 * value, value / 2, value + 2, value - 2, value + 10, 3 * value]
    if value:
        near += [1 / value, -1 / value]
    if len(str(value)) < _LONG:
        near += [10 * value, value * value]
    # Half an integer is a likely slip only where the answer is a fraction or even.
    near = [v for v in near if v.denominator <= max(2, value.denominator, abs(value.numerator))]
    texts = [_written(v, plain) for v in near]
    texts += [text for text in others if number(normal(text)) is not None]
    yield from (texts[i] for i in shuffled(len(texts)))
    for distance in count(3):
        yield _written(value + distance, plain)
        yield _written(value - distance, plain)


def _written(value: Fraction, like: str) -> str:
    """A number in the notation of another one in normal form."""
    unit = r"\%" if like.endswith("%") else ""
    if unit:
        value = value * 100
    digits = len(like.rstrip("%").partition(".")[2])
    if digits and (value * 10**digits).denominator == 1:
        return f"{float(value):.{digits}f}{unit}"
    if value.denominator == 1:
        return f"{value.numerator}{unit}"
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}{unit}"


def _words(gold: str, shuffled: Shuffle, others: Sequence[str]) -> Iterator[str]:
    """Other letters for a letter, other words for a word, then numbers of things."""
    letter = re.search(r"(?<![A-Za-z])[A-J](?![A-Za-z])", gold)
    if letter:
        texts = [gold[: letter.start()] + other + gold[letter.end() :] for other in "ABCDEFGHIJ"]
    else:
        texts = [text for text in others if words_of(text) is not None] + [r"\text{none of them}"]
    yield from (texts[i] for i in shuffled(len(texts)))
    for i in count(1):
        yield str(i)


def _expressions(gold: str, plain: str, shuffled: Shuffle, others: Sequence[str]) -> Iterator[str]:
    """One number in it changed, its sign, its fraction upside down, a factor; then numbers further off."""
    kind = structure(plain).kind
    texts = [*_one_changed(gold, (1, -1, 2))]
    if _SIMPLE_FRACTION.search(gold):
        texts.append(_SIMPLE_FRACTION.sub(lambda m: rf"\frac{{{m[2]}}}{{{m[1]}}}", gold, count=1))
    if kind == "one":
        texts += [
            gold.removeprefix("-") if gold.startswith("-") else f"-{gold}",
            f"2({gold})",
            rf"\frac{{{gold}}}{{2}}",
        ]
    texts += [text for text in others if structure(normal(text)).kind == kind and number(normal(text)) is None]
    yield from (texts[i] for i in shuffled(len(texts)))
    for distance in count(3):
        yield from _one_changed(gold, (distance,))
        if kind == "one":
            yield f"{gold} + {distance}"
        yield str(distance)  # there are golds beside which a grader lets every expression of that form pass


def _one_changed(gold: str, changes: Iterable[int]) -> Iterator[str]:
    """The text with one of its integers moved by each of the changes; never below zero."""
    for change in changes:
        for literal in _LITERAL.finditer(gold):
            moved = int(literal[0]) + change
            if moved >= 0:
                yield gold[: literal.start()] + str(moved) + gold[literal.end() :]
