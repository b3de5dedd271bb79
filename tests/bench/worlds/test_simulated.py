"""The simulated world as users see it: answers, grades, tokens, seconds, and what they must not depend on."""

import hashlib
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import IsobudgetError, UnknownName
from bench.graph import Graph
from bench.keys import fold
from bench.worlds.base import ABSENT, ROLE_KEYS, Calls
from bench.worlds.simulated import SPLITS, SimulatedWorld
from tasks import task_class
from tasks.base import GRADE_KINDS

MODELS = ("1B", "3B", "8B", "70B")
TASKS = ("math", "mmlu", "humaneval")
WORLD = SimulatedWorld()
ARRAYS = [field.name for field in fields(Calls)[3:]]


def random_calls(rows, seed, task="math", widest=5):
    """All roles and in-degrees; what stands beside absent inputs is noise. Our own keys draw it, for good."""
    wide = (rows, widest)

    def draw(stream, low, high, shape=(rows,)):
        keys = fold(fold(np.uint64(seed), stream), np.arange(np.prod(shape, dtype=int)))
        return (keys % np.uint64(high - low)).astype(np.int64).reshape(shape) + low

    degree = draw(0, 0, widest + 1)
    role = np.where(degree == 0, 0, np.array(list(ROLE_KEYS.values()))[draw(1, 0, len(ROLE_KEYS))])
    ids = draw(2, -1, 4, wide)
    ids[np.arange(widest) >= degree[:, None]] = ABSENT
    return Calls(
        task=task,
        split="search",
        models=MODELS,
        question=draw(3, 0, 500),
        trial=draw(4, 0, 3),
        salt=(draw(5, 0, 2**63 - 1) * draw(6, 0, 2)).astype(np.uint64),
        model=np.where(role == ROLE_KEYS["vote"], -1, draw(7, 0, 4)),
        role=role,
        replica=draw(8, 0, 4),
        inputs=ids,
        input_level=draw(9, 0, 6, wide),
        input_tokens=draw(10, 50, 900, wide),
        input_role=np.array([0, 1, ROLE_KEYS["critic"]])[draw(11, 0, 3, wide)],
        input_model=draw(12, -1, 4, wide),
    )


def singles(task, model, questions=20_000, replica=0, split="reference"):
    """One assistant on many questions."""
    none, zeros = np.zeros((questions, 0), dtype=np.int64), np.zeros(questions, dtype=np.int64)
    return Calls(
        task=task,
        split=split,
        models=MODELS,
        question=np.arange(questions),
        trial=zeros,
        salt=zeros.astype(np.uint64),
        model=zeros + MODELS.index(model),
        role=zeros,
        replica=zeros + replica,
        inputs=none,
        input_level=none,
        input_tokens=none,
        input_role=none,
        input_model=none,
    )


def picked(calls, at):
    return replace(calls, **{name: getattr(calls, name)[at] for name in ARRAYS})


def same(one, other):
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def part(answers, at):
    return type(answers)(*(getattr(answers, f.name)[at] for f in fields(answers)))


def digest(answers):
    seconds = np.round(answers.seconds * 1e6).astype(np.int64)
    parts = (answers.handle, answers.prompt_tokens, answers.completion_tokens, seconds)
    return hashlib.sha256(b"".join(array.astype("<i8").tobytes() for array in parts)).hexdigest()[:16]


def test_says_where_its_numbers_come_from():
    assert SimulatedWorld("flat-depth").provenance == "simulated (universe flat-depth)"
    assert SimulatedWorld("specialists").provenance == "simulated (universe specialists, synthetic pool)"


@pytest.mark.parametrize(("split", "size"), [("search", 50_000), ("test", 2_000), ("reference", 20_000)])
def test_questions(split, size):
    assert WORLD.questions("mmlu", split) == size


def test_splits_share_no_item():
    ranges = sorted((split.first, split.first + split.size) for split in SPLITS.values())

    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


