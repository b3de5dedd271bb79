"""HumanEval: the split, and every canonical solution in the sandbox (show 6)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.base import GradeKind
from tasks.humaneval import HumanEval

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def task(data_dir):
    return HumanEval(data_dir)


@pytest.fixture(scope="module")
def questions(task):
    return [*task.search, *task.test]


def kinds(task, questions, completion):
    with ThreadPoolExecutor(2) as pool:
        grades = pool.map(lambda q: task.grade(q, completion(q)), questions)
        return {q.id: grade.kind for q, grade in zip(questions, grades, strict=True)}


def test_sizes_and_ids(task, questions):
    assert (len(task.search), len(task.test)) == (64, 100)
    assert {q.id for q in questions} == {f"HumanEval/{i}" for i in range(164)}


def test_the_split_is_this_one(task):
    assert [q.id for q in task.search[:5]] == [
        "HumanEval/0",
        "HumanEval/9",
        "HumanEval/10",
        "HumanEval/19",
        "HumanEval/20",
    ]


@pytest.mark.usefixtures("bubblewrap")
def test_all_canonical_solutions_pass(task, questions):
    expected = dict.fromkeys((q.id for q in questions), GradeKind.CORRECT)
    assert kinds(task, questions, lambda q: q.answer) == expected


@pytest.mark.usefixtures("bubblewrap")
def test_all_empty_bodies_fail(task, questions):
    expected = dict.fromkeys((q.id for q in questions), GradeKind.WRONG)
    assert kinds(task, questions, lambda q: "    pass\n") == expected


@pytest.mark.usefixtures("bubblewrap")
def test_chat_form_and_completion_form_have_one_verdict(task, questions):
    found = kinds(task, questions[:20], lambda q: f"Sure:\n\n```python\n{q.text}{q.answer}```\nDone.")
    assert set(found.values()) == {GradeKind.CORRECT}


def test_chat_form_and_completion_form_have_one_key(task, questions):
    for q in questions:
        whole = f"```python\n{q.text}{q.answer}\n# a remark\n```"
        assert task.answer_key(q, q.answer) == task.answer_key(q, whole) is not None
    assert task.answer_key(questions[0], "I cannot.") is None
    assert task.answer_key(questions[0], "    pass") != task.answer_key(questions[0], questions[0].answer)


@pytest.mark.parametrize(("completion", "kind"), [("I cannot.", "no_answer"), ("def other(): pass", "malformed")])
def test_kinds(task, completion, kind):
    assert task.grade(task.test[0], completion).kind == kind


def test_the_prompt_holds_the_signature(task):
    question = task.test[0]
    assert question.text.rstrip() in task.prompt(question)
    assert question.meta["test"] not in task.prompt(question)
