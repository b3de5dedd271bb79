"""The vectorised world against a second implementation: one call at a time, in plain Python."""

import math
from collections import Counter
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest

from bench.worlds.base import ABSENT, ROLE_KEYS, Calls
from bench.worlds.simulated import SPLITS, SimulatedWorld
from bench.worlds.simulation.universe import load_universe
from tasks import task_class

MODELS = {"1B": 0, "3B": 1, "8B": 2, "70B": 3}
SPECIALISTS = {"Ash": 4, "Elm": 5, "Fir": 6, "Oak": 7}
ROLE_NAMES = {key: name for name, key in ROLE_KEYS.items()}
NORMAL = NormalDist()
MASK = 2**64 - 1


def mix(x):
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def fold(h, v):
    return mix(((h + 0x9E3779B97F4A7C15) ^ (v * 0xD1342543DE82EF95)) & MASK)


def unif(h):
    return ((h >> 11) + 0.5) / 2**53


def normal(h):
    return NORMAL.inv_cdf(unif(h))


def chance(h, p):
    return h >> 32 < round(p * 2**32)


@cache
def hardness(accuracy, within, nu, strengths):
    x, weight = np.polynomial.hermite_e.hermegauss(41)
    sd = np.sqrt(within + (1 - within) * np.exp(2 * nu * x - 2 * nu * nu))
    low, high = -8.0, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        total = sum(w * NORMAL.cdf((x - middle) / s) for w, s in zip(weight, sd, strict=True) for x in strengths)
        mean = total / sum(weight) / len(strengths)
        low, high = (middle, high) if mean > accuracy else (low, middle)
    return middle


class Item:
    """One item for one model."""

    def __init__(self, universe, task, index, model):
        p, c = universe.tasks[task], universe.common
        self.p, self.c, self.model = p, c, model
        self.key = fold(fold(fold(universe.number, 1), task_class(task).key), index)
        number = (MODELS | SPECIALISTS)[model]
        n, q = normal(fold(self.key, 12)), normal(fold(self.key, 13))
        common, quirk = normal(fold(self.key, 11)), normal(fold(fold(self.key, 14), number))
        strengths = tuple(p.strengths.get(model, (0.0,)))
        theta = hardness(p.accuracy[model], p.within, c.noise_spread, strengths)
        kin = normal(fold(fold(self.key, 16), universe.models[model].family))
        across = p.between if p.across is None else p.across
        shared = math.sqrt(across) * common + math.sqrt(p.between - across) * kin
        strength = strengths[int(unif(fold(self.key, 17)) * len(strengths))]
        self.margin = shared + math.sqrt(p.within - p.between) * quirk - theta + strength
        self.noise = math.sqrt(1 - p.within) * math.exp(c.noise_spread * n - c.noise_spread**2)
        logit = math.log(p.coincidence / (1 - p.coincidence)) + c.coincidence_spread * q
        self.same = 1 / (1 + math.exp(-logit))
        self.pet = self.kth(unif(fold(fold(self.key, 15), number)))
        limit = c.verification_limit
        self.pull = max(-limit, min(limit, p.verification + p.verification_slope * self.margin))

    def kth(self, u):
        if self.p.wrong_options == 0:
            s = min(max(self.same, 0.01), 0.95)
            return 1 + int(math.log(u) / math.log((1 - s) / (1 + s)))
        s = min(max(self.same, 0.334), 0.95)
        low, high = 0.0, 1.0  # r by bisection, from the definition: the squared weights sum to s
        for _ in range(80):
            r = (low + high) / 2
            low, high = (r, high) if (1 + r**2 + r**4) / (1 + r + r**2) ** 2 > s else (low, r)
        weights = [1, 1 + r, 1 + r + r * r]
        return next(k for k, below in enumerate(weights, 1) if u * weights[2] < below)


def attempt(item, h, shift):
    if chance(fold(h, 20), NORMAL.cdf((item.margin + shift) / item.noise)):
        return 0
    if chance(fold(h, 21), item.p.no_answer[item.model]):
        return -1
    if chance(fold(h, 22), item.p.pet):
        return item.pet
    return item.kth(unif(fold(h, 23)))


def cut(item, task, h, answer):
    accuracy, c, sd = item.p.accuracy[item.model], item.c, item.p.token_spread
    mean = accuracy * c.right_length + (1 - accuracy) * c.wrong_length
    longest = c.longest * task.answer_tokens
    tokens = task.answer_tokens * c.wrong_length / mean * math.exp(sd * normal(fold(h, 28)) - sd * sd / 2)
    return -1 if answer != 0 and round(tokens) >= longest else answer