def test_unknown_names_are_one_line():
    with pytest.raises(UnknownName, match="no split 'tset': did you mean 'test'"):
        WORLD.questions("math", "tset")
    with pytest.raises(IsobudgetError, match=r"no parameters for task 'gsm8k': it has math, mmlu, humaneval"):
        WORLD.questions("gsm8k", "test")
    with pytest.raises(IsobudgetError, match=r"no parameters for model '14B' on task 'math': it has 1B, 3B"):
        WORLD.answer(replace(random_calls(5, 0), models=("1B", "3B", "8B", "14B")))


def test_grades_are_positions_in_the_kinds():
    handle = np.array([0, 1, 7, -1])
    codes = WORLD.grade("math", "test", np.zeros(4, dtype=np.int64), handle)

    assert codes.dtype == np.int8
    assert [GRADE_KINDS[code].value for code in codes] == ["correct", "wrong", "wrong", "no_answer"]


# A change of any of these is a change of physics: a new suite version.
GOLDEN = {"math": "e7b8428ba75e79fa", "mmlu": "4c19a13637185d46", "humaneval": "15d51202256bc714"}


@pytest.mark.parametrize("task", TASKS)
def test_golden(task):
    assert digest(WORLD.answer(random_calls(5000, seed=1, task=task))) == GOLDEN[task]


@pytest.mark.parametrize("task", TASKS)
def test_a_new_world_answers_the_same(task):
    calls = random_calls(400, seed=2, task=task)

    assert same(WORLD.answer(calls), SimulatedWorld().answer(calls))


def test_handles_are_the_answers_without_the_rest():
    calls = random_calls(20_000, seed=3)

    assert np.array_equal(WORLD.handles(calls), WORLD.answer(calls).handle)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 60), data=st.data())
def test_rows_do_not_depend_on_their_batch(seed, rows, data):
    calls = random_calls(rows, seed)
    whole = WORLD.answer(calls)
    order = np.array(data.draw(st.permutations(range(rows))))
    single = data.draw(st.integers(0, rows - 1))

    assert same(WORLD.answer(picked(calls, order)), part(whole, order))
    assert same(WORLD.answer(picked(calls, [single])), part(whole, [single]))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), padding=st.integers(1, 6))
def test_rows_do_not_depend_on_padding(seed, padding):
    calls = random_calls(40, seed)
    rng = np.random.default_rng(seed)
    wider = {name: rng.integers(-1, 4, (40, padding)) for name in ARRAYS if name.startswith("input_")}
    wider["inputs"] = np.full((40, padding), ABSENT)
    padded = replace(calls, **{name: np.hstack([getattr(calls, name), more]) for name, more in wider.items()})

    assert same(WORLD.answer(padded), WORLD.answer(calls))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_answers_do_not_depend_on_the_order_of_the_inputs(seed):
    calls = random_calls(60, seed)
    rng = np.random.default_rng(seed)
    # any order of the inputs that are there; votes alone look at it, to break ties
    order = np.argsort(np.where(calls.inputs == ABSENT, 2.0, rng.random(calls.inputs.shape)), axis=1)
    names = [name for name in ARRAYS if name.startswith("input")]
    turned = {name: np.take_along_axis(getattr(calls, name), order, axis=1) for name in names}
    reads = calls.role != ROLE_KEYS["vote"]

    assert same(part(WORLD.answer(replace(calls, **turned)), reads), part(WORLD.answer(calls), reads))


def test_an_empty_batch_has_no_answers():
    assert len(WORLD.answer(random_calls(0, 0)).handle) == 0


def test_trial_salt_and_replica_draw_anew_and_items_stay():
    calls = singles("math", "3B", 5000)
    base = WORLD.handles(calls)
    others = [
        replace(calls, trial=calls.trial + 1),
        replace(calls, salt=calls.salt + np.uint64(9)),
        replace(calls, replica=calls.replica + 1),
    ]
    for other in others:
        again = WORLD.handles(other)

        assert 0.1 < np.mean(base != again) < 0.6
        assert np.corrcoef(base == 0, again == 0)[0, 1] > 0.35


