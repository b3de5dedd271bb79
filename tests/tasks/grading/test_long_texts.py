"""Reading an answer takes time in proportion to the text, whatever a model prints."""

import time

import pytest

from tasks.grading.extract import math_answer
from tasks.grading.letters import letter
from tasks.grading.programs import program

PIECES = {
    "boxes never closed": r"\boxed{",
    "boxes without braces": r"\boxed ",
    "boxes": r"\boxed{5}",
    "declarations": "The answer is ",
    "declarations with a remark": "The answer is (aaaa",
    "headings": "**Answer:** ",
    "negations": "The answer is not ",
    "dollars": "$",
    "blanks": " ",
    "line ends": "\n",
    "brackets": "(",
    "letters in brackets": "(A) ",
    "digits": "1",
    "signs": r"\pm ",
    "fences": "```python\n",
    "two kinds of fences": "```\n~~~\n",
    "heads of functions": "def f(x):\n",
    "imports": "import a\n",
    "open strings": "def f(x): '''\n",
}
CPU_SECONDS = 20.0
"""Far above what it takes (up to 3 s on a slow machine); each of these took minutes before it was bounded."""


@pytest.mark.parametrize("name", PIECES)
def test_long_repetitions_are_read_in_time(name):
    text = PIECES[name] * (60_000 // len(PIECES[name]))
    started = time.process_time()
    for read in (
        math_answer,
        lambda t: letter(t, ["one", "two", "three", "four"]),
        lambda t: program(t, 'def f(x):\n    """Twice x."""\n', "f"),
    ):
        read(text)
    assert time.process_time() - started < CPU_SECONDS
