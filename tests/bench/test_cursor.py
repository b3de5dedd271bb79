"""Which questions an evaluation gets."""

from __future__ import annotations

import numpy as np

from bench.cursor import Cursor, question_order


def test_the_order_is_a_permutation_that_the_trial_alone_changes():
    first, again, other = (question_order(0, "search", 100, trial) for trial in (0, 0, 1))

    assert sorted(first.tolist()) == list(range(100))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_different_graphs_are_paired_and_a_repeat_brings_new_questions():
    cursor = Cursor(np.arange(10))

    assert cursor.own("a", 3).question.tolist() == [0, 1, 2]
    assert cursor.own("b", 2).question.tolist() == [0, 1]
    assert cursor.own("a", 3).question.tolist() == [3, 4, 5]


def test_after_all_questions_the_next_pass_is_a_new_draw():
    cursor = Cursor(np.arange(4))
    cursor.own("a", 3)

    portion = cursor.own("a", 3)

    assert portion.question.tolist() == [3, 0, 1]
    assert portion.draw.tolist() == [0, 1, 1]


def test_fresh_questions_are_unseen_by_all_and_not_seen_twice():
    cursor = Cursor(np.arange(12))
    cursor.own("a", 4)

    first, second = cursor.fresh(["a", "b"], 3)

    assert first.question.tolist() == second.question.tolist() == [4, 5, 6]
    assert cursor.own("a", 3).question.tolist() == [7, 8, 9]
    assert cursor.own("b", 6).question.tolist() == [0, 1, 2, 3, 7, 8]


def test_where_too_few_are_unseen_each_graph_gets_its_own_next_ones():
    cursor = Cursor(np.arange(5))
    cursor.own("a", 4)

    portions = cursor.fresh(["a", "b"], 3)

    assert portions[0].question.tolist() == [4, 0, 1]
    assert portions[1].question.tolist() == [0, 1, 2]
