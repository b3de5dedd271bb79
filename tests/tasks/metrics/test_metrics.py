"""The graders as `evaluate` modules: loaded offline from their path, they agree with `Task.grade`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tasks.base import GRADE_KINDS, Question
from tasks.metrics import scores

METRICS = Path(__file__).resolve().parents[3] / "tasks" / "metrics"
CODE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import evaluate
for path, arguments in json.loads(sys.stdin.read()):
    print(json.dumps(evaluate.load(path).compute(**arguments)))
"""
CHOICES = ["Paris", "London", "Rome", "Bonn"]
ADD = {
    "prompt": 'def add(a, b):\n    """Sum."""\n',
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
    "entry_point": "add",
}
CASES = {
    "math": (["So \\boxed{1/2}.", "The answer is 3.", "?"], ["\\frac12"] * 3),
    "mmlu": (["Answer: B", "The answer is Rome", "?"], [{"answer": "B", "choices": CHOICES}] * 3),
    "humaneval": (["    return a + b\n", "    return a\n", ""], [ADD] * 3),
}


def test_metrics_load_offline_from_their_paths(tmp_path):
    orders = []
    for name, (predictions, references) in CASES.items():
        arguments = {"predictions": predictions, "references": references}
        if name == "humaneval":
            arguments["unsafe_local"] = True  # the programs are ours; the sandbox has tests of its own
        orders.append((str(METRICS / f"isobudget_{name}"), arguments))
    cache = {key: str(tmp_path) for key in ("HF_HOME", "HF_MODULES_CACHE", "HF_EVALUATE_CACHE", "HOME")}
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_EVALUATE_OFFLINE"), "1")
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input=json.dumps(orders),
        env=os.environ | cache | offline | {"PYTHONPATH": str(METRICS.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    none = dict.fromkeys((kind.value for kind in GRADE_KINDS), 0)
    expected = none | {"accuracy": 1 / 3, "correct": 1, "wrong": 1, "no_answer": 1}
    assert [json.loads(line) for line in done.stdout.splitlines()[-3:]] == [expected] * 3


def test_scores_count_every_completion():
    found = scores("math", [Question("", "", "2")] * 4, ["\\boxed{2}", "\\boxed{3}", "", "\\boxed{2"])
    expected = {"accuracy": 0.25, "correct": 1, "wrong": 1, "no_answer": 1, "malformed": 1}
    assert {key: value for key, value in found.items() if value} == expected
