"""The chosen letter in a multiple-choice completion."""

import pytest

from tasks.grading.letters import letter

CITIES = ("Paris", "London", "a dog", "Both A and B")
NUMBERS = ("-1", "1", "0.5", "15")

CASES = [
    ("The answer is not B but C", "C"),
    ("The answer is not B. It is C.", "C"),
    ("answer: c", "C"),
    ("Answer: (c)", "C"),
    ("**C**", "C"),
    ("(C)", "C"),
    ("C.", "C"),
    ("C", "C"),
    ("option c", "C"),
    ("The correct option is d.", "D"),
    ("The answer is **(C)**.", "C"),
    ("The answer is\n\n**B**", "B"),
    ("**Answer: B**", "B"),
    ("A) foo B) bar C) baz D) qux Answer: C", "C"),
    ("A. Paris\nB. London\nC. a dog\nD. Both\n\nAnswer: B. London", "B"),
    (r"\boxed{C}", "C"),
    (r"The final answer is $\boxed{\text{(B)}}$.", "B"),
    (r"\boxed{London}", "B"),
    ("The answer is London.", "B"),
    ("The answer is Paris because it is the capital", "A"),
    ("Paris", "A"),
    ("Answer: A dog", "C"),
    ("The correct answer is option D: Both A and B.", "D"),
    ("The answer is Both A and B", "D"),
    ("B is correct, so that is it.", "B"),
    ("Option B is incorrect. Option D is the right one", "D"),
    ("The answer is B because A is wrong", "B"),
    ("Therefore, the answer is (A) Paris and not (B).", "A"),
    ("Answer is C, not B", "C"),
    ("Answer: B\nWait, that is wrong. Answer: C", "C"),
    ("I would go with C", "C"),
    ("The best answer is: D", "D"),
    ("C\n\nBecause dogs bark, not cities.", "C"),
    ("Answer: the capital is London, so B.", "B"),
]
NONE = [
    "",
    "I do not know.",
    "The answer is a matter of taste.",
    "A. Paris\nB. London\nC. a dog\nD. Both A and B",
    "The correct answer is not B.",
    "All of these could be right, and then",
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_letter(text, expected):
    assert letter(text, CITIES) == (expected, "")


@pytest.mark.parametrize("text", NONE)
def test_no_letter(text):
    assert letter(text, CITIES) == (None, "")


@pytest.mark.parametrize("text", ["The answer is B or C.", r"\boxed{A, C}", "Answer: A and B"])
def test_two_letters_in_one_declaration_are_malformed(text):
    found = letter(text, ("1", "2", "3", "4"))
    assert found.answer is None
    assert found.note


@pytest.mark.parametrize(
    ("text", "expected"),
    [("The answer is -1", "A"), ("The answer is 1", "B"), ("Answer: 0.5", "C"), ("Answer: 15.", "D")],
)
def test_signs_and_points_tell_options_apart(text, expected):
    assert letter(text, NUMBERS).answer == expected


def test_an_option_that_is_a_letter_is_no_label():
    assert letter("Answer: B", ("B", "C", "D", "A")).answer == "B"
