"""The generated puzzles and the pocket task: right answers, splits apart, prompts that come back, graded texts."""

from __future__ import annotations

import pytest

from tasks import load_task
from tasks._puzzles import KINDS, LONGEST_ANSWER, Dice, puzzles, split_of
from tasks.base import GradeKind, Question
from tasks.pocket import MOST_READ, extract


@pytest.fixture(scope="module")
def task():
    return load_task("pocket")


def solve(text):
    """A puzzle's answer, worked out apart from the generator."""
    kind, _, rest = text.partition(" ")
    parts = rest.split(" ")
    match kind:
        case "Sort":
            return "".join(sorted(rest))
        case "Reverse":
            return "".join(reversed(rest))
        case "Largest":
            return str(sorted(map(int, parts[1:]), reverse=True)[int(parts[0]) - 1])
        case "Count":
            return str(sum(letter == parts[0] for letter in parts[1]))
        case "Add":
            return str(int(parts[0]) + int(parts[1]))
        case "Digits":
            return str(sum(map(int, rest)))
    raise AssertionError(text)


def test_every_answer_is_right_and_every_solution_graded_so(task):
    kinds = set()
    for puzzle in puzzles("dev", 600):
        assert solve(puzzle.text) == puzzle.answer
        assert len(puzzle.answer) <= LONGEST_ANSWER
        question = Question("q", puzzle.text, puzzle.answer)
        assert task.grade(question, puzzle.solution).kind is GradeKind.CORRECT
        assert task.grade(question, f"{puzzle.working}#{puzzle.answer}x").kind is GradeKind.WRONG
        kinds.add(puzzle.kind)
    assert kinds == set(KINDS)


def test_questions_are_the_same_ever_and_in_one_split_alone(task):
    again = load_task("pocket")
    assert [q.text for q in again.search] == [q.text for q in task.search]
    search, test = ({q.text for q in questions} for questions in (task.search, task.test))
    assert (len(search), len(test)) == (2000, 1000)
    assert not search & test
    for split, texts in (("search", search), ("test", test), ("fresh", {p.text for p in puzzles("fresh", 200)})):
        assert {split_of(text) for text in texts} == {split}


def test_the_first_puzzles_are_frozen():
    """A change here changes every record made with the task: give it a new name instead."""
    assert [p.text for p in puzzles("test", 3)] == [
        "Largest 3 30 31 81 45 52 67",
        "Count d wwdwdww",
        "Count j jpjjjpip",
    ]


def test_merge_prompts_show_answers_and_come_back(task):
    question = task.search[0]
    answers = ["cab 12#12", "#abc", "no answer here", "#two words", "# 7"]
    prompt = task.merge_prompt(question, "select", answers)
    assert prompt == f"Answers=12=abc=?=?=7\n{question.text}"
    assert task.parse_answers(prompt) == ["#12", "#abc", "", "", "#7"]
    assert task.parse_answers(task.prompt(question)) == []
    assert task.merge_prompt(question, "fuser", ["#a"] * 40).count("=") == MOST_READ
    with pytest.raises(KeyError):
        task.merge_prompt(question, "poet", answers)


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("1 2#3", GradeKind.CORRECT, "3"),
        ("#1#2", GradeKind.CORRECT, "2"),
        ("3", GradeKind.NO_ANSWER, None),
        ("#", GradeKind.MALFORMED, None),
        ("#a=b", GradeKind.MALFORMED, None),
        ("#" + "a" * 11, GradeKind.MALFORMED, None),
        ("", GradeKind.NO_ANSWER, None),
    ],
)
def test_what_counts_as_an_answer(text, kind, answer):
    assert (extract(text).kind, extract(text).answer) == (kind, answer)


def test_dice_are_the_same_ever():
    dice = Dice("a seed")
    assert [dice.upto(100) for _ in range(5)] == [39, 3, 76, 40, 87]
