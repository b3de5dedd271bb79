"""MATH: the questions, and every gold answer against itself (show 6)."""

import pytest

from tasks.base import GradeKind
from tasks.grading import mathv
from tasks.grading.compare import equal
from tasks.grading.normal import normal, number
from tasks.math import LEAKED, Math

pytestmark = pytest.mark.real_data

# Rows of the data that no grader can judge right: named here, so that a new one fails the test.
DEFECTS = {
    "train/number_theory/7115.json": "the solution boxes nothing, so the gold answer is empty",
    "train/number_theory/7117.json": "the solution boxes nothing, so the gold answer is empty",
}


@pytest.fixture(scope="module")
def task(data_dir):
    return Math(data_dir)


@pytest.fixture(scope="module")
def golds(data_dir):
    """Gold answers of all rows of train and MATH-500 by their id, defects and duplicates included."""
    from tasks._data import read
    from tasks.math import TEST, TRAIN

    rows = [*read(TRAIN, "train", ("answer",), data_dir), *read(TEST, "test", ("answer",), data_dir)]
    return {row["unique_id"]: row["answer"] for row in rows}


def test_sizes_and_ids(task):
    assert (len(task.search), len(task.test)) == (7492, 500)
    ids = [q.id for q in [*task.search, *task.test]]
    assert len(set(ids)) == len(ids)
    assert not LEAKED & set(ids)
    assert all(q.answer.strip() for q in [*task.search, *task.test])


def test_search_does_not_hold_a_test_question(task):
    assert not {q.id.rpartition("/")[2] for q in task.search} & {q.id.rpartition("/")[2] for q in task.test}


def test_all_gold_answers_are_right_against_themselves_but_for_named_defects(golds, task):
    assert len(golds) == 8000
    question = task.search[0]
    failed = {}
    for name, gold in golds.items():
        grade = task.grade(type(question)(name, "", gold), f"The answer is $\\boxed{{{gold}}}$.")
        if grade.kind is not GradeKind.CORRECT:
            failed[name] = grade
    assert failed.keys() == DEFECTS.keys()


def test_gold_answers_are_right_without_the_shortcut_of_equal_normal_forms(golds):
    # A third of what is no plain number, to keep the suite short; benchmarks/grading.py --gold takes all.
    forms = [form for form in dict.fromkeys(map(normal, golds.values())) if form and number(form) is None]
    assert len(forms) > 1200
    failed = [form for form in forms[::3] if mathv.worker.equal(form, form, bare=True).kind != "correct"]
    assert failed == []


def test_a_neighbours_gold_answer_is_wrong(golds):
    # Consecutive rows differ in nearly all cases; where they agree as text they are left out.
    pairs = list(zip(list(golds.values())[::40], list(golds.values())[1::40], strict=True))
    different = [(a, b) for a, b in pairs if a and b and normal(a) != normal(b)]
    assert len(different) > 150
    assert [pair for pair in different if mathv.judge(*pair).kind is not GradeKind.WRONG] == []


def test_equality_of_plain_answers_needs_no_process(golds):
    def oracle(a, b):
        raise AssertionError(f"asked about {a} and {b}")

    assert all(equal(gold, f" {gold} ", oracle) for gold in golds.values())


@pytest.mark.parametrize(
    ("completion", "kind"),
    [
        ("The answer is $\\boxed{GOLD}$.", GradeKind.CORRECT),
        ("Final answer: $GOLD$", GradeKind.CORRECT),
        ("The answer is $\\boxed{GOLD + 1}$.", GradeKind.WRONG),
        ("I cannot say.", GradeKind.NO_ANSWER),
        ("So it is $\\boxed{GOLD", GradeKind.MALFORMED),
    ],
)
def test_kinds(task, completion, kind):
    question = next(q for q in task.test if q.answer == "9")
    assert task.grade(question, completion.replace("GOLD", question.answer)).kind is kind


def test_keys_agree_where_answers_do(task):
    question = task.test[0]
    keys = {
        task.answer_key(question, text) for text in (r"\boxed{0.5}", "The answer is 1/2.", r"\boxed{\dfrac12}")
    }
    assert keys == {"1/2"}
    assert task.answer_key(question, "no idea") is None


def test_the_prompt_asks_for_a_box(task):
    prompt = task.prompt(task.test[0])
    assert prompt.startswith(task.test[0].text)
    assert "\\boxed{}" in prompt


def test_a_set_without_answers_takes_what_its_solutions_box(monkeypatch):
    from tasks import math

    rows = {
        "train": [
            {"problem": "p", "solution": r"$\boxed{\frac{1}{2}}$", "level": "Level 4", "type": "Algebra"},
            {"problem": "q", "solution": "nothing", "level": "Level ?", "type": "Algebra"},
        ],
        "test": [{"problem": "r", "answer": "3", "unique_id": "u", "level": 2, "subject": "Algebra"}],
    }
    monkeypatch.setattr(math, "read", lambda hub, split, columns, data_dir: rows[split])
    task = Math()
    assert [(q.answer, q.meta["level"]) for q in task.search] == [(r"\frac{1}{2}", 4)]
    assert task.source.startswith("hf://EleutherAI/hendrycks_math@")
