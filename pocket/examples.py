"""Training examples: puzzles alone, and puzzles after other models' answers, in batches of equal length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pocket.vocabulary import BOT, END, USER, encode
from tasks._puzzles import EVEN, LONGEST_ANSWER, Dice, Puzzle, draw
from tasks.pocket import NOTHING, merge_text

__all__ = ["Answered", "batches", "prompt_tokens", "rule_made", "sampled"]

Answered = tuple[Puzzle, Mapping[str, Sequence[str | None]]]
"""A puzzle and the answers that each model gave to it."""

Example = tuple[list[int], list[int]]
_POOL = 4096  # examples sorted by length at a time
_MOST = 6  # answers read at most in training; beyond it the models extrapolate


def prompt_tokens(text: str) -> list[int]:
    """A user's message as the chat template gives it."""
    return [USER, *encode(text), BOT]


def rule_made(dice: Dice, share: float, weights: Mapping[str, float]) -> Iterator[Example]:
    """Endless examples; `share` of them read answers that are right or spoilt by rule, of all kinds evenly."""
    while True:
        fusing = dice.chance(share)
        puzzle = draw(dice, "train", EVEN if fusing else weights)
        yield _example(puzzle, _invented(dice, puzzle.answer) if fusing else None)


def sampled(
    dice: Dice, share: float, weights: Mapping[str, float], answered: Sequence[Answered]
) -> Iterator[Example]:
    """Endless examples; `share` of them read what the models themselves answered."""
    while True:
        if not dice.chance(share):
            yield _example(draw(dice, "train", weights), None)
            continue
        puzzle, answers = answered[dice.upto(len(answered))]
        yield _example(puzzle, _chosen(dice, answers))


def batches(examples: Iterator[Example], tokens: int, dice: Dice) -> Iterator[list[Example]]:
    """Batches of about equal lengths, of at most `tokens` tokens with their padding."""
    while True:
        pool = sorted((next(examples) for _ in range(_POOL)), key=lambda e: len(e[0]) + len(e[1]))
        made: list[list[Example]] = [[]]
        for example in pool:
            if (len(made[-1]) + 1) * (len(example[0]) + len(example[1])) > tokens:
                made.append([])
            made[-1].append(example)
        while made:
            yield made.pop(dice.upto(len(made)))


def _example(puzzle: Puzzle, answers: Sequence[str] | None) -> Example:
    text = puzzle.text if answers is None else merge_text(puzzle.text, answers)
    return prompt_tokens(text), [*encode(puzzle.solution), END]


def _invented(dice: Dice, right: str) -> list[str]:
    """One to six answers, each right with a chance drawn for all; wrong ones agree now and then."""
    share = dice.upto(1001) / 1000
    wrong = [_spoilt(dice, right) for _ in range(2)]
    count = dice.between(1, _MOST)
    return [
        right if dice.chance(share) else (wrong[0] if dice.chance(0.4) else _spoilt(dice, right))
        for _ in range(count)
    ]


def _chosen(dice: Dice, answers: Mapping[str, Sequence[str | None]]) -> list[str]:
    """One to six of the answers at hand: of a random few of the models, without putting any back."""
    names = list(answers)
    kept = [name for name in names if dice.chance(0.6)] or [names[dice.upto(len(names))]]
    hand = [answer or NOTHING for name in kept for answer in answers[name]]
    count = dice.between(1, min(_MOST, len(hand)))
    return [hand.pop(dice.upto(len(hand))) for _ in range(count)]


def _spoilt(dice: Dice, right: str) -> str:
    """A wrong answer that looks like one of the kind: symbols changed, added, left out, or all turned round."""
    text = list(right)
    for _ in range(dice.between(1, 3)):
        match dice.weighted({"change": 4, "add": 1, "leave out": 1, "turn": 0.5}):
            case "change":
                text[dice.upto(len(text))] = _like(dice, right)
            case "add":
                text.insert(dice.upto(len(text) + 1), _like(dice, right))
            case "leave out" if len(text) > 1:
                del text[dice.upto(len(text))]
            case "turn":
                text.reverse()
    spoilt = "".join(text)[:LONGEST_ANSWER]
    return spoilt if spoilt != right else _spoilt(dice, right)


def _like(dice: Dice, right: str) -> str:
    return dice.letters(1) if right[0].isalpha() else str(dice.upto(10))
