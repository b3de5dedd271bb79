"""A normal form of mathematical answers: text in, text out, no process, no SymPy.

It removes what never changes an answer (spacing commands, `\\left`, dollar signs, `\\dfrac` for `\\frac`,
unicode for LaTeX, thousands separators) and keeps everything that may: brackets, order, signs, variables.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from tasks.grading.symbols import symbols
from tasks.grading.units import cut_units

__all__ = ["canonical", "normal", "number", "words_of"]

_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|mathbf|mathit|mathsf|operatorname|bf|rm|"
    r"boldsymbol)\s*\{([^{}]*)\}"
)
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty"""
_NUMBER_WORDS = {word: i for i, word in enumerate(_SMALL.split())}


@lru_cache(maxsize=20_000)
def normal(text: str) -> str:
    """The normal form of an answer. Idempotent; equal normal forms are equal answers."""
    text = symbols(text)
    text = cut_units(text)[0]
    text = _TEXT.sub(r"\1", text)
    text = re.sub(r"\\(?:text(?:bf|rm)?|mbox)(?![a-zA-Z])", "", text)
    text = text.replace("$", "").replace(r"\%", "%").strip().rstrip(".,;:").strip()
    # "√2 ≈ 1.41" states the exact value first.
    text = re.sub(r"^(?:\\approx|≈)|(?<=[\d})])\s*(?:\\approx|≈).*$", "", text).strip()
    text = _degrees(_thousands(text))
    text = _fractions(_roots(text))
    text = re.sub(r"\^\s*\{([^{}])\}", r"^\1", text)
    text = re.sub(r"_\s*\{([^{}]+)\}", r"_\1", text)
    text = re.sub(r"(?<![\d.])\.(?=\d|\\overline)", "0.", text)
    text = re.sub(r"\\\{\s*\\\}", r"\\emptyset ", text)
    text = re.sub(r"\s*,?\s*\b(?:and|or)\b\s*", ", ", text)
    return _spaces(text)


def _degrees(text: str) -> str:
    text = re.sub(r"(?:\^\s*\{?\s*\\circ\s*\}?|\\degrees?)\s*[CF]?\s*$", "", text)
    return re.sub(r"\^\s*\{?\s*\\circ\s*\}?", "", text)


def _thousands(text: str) -> str:
    """Without separators in a number; commas inside brackets may separate coordinates, so those stay.

    A comma that stays before three digits gets a blank, so that no second reading takes it for a separator.
    """
    if not re.search(r"[(\[]|\\\{", text):
        grouped = r"(?<![\d,.])(\d{1,3}(?:,\d{3})+)(?![\d,])"
        text = re.sub(grouped, lambda match: match[1].replace(",", ""), text)
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", ", ", text)


def _roots(text: str) -> str:
    r"""`\sqrt2` and `\sqrt x` with braces; `sqrt(2)` in LaTeX."""
    text = re.sub(r"(?<!\\)\bsqrt\s*\(([^()]*)\)", r"\\sqrt{\1}", text)
    text = re.sub(r"\\sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}", text)
    return re.sub(r"\\sqrt(\[\d+\])?\s*(\d+(?:\.\d+)?|[a-zA-Z]|\\pi)", _one_root, text)


def _one_root(match: re.Match[str]) -> str:
    # In LaTeX \sqrt23 is a root of 2 times 3; a model that wrote √23 meant the number.
    return rf"\sqrt{match[1] or ''}{{{match[2]}}}"


def _fractions(text: str) -> str:
    r"""`\frac12`, `\frac{1}2` and `a/b` of integers as `\frac{a}{b}`."""
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac\s*(\d|[a-z])\s*\{", r"\\frac{\1}{", text)
    text = re.sub(r"(\\frac\s*\{[^{}]*\})\s*(\d|[a-z]|\\pi)", r"\1{\2}", text)
    text = re.sub(r"(?<![\w}.)/])(\d+)\s*/\s*(\d+)(?![\w{.(/])", r"\\frac{\1}{\2}", text)
    return re.sub(r"\\frac\{\s*-\s*(\w+)\s*\}", r"-\\frac{\1}", text) if text.startswith(r"\frac{-") else text


def _spaces(text: str) -> str:
    """Without blanks, except between words or numbers, after a command and in lists of grouped digits."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(?<=\d), ?(?=\d{3}(?!\d))", ",\0", text)
    text = re.sub(r"(?<![a-zA-Z\d]) | (?![a-zA-Z\d])|(?<=\d) (?=[a-zA-Z])", "", text)
    return text.replace("\0", " ")


def number(text: str) -> Fraction | None:
    r"""The exact value of a plain number in normal form; else None.

    Plain are 12, -0.5, 1e3, 50%, \frac{3}{4}, 6\frac{1}{6}, 0.1\overline{6} and "four".
    """
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if match := re.fullmatch(r"(\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?)(%?)", body):
        return sign * Fraction(match[1]) / (100 if match[2] else 1)
    if (match := re.fullmatch(r"(\d*) ?\\frac\{(-?\d+)\}\{(\d+)\}", body)) and int(match[3]):
        return sign * (int(match[1] or 0) + Fraction(int(match[2]), int(match[3])))
    if match := re.fullmatch(r"(\d*)\.(\d*)\\overline\{?(\d+)\}?", body):
        repeating = Fraction(int(match[3]), (10 ** len(match[3]) - 1) * 10 ** len(match[2]))
        return sign * (Fraction(f"{match[1] or 0}.{match[2]}0") + repeating)
    word = _NUMBER_WORDS.get(text.casefold())
    return None if word is None else Fraction(word)


def words_of(text: str) -> str | None:
    r"""Letters of an answer that is words (`\text{Evelyn}`, `(C)`, `6:30 p.m.`), in lower case; else None."""
    plain = normal(text).strip("()")
    wrapped = re.match(r"\s*\(?\s*\\(?:text|mbox|mathrm|textbf)", text)
    if wrapped or re.fullmatch(r"[A-Za-z]{3,}(?: [A-Za-z]+)*|[A-E]|\d{1,2}(?::\d\d)+.*", plain):
        return re.sub(r"[\s.()'’]", "", plain).casefold() or None
    return None


def canonical(text: str) -> str:
    """A key that equal answers share as far as a normal form can tell: numbers by value, words by letters."""
    plain = normal(text)
    match = re.fullmatch(r"[a-zA-Z]=(.+)", plain)
    plain = match[1] if match and "=" not in match[1] else plain
    value = number(plain)
    if value is not None and not plain.endswith("%"):
        return str(value)
    return words_of(text) or plain