def test_draws_of_different_calls_are_independent():
    """Deviations from the item's mean are uncorrelated between replicas, trials and items."""
    calls = [replace(singles("mmlu", "8B", 200), trial=np.full(200, t)) for t in range(150)]
    right = np.array([[WORLD.handles(replace(c, replica=c.replica + r)) == 0 for c in calls] for r in (0, 1)])
    off = right - right.mean(axis=1, keepdims=True)
    movable = off.std(axis=1).min(axis=0) > 0
    noise = off[:, :, movable]

    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(noise[0, :-1].ravel(), noise[0, 1:].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(noise[0, :, :-1].ravel(), noise[0, :, 1:].ravel())[0, 1]) < 0.03


def vote_of(*columns):
    ids = np.array([columns])
    calls = random_calls(1, 0, widest=len(columns))
    free = {"role": np.array([ROLE_KEYS["vote"]]), "model": np.array([-1]), "inputs": ids}
    return WORLD.answer(replace(calls, **free))


@pytest.mark.parametrize(
    ("ids", "winner"),
    [
        ((2, 0, 0), 0),
        ((2, 0, 0, 2), 2),
        ((0, 3), 0),
        ((3, 0), 3),
        ((-1, -1, 4), 4),
        ((-1, -1), -1),
        ((-1, 1, 0, 0, 1), 1),
        ((5, ABSENT, ABSENT), 5),
    ],
)
def test_vote_is_a_plurality_and_free(ids, winner):
    answers = vote_of(*ids)

    assert answers.handle.tolist() == [winner]
    assert [answers.prompt_tokens[0], answers.completion_tokens[0], answers.seconds[0]] == [0, 0, 0.0]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", MODELS)
def test_single_answers_have_the_nominal_length(task, model):
    answers = WORLD.answer(singles(task, model))
    tokens, constants = answers.completion_tokens, task_class(task)

    assert tokens.mean() == pytest.approx(constants.answer_tokens, rel=0.01)
    assert tokens.min() >= 1 and tokens.max() <= 4 * constants.answer_tokens
    assert (answers.prompt_tokens == constants.prompt_tokens).all()
    assert (answers.attempts == 1).all() and (answers.wall == 0).all()


def test_wrong_answers_are_longer_and_none_when_cut():
    answers = WORLD.answer(singles("math", "1B"))
    right = answers.handle == 0
    longest = answers.completion_tokens == 4 * 275

    assert answers.completion_tokens[~right].mean() > 1.2 * answers.completion_tokens[right].mean()
    assert (longest & ~right).any() and (answers.handle[longest & ~right] == -1).all()


def test_prompts_hold_what_is_read():
    calls = random_calls(300, seed=8)
    read = np.where(calls.inputs == ABSENT, 0, calls.input_tokens).sum(axis=1)
    expected = np.where(calls.role == ROLE_KEYS["vote"], 0, 202 + read)

    assert np.array_equal(WORLD.answer(calls).prompt_tokens, expected)


def test_seconds_follow_the_speeds_of_model_and_slots():
    calls = singles("math", "3B", 5000)
    alone, crowded = SimulatedWorld(slots=1).answer(calls), WORLD.answer(calls)
    modelled = 0.03 + 202 / 20_800 + alone.completion_tokens / 128
    ratio = alone.seconds / modelled

    assert ratio.mean() == pytest.approx(1, abs=0.005)
    assert np.log(ratio).std() == pytest.approx(0.05, abs=0.003)
    assert np.array_equal(alone.handle, crowded.handle)
    assert (crowded.seconds / alone.seconds).mean() == pytest.approx(1.21, abs=0.01)


def test_accuracies_of_parts_add_up():
    graphs = [Graph.of([("1B", "assistant")] * n, sink="vote") for n in (1, 3)]
    half = [WORLD.accuracies(graphs, "math", slice(a, a + 500), trials=(0,)) for a in (0, 500)]
    whole = WORLD.accuracies(graphs, "math", np.arange(1000), trials=(0,))

    assert np.allclose(np.mean(half, axis=0), whole, atol=1e-12)
    assert WORLD.accuracies([], "math").tolist() == []
    with pytest.raises(IsobudgetError, match="at least one question"):
        WORLD.accuracies(graphs, "math", slice(0, 0))
