"""Drawing experiments: fair, known in truth, and the same numbers as through frames and boards."""

from __future__ import annotations

import numpy as np
import pytest
from aa_bank import stored

from leaderboard.analyses import ANALYSES, EXACT
from leaderboard.boards import split_boards
from leaderboard.experiments import Bank, as_frames, draw, levelled, lifted
from leaderboard.ranks import Plan, rank


def _small(truth, right):
    names = tuple("ab")[: len(truth)]
    return Bank(names, tuple(f"t{i}" for i in range(truth.shape[1])), truth, right)


@pytest.mark.parametrize("items", [60, 0])
def test_the_array_path_gives_the_numbers_of_the_whole_pipeline(items, frames):
    """Frames, boards, samples, ranking: what a live or a simulated suite would say of these answers."""
    bank, template = stored()[1], frames.runs(methods=("random",), tasks=("math",), seeds=1)
    analysis = "crossed" if items else EXACT
    for number in range(6):
        cells = draw(bank, 5, items, np.random.default_rng(number), exchanged=True)
        runs, questions = as_frames(cells, ("one", "two"), bank.cells, template)
        (board,) = split_boards(runs)
        ranking = rank(board, questions, Plan(reference="two"))
        found = ranking.against_reference["one"]
        array = ANALYSES[analysis].test(*([cell[place] for cell in cells] for place in (0, 1)))

        assert ranking.analysis == ("crossed" if items else "simulated")
        assert (found.test.mean_difference, found.test.pvalue) == pytest.approx(array, rel=1e-12)
        assert found.separated == (array.pvalue <= 0.05)


def test_methods_share_blocks_and_items():
    right = np.random.default_rng(0).random((1, 2, 30, 50)) < 0.5
    bank = _small(np.zeros((2, 2, 30)), np.concatenate([right, right]))

    for cell in draw(bank, 8, 20, np.random.default_rng(3)):
        assert (cell[0] == cell[1]).all()


def test_exchanged_copies_are_equal_in_expectation_whatever_the_bank():
    """One copy is always right, the other never: exchanged, neither is ahead on average and blocks stay whole."""
    right = np.stack([np.ones((2, 30, 40), bool), np.zeros((2, 30, 40), bool)])
    bank = _small(np.zeros((2, 2, 30)), right)
    cells = draw(bank, 4000, 3, np.random.default_rng(5), exchanged=True)

    for cell in cells:
        assert (cell.sum(axis=0) == 1).all()
        assert (np.ptp(cell, axis=2) == 0).all()
        assert abs(cell[0].mean() - 0.5) < 0.03
    assert (draw(bank, 50, 3, np.random.default_rng(5))[0][0] == 1).all()


def test_a_lift_is_the_true_difference():
    bank = stored()[1]
    cells = draw(bank, 400, 240, np.random.default_rng(2), exchanged=True)
    better = [cell[0] for cell in cells]
    rng = np.random.default_rng(9)
    luck = [rng.random(values.shape) for values in better]
    raised = lifted(better, bank.level.mean(axis=0).tolist(), 0.05, luck)

    for before, after in zip(better, raised, strict=True):
        assert (after >= before).all()
        assert after.mean() - before.mean() == pytest.approx(0.05, abs=0.004)
    exact = lifted([np.full((4, 1), 0.4)], [0.4], 0.05, [np.zeros((4, 1))])
    assert exact[0] == pytest.approx(0.45)


def test_levelled_methods_are_equal_and_keep_their_own_questions():
    bank = stored()[0].only(1, 2)
    equal = levelled(bank, np.random.default_rng(4))

    assert abs(np.subtract(*bank.level)).max() > 0.02
    assert abs(np.subtract(*equal.level)).max() < 0.01
    assert np.ptp(equal.merit) < 1e-12
    assert not (equal.right & ~bank.right).any()


def test_a_bank_has_one_shape():
    with pytest.raises(ValueError, match="truth and right"):
        _small(np.zeros((2, 1, 3)), np.zeros((2, 1, 4, 5), bool))
    with pytest.raises(ValueError, match="two methods"):
        levelled(stored()[0], np.random.default_rng(0))
