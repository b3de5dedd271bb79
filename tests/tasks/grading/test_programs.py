"""The program in a code completion."""

import pytest

from tasks.grading.programs import helpers, program

PROMPT = 'import math\n\n\ndef helper(x):\n    return x + 1\n\n\ndef f(x: int) -> int:\n    """Twice x."""\n'
WHOLE = "def f(x):\n    return 2 * x"

CASES = {
    "body": "    return 2 * x\n",
    "body without indentation": "return 2 * x",
    "first line without indentation": "y = 2 * x\n    return y",
    "body, then another function": "    return 2 * x\n\ndef g():\n    return 1\n",
    "body, then prose": "    return 2 * x\n\nThis doubles x.",
    "whole function": WHOLE,
    "fence": f"```python\n{WHOLE}\n```",
    "fence without language": f"```\n{WHOLE}\n```",
    "fence amid prose": f"Sure!\n\n```python\n{WHOLE}\n```\n\nIt doubles x.",
    "fence never closed": f"Sure!\n```python\n{WHOLE}\n",
    "indented fence": "1. Code:\n   ```python\n   def f(x):\n       return 2 * x\n   ```",
    "fenced body": "```python\n    return 2 * x\n```",
    "example after the code": f"```python\n{WHOLE}\n```\nUse it:\n```python\nprint(f(3))\n```",
    "helper in a block of its own": (
        "```python\ndef two():\n    return 2\n```\n```python\ndef f(x):\n    return two() * x\n```"
    ),
    "second try": f"```python\ndef f(x):\n    return 3 * x\n```\nNo:\n```python\n{WHOLE}\n```",
    "prose without a fence": f"Here it is:\n\n{WHOLE}\n\nDone, it works.",
    "lambda": "```python\nf = lambda x: 2 * x\n```",
    "uses the prompt's helper": "```python\ndef f(x):\n    return helper(2 * x) - 1\n```",
    "uses the prompt's import": "```python\ndef f(x):\n    return math.floor(2 * x)\n```",
}


@pytest.mark.parametrize("name", CASES)
def test_program_runs_alone(name):
    found = program(CASES[name], PROMPT, "f")
    assert found.answer is not None, found.note
    namespace = {}
    exec(found.answer, namespace)
    assert namespace["f"](21) == 42


@pytest.mark.parametrize(
    "text",
    [
        "```python\ndef g(x):\n    return 2 * x\n```",
        "```python\ndef f(x:\n    return\n```",
        "def f(x) return 2",
        "    return 2 * (x\n",
    ],
)
def test_code_without_the_function_is_malformed(text):
    assert program(text, PROMPT, "f") == (None, "no parsable code that defines f")


@pytest.mark.parametrize("text", ["", "   \n", "I cannot help with that, sorry."])
def test_no_code_is_no_answer(text):
    assert program(text, PROMPT, "f") == (None, "")


def test_helpers_are_the_prompt_without_the_function():
    assert helpers(PROMPT, "f") == "import math\n\ndef helper(x):\n    return x + 1"
