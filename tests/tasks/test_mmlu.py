"""MMLU: the split and its grades."""

import pytest

from tasks.base import GradeKind
from tasks.mmlu import Mmlu

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def task(data_dir):
    return Mmlu(data_dir)


def item(question):
    return (question.text, question.meta["choices"])


def test_sizes_and_ids(task):
    # 1,531 + 285 rows, less those that repeat another row's question and options.
    assert (len(task.search), len(task.test)) == (1812, 1000)
    ids = [q.id for q in [*task.search, *task.test]]
    assert len(set(ids)) == len(ids)


def test_no_item_occurs_twice_or_in_both_splits(task):
    assert len({item(q) for q in task.test}) == len(task.test)
    assert not {item(q) for q in task.test} & {item(q) for q in task.search}


def test_the_test_questions_are_these(task):
    # The choice is part of the benchmark: another one would be another test.
    assert [q.id.rpartition("/")[2] for q in task.test[:3]] == [
        "00000fddf0895789",
        "00031933389b89c8",
        "000a3dd1b1197ced",
    ]
    assert {letter: sum(q.answer == letter for q in task.test) for letter in "ABCD"} == {
        "A": 209,
        "B": 248,
        "C": 252,
        "D": 291,
    }


def test_the_order_of_the_rows_does_not_matter(task, monkeypatch, data_dir):
    from tasks import mmlu

    read = mmlu.read
    monkeypatch.setattr(mmlu, "read", lambda *args: read(*args)[::-1])
    assert [item(q) for q in Mmlu(data_dir).test] == [item(q) for q in task.test]


def test_gold_letters_are_right_and_other_letters_wrong(task):
    for question in task.test:
        other = "ABCD"["BCDA".index(question.answer)]
        assert task.grade(question, f"Answer: {question.answer}").kind is GradeKind.CORRECT
        assert task.grade(question, f"Answer: {other}").kind is GradeKind.WRONG
        assert task.answer_key(question, f"The answer is ({other.lower()}).") == other


def test_gold_options_are_right_by_their_text(task):
    wrong = []
    for question in task.test:
        choices = question.meta["choices"]
        text = choices["ABCD".index(question.answer)]
        folded = [choice.casefold().strip(" .") for choice in choices]
        if len(set(folded)) == 4 and task.grade(question, f"\\boxed{{{text}}}").kind is not GradeKind.CORRECT:
            wrong.append(question.id)
    assert len(wrong) <= 10, wrong  # texts that read as letters or hold unbalanced braces


def test_the_prompt_lists_the_options(task):
    question = task.test[0]
    lines = task.prompt(question).splitlines()
    assert [line for line in lines if line[:3] in ("A. ", "B. ", "C. ", "D. ")][-4:] == [
        f"{letter}. {choice}" for letter, choice in zip("ABCD", question.meta["choices"], strict=True)
    ]


def test_kinds(task):
    question = task.test[0]
    assert task.grade(question, "no idea").kind is GradeKind.NO_ANSWER
    assert task.grade(question, "Answer: A or B").kind is GradeKind.MALFORMED
