"""The final answer in a mathematical completion."""

import pytest

from tasks.grading.extract import boxes, math_answer

CASES = [
    (r"So \boxed{5}.", "5"),
    (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
    (r"\boxed{\{1,2\}}", r"\{1,2\}"),
    (r"\[ \boxed{ x^{2^{3}} } \]", "x^{2^{3}}"),
    (r"\fbox{9}", "9"),
    (r"\boxed 5", "5"),
    (r"$\boxed 5$.", "5"),
    (r"so \boxed\frac{1}{2}$", r"\frac{1}{2}"),
    (r"First \boxed{3}. No, I erred: \boxed{4}", "4"),
    (r"\boxed{3} and \boxed{4}", "3, 4"),
    (r"$x = \boxed{3}$ or $x = \boxed{-3}$", "3, -3"),
    (r"\boxed{\boxed{7}}", r"\boxed{7}"),
    (r"Good: \boxed{7}. Check: \boxed{\frac{1", "7"),
    (r"\boxed{7} as \boxed{} asks", "7"),
    (r"The answer is 6, so \boxed{5}", "5"),
    ("The answer is 5.", "5"),
    ("Final answer: x=3", "x=3"),
    (r"So the final answer is $\frac12$", r"\frac12"),
    ("**Answer:** $12$", "12"),
    ("**Final Answer**: 42", "42"),
    ("The final answer is **42**.", "42"),
    ("Final Answer: The final answer is $12$. I hope it is correct.", "12"),
    ("The answer is 3.14.", "3.14"),
    ("The answer is not 5 but 7.", "7"),
    ("The answer is 4. Wait, the answer is 6.", "6"),
    ("The answer is:\n\n\\[ x = \\frac{3}{4} \\]", r"x = \frac{3}{4}"),
    (r"The answer is \(\pi/2\), since it must be positive.", r"\pi/2"),
    ("The answer is (−1, 5), since x<0", "(−1, 5)"),
    ("The answer is $3$ and $5$.", "3, 5"),
    (r"The answer is $50$%.", r"50\%"),
    ("The answer to the question is 10 cm.", "10 cm"),
    ("Hence the answer is √2.", "√2"),
    ("The answer is 3 × 10⁵...", "3 × 10⁵"),
    ("The answer is ½", "½"),
    ("The answer is east.", "east"),
    ("5", "5"),
    ("$x^2$", "x^2"),
    ("x = 5.", "x = 5"),
    ("-3π", "-3π"),
]
NONE = [
    ("", ""),
    ("I do not know.", ""),
    ("no", ""),
    ("We get x^2+1", ""),
    ("First we compute\n5 + 3 = 8\nand then", ""),
    (r"put it in \boxed{}", ""),
    ("the answer is obtained by adding", ""),
    (r"\boxed{\frac{1", "the box never closes"),
    (r"The answer is $\boxed{", "the box never closes"),
]


@pytest.mark.parametrize(("text", "answer"), CASES)
def test_answer(text, answer):
    assert math_answer(text).answer == answer


@pytest.mark.parametrize(("text", "note"), NONE)
def test_no_answer(text, note):
    assert math_answer(text) == (None, note)


def test_a_box_inside_a_box_counts_once():
    assert [box.content for box in boxes(r"\boxed{1 + \fbox{2}} \boxed{3}")] == [r"1 + \fbox{2}", "3"]
