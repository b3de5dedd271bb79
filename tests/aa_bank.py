"""A small bank of real runs for tests, kept in aa_bank.npz: `python tests/aa_bank.py` makes it again.

Random search twice with different streams, and two raced families, 60 seeds on three tasks, 240 test questions:
the first part of the bank of docs/protocols.py. tests/bench/app/test_bank.py runs some of it again and compares.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from leaderboard.experiments import Bank

PATH = Path(__file__).with_suffix(".npz")
SEARCH = {"search": "300ex", "questions": 10}
METHODS = ("random", "best-of-n", "parallel-then-fuse")
TASKS = ("math", "mmlu", "humaneval")
SEEDS, ITEMS = 60, 240


def stored() -> tuple[Bank, Bank]:
    """The bank of the methods, and that of two copies of the first."""
    data = np.load(PATH)
    shape = (len(METHODS) + 1, len(TASKS), SEEDS, ITEMS)
    right = np.unpackbits(data["right"], count=int(np.prod(shape))).reshape(shape).astype(bool)
    whole = Bank((*METHODS, "random (copy 1)"), TASKS, data["truth"], right)
    return whole.only(0, 1, 2), whole.only(0, 3)


def make() -> None:
    """Run the harness (a minute or two of one core) and write the file."""
    from bench.app.audit import make_bank
    from bench.app.bank import read_banks
    from bench.app.protocol import Protocol

    protocol = Protocol(
        "aa", "tests", METHODS, **SEARCH, seeds=10, items=200, analysis="crossed", bank=SEEDS, copies=2
    )
    make_bank(protocol, protocol.folder, 1, quiet=False)
    methods, copies = read_banks(protocol, protocol.folder, ITEMS)
    right = np.concatenate([methods.right, copies.right[1:]])
    truth = np.concatenate([methods.truth, copies.truth[1:]])
    np.savez_compressed(PATH, right=np.packbits(right), truth=truth)


if __name__ == "__main__":
    make()
