"""Text mode on small questions of our own, and on real ones where they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import IsobudgetError
from bench.worlds.text import identify, is_foreign, render, speaker
from bench.worlds.text import verdicts as verdicts_module
from bench.worlds.text.mutants import mutants
from tasks import Question, load_task, task_class
from tasks.base import GradeKind
from tasks.grading import programs

NO_ANSWER = (GradeKind.NO_ANSWER, GradeKind.MALFORMED)


def bare(name):
    """A task without its questions."""
    cls = task_class(name)
    return cls.__new__(cls)


def code_question():
    prompt = 'def clamp(x, low, high):\n    """Return x, at least low and at most high."""\n'
    solution = "    if x < low:\n        return low\n    if x > high:\n        return high\n    return x\n"
    test = (
        "def check(candidate):\n"
        "    assert candidate(5, 1, 9) == 5\n"
        "    assert candidate(0, 1, 9) == 1\n"
        "    assert candidate(10, 1, 9) == 9\n"
    )
    meta = {"test": test, "entry_point": "clamp", "helpers": programs.helpers(prompt, "clamp")}
    return Question("own/clamp", prompt, solution, meta)


def mmlu_question(answer="B"):
    choices = ("a prime", "a square", "a cube", "none of these")
    return Question(f"own/mmlu/{answer}", "What is 9?", answer, {"choices": choices, "subject": "numbers"})


def check(task, question, item, ids):
    """All that `render` and `identify` promise, for these ids."""
    keys = {}
    for answer in ids:
        text = render(task, question, item, answer)
        kind, key = task.grade(question, text).kind, task.answer_key(question, text)
        assert identify(task, question, item, text) == answer, (question.id, answer, text)
        if answer < 0:
            assert key is None and kind in NO_ANSWER, (question.id, text)
            continue
        assert kind is (GradeKind.CORRECT if answer == 0 else GradeKind.WRONG), (question.id, answer, text)
        assert key is not None and key not in keys, (question.id, answer, keys.get(key))
        keys[key] = answer


@pytest.mark.parametrize("gold", ["7", "-3", "0", r"\frac{3}{4}", "0.25", r"50\%", "12,000", "1", r"\$32"])
def test_numbers(gold):
    check(bare("math"), Question(f"own/{gold}", "?", gold), 4, range(-1, 61))


@pytest.mark.parametrize(
    "gold",
    [r"\frac{\sqrt{3}}{2}", "x", "(-1, 4)", r"\text{Evelyn}", r"\text{(D)}", r"2\pi", "1, 2, 5", "-x^2 + 1"],
)
def test_expressions(gold):
    check(bare("math"), Question(f"own/{gold}", "?", gold), 4, range(-1, 9))


@settings(max_examples=60, deadline=None)
@given(value=st.integers(-(10**9), 10**9), item=st.integers(0, 200_000), answer=st.integers(-1, 300))
def test_any_integer_answer(value, item, answer):
    check(bare("math"), Question(f"own/{value}", "?", str(value)), item, [answer])


@given(gold=st.sampled_from("ABCD"), item=st.integers(0, 200_000))
def test_letters(gold, item):
    check(bare("mmlu"), mmlu_question(gold), item, range(-1, 4))


def test_orders_of_wrong_letters_differ_between_items():
    orders = {tuple(render(bare("mmlu"), mmlu_question(), i, k)[-1] for k in (1, 2, 3)) for i in range(60)}
    assert len(orders) == 6


def test_a_fourth_wrong_letter_is_refused():
    with pytest.raises(IsobudgetError, match="3 wrong answers"):
        render(bare("mmlu"), mmlu_question(), 0, 4)


def test_blanks_are_of_every_kind():
    """No answer, two answers and cut text all occur, whatever the task."""
    kinds = {
        (task.name, task.grade(question, render(task, question, item, -1)).kind)
        for task, question in ((bare("mmlu"), mmlu_question()), (bare("math"), Question("own/n", "?", "7")))
        for item in range(20)
    }
    assert kinds == {(name, kind) for name in ("mmlu", "math") for kind in NO_ANSWER}


def test_text_from_elsewhere():
    task, question = bare("math"), Question("own/half", "?", r"\frac{1}{2}")
    assert identify(task, question, 3, "So the answer is 1/2.") == 0
    assert identify(task, question, 3, "I do not know.") == -1
    odd = identify(task, question, 3, r"Surely \boxed{123456789}.")
    assert is_foreign(odd)
    assert identify(task, question, 3, r"It must be \boxed{123456789}") == odd
    wrong = render(task, question, 3, 2)
    restated = task.answer_key(question, wrong)
    assert identify(task, question, 3, rf"I get \boxed{{{restated}}}") == 2


def test_a_wrong_answer_is_found_in_a_fresh_process():
    """Nothing that was said before is needed to read an id off a text."""
    task, question = bare("math"), Question("own/fresh", "?", "41")
    text = render(task, question, 8, 37)
    fresh = speaker(task, Question("own/fresh again", "?", "41"), 8)
    assert fresh.read(text) == 37


def test_mutants_differ_from_the_source_and_from_each_other():
    question = code_question()
    source = question.text + question.answer
    found = mutants(source, "clamp")
    assert len(found) >= 6
    assert len(set(found)) == len(found)
    assert all("def clamp(x, low, high)" in text for text in found)


def test_mutants_leave_loops_alone():
    source = "def f(n):\n    while n > 1:\n        n -= 1\n    return n\n"
    assert all("while n > 1:\n        n -= 1" in text for text in mutants(source, "f"))


def test_programs(bubblewrap, monkeypatch, tmp_path):
    monkeypatch.setenv("ISOBUDGET_CACHE", str(tmp_path))
    check(bare("humaneval"), code_question(), 5, [*range(-1, 12), 60])


def test_verdicts_are_kept_on_disk(bubblewrap, monkeypatch, tmp_path):
    monkeypatch.setenv("ISOBUDGET_CACHE", str(tmp_path))
    question = code_question()
    wrong = "def clamp(x, low, high):\n    return low\n"
    assert verdicts_module.Verdicts(question, unsafe_local=False).fails(wrong)
    monkeypatch.setattr(verdicts_module.sandbox, "run_program", lambda *a, **k: pytest.fail("ran again"))
    assert verdicts_module.Verdicts(question, unsafe_local=False).fails(wrong)
    (file,) = (tmp_path / "programs").iterdir()
    assert list(json.loads(file.read_text()).values()) == [True]


def test_a_broken_verdict_file_only_costs_time(bubblewrap, monkeypatch, tmp_path):
    monkeypatch.setenv("ISOBUDGET_CACHE", str(tmp_path))
    question = code_question()
    path = verdicts_module.Verdicts(question, unsafe_local=False).path
    path.parent.mkdir(parents=True)
    path.write_text('{"half')
    right = question.text + question.answer
    assert not verdicts_module.Verdicts(question, unsafe_local=False).fails(right)


def test_real_math(data_dir):
    task = load_task("math", data_dir)
    for i in range(0, len(task.search), 150):
        check(task, task.search[i], i, [0, -1, 1, 2, 3, 40])
    for i in range(0, len(task.test), 25):
        check(task, task.test[i], 100_000 + i, [0, -1, 1, 5])


def test_real_mmlu(data_dir):
    task = load_task("mmlu", data_dir)
    for i in range(0, len(task.search), 4):
        check(task, task.search[i], i, range(-1, 4))


def test_real_humaneval(data_dir, bubblewrap):
    task = load_task("humaneval", data_dir)
    for i in range(0, len(task.search), 8):
        check(task, task.search[i], i, [-1, 0, 1, 2, 9])
