"""The normal form of mathematical answers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.grading.normal import canonical, normal, number, words_of
from tasks.grading.units import units_of

NORMAL = [
    (r"\dfrac12", r"\frac{1}{2}"),
    ("1/2", r"\frac{1}{2}"),
    ("½", r"\frac{1}{2}"),
    (r"\frac{-1}{2}", r"-\frac{1}{2}"),
    ("√2", r"\sqrt{2}"),
    (r"1,\!000", "1000"),
    ("1,000,000", "1000000"),
    ("1{,}000", "1000"),
    ("(1,000)", "(1, 000)"),
    ("100, 200", "100, 200"),
    (r"45^\circ,135^\circ", "45, 135"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\frac{\pi}{2})"),
    (r"5\text{ cm}^2", "5"),
    (r"\$18.90", "18.90"),
    (r"2516_{8}", "2516_8"),
    ("x^{2}", "x^2"),
    ("2^{10}", "2^{10}"),
    ("x² − 5", "x^2-5"),
    (".5", "0.5"),
    ("√2 ≈ 1.41", r"\sqrt{2}"),
    (r"2, 3, \text{ and } 4", "2,3,4"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    (r"\sin x", r"\sin x"),
]


@pytest.mark.parametrize(("text", "expected"), NORMAL)
def test_normal(text, expected):
    assert normal(text) == expected


@given(st.text(alphabet="0123456789,. xy()[]{}\\frac^_+-½√°%$ and", max_size=12))
def test_normal_form_of_any_text_does_not_raise(text):
    assert isinstance(normal(text), str)
    assert number(normal(text)) is None or isinstance(number(normal(text)), Fraction)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", Fraction(12)),
        ("-0.5", Fraction(-1, 2)),
        (r"-\frac{3}{4}", Fraction(-3, 4)),
        (r"6\frac{1}{6}", Fraction(37, 6)),
        ("50%", Fraction(1, 2)),
        ("four", Fraction(4)),
        (r"\frac{1}{0}", None),
        ("x", None),
        ("1,2", None),
    ],
)
def test_number(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (r"5 \text{ cm}", "cm"),
        (r"15\mbox{ cm}^2", "cm2"),
        (r"15\text{ square inches}", "in2"),
        ("10 ft", "ft"),
        (r"8.24 \text{ mph}", "mi/h"),
        (r"30^\circ", "deg"),
        (r"\$5", "usd"),
        (r"3 \text{ boxes}", ""),
        ("2x", ""),
        (r"8\!:\!34 \text{ p.m.}", ""),
    ],
)
def test_units(text, unit):
    assert units_of(text) == unit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"\text{Evelyn}", "evelyn"),
        (r"\text{(C)}", "c"),
        ("(C)", "c"),
        (r"4\!:\!51 \text{ p.m.}", "4:51pm"),
        ("x+1", None),
        ("12", None),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("a", "b"),
    [("0.5", r"\frac12"), ("x = 5", "5"), (r"\text{(C)}", "C"), (r"1,\!000", "1000.0"), ("½", "1/2")],
)
def test_equal_answers_share_a_key(a, b):
    assert canonical(a) == canonical(b)


@pytest.mark.parametrize(("a", "b"), [("(1,2)", "(2,1)"), ("[1,2)", "[1,2]"), ("5", "-5"), ("50%", "50.5%")])
def test_different_answers_have_different_keys(a, b):
    assert canonical(a) != canonical(b)