def answer(universe, calls, row):
    """The answer of one row of a batch."""
    ids = [int(y) for y in calls.inputs[row] if y != ABSENT]
    role, task = ROLE_NAMES[int(calls.role[row])], task_class(calls.task)
    if role == "vote":
        votes = Counter(y for y in ids if y >= 0)
        return max(votes, key=lambda y: (votes[y], -ids.index(y)), default=-1)
    index = SPLITS[calls.split].first + int(calls.question[row])
    model = calls.models[int(calls.model[row])]
    item = Item(universe, calls.task, index, model)
    h = fold(item.key, 1000 + int(calls.trial[row]))
    h = fold(h, (MODELS | SPECIALISTS)[model] + 8 * int(calls.role[row]) + 64 * int(calls.replica[row]))
    h = fold(h, int(calls.salt[row])) if calls.salt[row] else h
    if not ids:
        return cut(item, task, h, attempt(item, h, 0.0))
    return cut(item, task, h, read(universe, calls, row, item, h, role, ids))


def read(universe, calls, row, item, h, role, ids):
    p, c, reader, task = item.p, item.c, universe.models[item.model], task_class(calls.task)
    levels = [int(level) for level in calls.input_level[row][: len(ids)]]
    share = math.floor(4 * ids.count(0) / len(ids) + 0.5) / 4
    swayed = role != "assistant"
    own = attempt(item, h, p.reading + p.sway * (2 * share - 1) if swayed else 0.0)
    solves = role != "critic"
    length = task.prompt_tokens + task.answer_tokens * sum(1 + c.length_inflation * x for x in levels)
    psi = c.overload_ceiling * (1 - math.exp(-((length / 1000 / reader.context) ** 2)))
    if chance(fold(h, 24), psi):
        if chance(fold(h, 26), c.overload_none):
            return -1
        weight = Counter(ids + [own] * solves)
        return min(weight, key=lambda y: -math.log(unif(fold(fold(h, 27), y + 7))) / weight[y])
    votes = Counter(y for y in ids if y >= 0)
    candidates = set(votes) | ({own} if solves and own >= 0 else set())
    self_trust = p.self_trust + reader.self_trust + (c.select_self_trust if role == "select" else 0.0)
    anchor = p.anchor * swayed + (c.select_anchor if role == "select" else 0.0)

    def utility(y):
        u = reader.plurality * votes[y] + self_trust * (y == own and solves) + item.pull * (y == 0)
        u += anchor * (len(votes) == 1 and y in votes)
        critics = [
            Item(universe, calls.task, SPLITS[calls.split].first + int(calls.question[row]), calls.models[m]).pull
            for x, r, m in zip(ids, calls.input_role[row], calls.input_model[row], strict=False)
            if x == y and r == ROLE_KEYS["critic"]
        ]
        return u + (c.critic_weight * max(critics) if critics else 0.0)

    race = {y: -math.log(unif(fold(fold(h, 25), y + 7))) / math.exp(utility(y)) for y in candidates}
    return min(race, key=race.__getitem__, default=-1)


def random_calls(task, rows, seed, models=MODELS):
    """All roles, all in-degrees up to 5, ids from none to the third wrong answer, deep inputs."""
    rng = np.random.default_rng(seed)
    degree = rng.integers(0, 6, rows)
    role = np.where(degree == 0, 0, rng.choice([0, 1, 2, 3, 4, 6], rows))
    ids = rng.integers(-1, 4, (rows, 5))
    ids[np.arange(5) >= degree[:, None]] = ABSENT
    return Calls(
        task=task,
        split="search",
        models=tuple(models),
        question=rng.integers(0, 300, rows),
        trial=rng.integers(0, 3, rows),
        salt=rng.integers(0, 2**63, rows).astype(np.uint64) * rng.integers(0, 2, rows).astype(np.uint64),
        model=np.where(role == 3, -1, rng.integers(0, 4, rows)),
        role=role,
        replica=rng.integers(0, 4, rows),
        inputs=ids,
        input_level=rng.integers(0, 6, (rows, 5)),
        input_tokens=rng.integers(50, 900, (rows, 5)),
        input_role=rng.choice([0, 1, 6], (rows, 5)),
        input_model=rng.integers(0, 4, (rows, 5)),
    )


@pytest.mark.parametrize("task", ["math", "mmlu", "humaneval"])
@pytest.mark.parametrize(
    ("name", "models"), [("main", MODELS), ("strong-verifier", MODELS), ("specialists", SPECIALISTS)]
)
def test_equals_the_law_row_by_row(task, name, models):
    calls = random_calls(task, 250, seed=5, models=models)
    universe = load_universe(name)

    expected = [answer(universe, calls, row) for row in range(len(calls.question))]

    assert SimulatedWorld(name).answer(calls).handle.tolist() == expected
