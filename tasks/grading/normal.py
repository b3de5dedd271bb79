"""A normal form of mathematical answers: text in, text out, no process, no SymPy.

It removes what never changes an answer (spacing commands, `\\left`, dollar signs, `\\dfrac` for `\\frac`, unicode
for LaTeX, thousands separators) and keeps everything that may: brackets, order, signs, variables.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

__all__ = ["canonical", "normal", "number", "units_of", "words_of"]

_UNICODE = {
    "×": r"\times ",
    "·": r"\cdot ",
    "⋅": r"\cdot ",
    "÷": "/",
    "−": "-",
    "–": "-",
    "—": "-",
    "π": r"\pi ",
    "∞": r"\infty ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "±": r"\pm ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "°": r"^\circ ",
    "θ": r"\theta ",
    "α": r"\alpha ",
    "β": r"\beta ",
    "φ": r"\phi ",
    "ω": r"\omega ",
    "∅": r"\emptyset ",
    "ℝ": r"\mathbb{R}",
    "…": r"\ldots ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "′": "'",
    "’": "'",
    "％": "%",
    "√": r"\sqrt ",
    "∛": r"\sqrt[3] ",
    "⁄": "/",
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
}
_FRACTIONS = {
    "½": "12", "⅓": "13", "⅔": "23", "¼": "14", "¾": "34", "⅕": "15", "⅖": "25", "⅗": "35", "⅘": "45",
    "⅙": "16", "⅚": "56", "⅐": "17", "⅛": "18", "⅜": "38", "⅝": "58", "⅞": "78", "⅑": "19",
}  # fmt: skip
_TABLE = str.maketrans(_UNICODE | {sign: rf"\frac{{{d[0]}}}{{{d[1]}}}" for sign, d in _FRACTIONS.items()})
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_TEXT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|mathbf|mathit|mathsf|operatorname|bf|rm|boldsymbol)\s*\{([^{}]*)\}"
)
_SPACING = re.compile(
    r"(?<!\\)\\(?:[,;:!> ]|quad|qquad|displaystyle|textstyle|limits|nolimits|hspace\*?\{[^}]*\}|phantom\{[^}]*\})"
)
_SIZING = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr)(?![a-zA-Z])\s*\.?")
_UNITS = re.compile(
    r"(?P<core>.*[\d}\)]|.*\\pi|[a-z])\s*\\(?:text(?:rm|normal|bf|it)?|mbox|mathrm|hbox)\s*\{\s*(?P<unit>[^{}]+)\}"
    r"(?P<power>\s*\^\s*\{?[23]\}?)?[.\s]*",
    re.S,
)
_BARE_UNITS = re.compile(
    r"(?P<core>.*(?:\d|\})|.*\\pi)\s*(?P<unit>(?:[a-zA-Z]{2,}\.?|[mgLs](?![a-zA-Z]))(?:[\s/]+[a-zA-Z.]+)*)(?P<power>\^\{?[23]\}?)?[.\s]*",
    re.S,
)
# What looks like a unit but belongs to the answer: functions, connectives, halves of the day, the imaginary unit.
_NO_UNIT = re.compile(
    r"\s*,?\s*(?:sin|cos|tan|cot|sec|csc|log|ln|exp|pi|sqrt|mod|base|or|and)\b|(?:[ap]\.?m\.?|i)$", re.I
)
_UNIT_NAMES = {
    "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m", "kilometer": "km", "kilometre": "km",
    "millimeter": "mm", "inch": "in", "inche": "in", "foot": "ft", "feet": "ft", "yard": "yd", "mile": "mi",
    "second": "s", "sec": "s", "minute": "min", "hour": "h", "hr": "h", "day": "day", "week": "week", "month": "month",
    "year": "year", "yr": "year", "dollar": "usd", "usd": "usd", "cent": "cent", "euro": "eur", "pound": "lb",
    "lb": "lb", "ounce": "oz", "oz": "oz", "gram": "g", "kilogram": "kg", "kg": "kg", "g": "g", "liter": "l",
    "litre": "l", "gallon": "gal", "acre": "acre", "mph": "mi/h", "cm": "cm", "m": "m", "km": "km", "mm": "mm", "in": "in",
    "ft": "ft", "yd": "yd", "mi": "mi", "s": "s", "min": "min", "h": "h", "degree": "deg", "deg": "deg", "radian": "rad", "rad": "rad",
    "percent": "%", "%": "%",
}  # fmt: skip
_NUMBER_WORDS = {
    word: str(i)
    for i, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
}


@lru_cache(maxsize=20_000)
def normal(text: str) -> str:
    """The normal form of an answer. Idempotent; equal normal forms are equal answers."""
    text = _symbols(text)
    text = _cut_units(text)[0]
    text = _TEXT.sub(r"\1", text)
    text = re.sub(r"\\(?:text(?:bf|rm)?|mbox)(?![a-zA-Z])", "", text)
    text = text.replace("$", "").replace(r"\%", "%").strip().rstrip(".,;:").strip()
    # "√2 ≈ 1.41" states the exact value first.
    text = re.sub(r"^(?:\\approx|≈)|(?<=[\d})])\s*(?:\\approx|≈).*$", "", text).strip()
    text = _degrees(_thousands(text))
    text = _fractions(_roots(text))
    text = re.sub(r"\^\s*\{([^{}])\}", r"^\1", text)
    text = re.sub(r"_\s*\{([^{}]+)\}", r"_\1", text)
    text = re.sub(r"(?<![\d.])\.(?=\d)", "0.", text)
    text = re.sub(r"\s*,?\s*\b(?:and|or)\b\s*", ", ", text)
    return _spaces(text)


def _symbols(text: str) -> str:
    """LaTeX for unicode; nothing that only spaces or sizes."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+", lambda m: "^{" + m[0].translate(_SUPER) + "}", text.strip())
    text = re.sub(r"[₀₁₂₃₄₅₆₇₈₉]+", lambda m: "_{" + m[0].translate(_SUB) + "}", text)
    text = text.translate(_TABLE)
    text = re.sub(r"\\\(|\\\)|\\\[(?!\d*(?:pt|em|ex))|(?<!\\)\\\]", "", text)
    text = _SIZING.sub("", text)
    text = re.sub(r"(?<=\d)(?:\{,\}|,\\!|\\[,!])\s*(?=\d{3})", "", text)
    text = _SPACING.sub(" ", text).replace("~", " ").replace(r"\$", "$")
    text = re.sub(r"\\[dtc]frac", r"\\frac", text)
    for name, plain in (
        ("leq", "le"),
        ("geq", "ge"),
        ("neq", "ne"),
        ("lbrace", "{"),
        ("rbrace", "}"),
        ("varnothing", "emptyset"),
    ):
        text = re.sub(rf"\\{name}(?![a-zA-Z])", rf"\\{plain}", text)
    return text


def _cut_units(text: str) -> tuple[str, str]:
    """An answer without its trailing unit, and the unit ("" if there is none)."""
    body = text.strip().strip("$").rstrip(".").strip()
    match = _UNITS.fullmatch(body) or _BARE_UNITS.fullmatch(body)
    if not match or _NO_UNIT.match(match["unit"]) or re.search(r"\b(?:and|or|cup)\s*$|\\$", match["core"]):
        return text, ""
    return match["core"].strip(), match["unit"].strip() + (match["power"] or "")


def units_of(text: str) -> str:
    """The unit of an answer in canonical short form; "" when it has none or none we know."""
    text = _symbols(text)
    unit = _cut_units(text)[1].casefold()
    if re.search(r"\\circ\s*\}?$|\\degrees?$", text.strip(" .$")):
        return "deg"
    if not unit:
        return "usd" if text.lstrip().startswith("$") and not text.rstrip().endswith("$") else ""
    words = re.findall(r"[a-z%]+", re.sub(r"\b(?:sq|square|cubic)\b", "", unit))
    names = [_UNIT_NAMES.get(word) or _UNIT_NAMES.get(word.rstrip("s")) or "" for word in words]
    return "/".join(filter(None, names)) + _power(unit) if any(names) else ""


def _power(unit: str) -> str:
    if re.search(r"\b(?:sq|square)\b|\^\{?2", unit):
        return "2"
    return "3" if re.search(r"\bcubic\b|\^\{?3", unit) else ""


def _degrees(text: str) -> str:
    text = re.sub(r"\^\s*\{?\s*\\circ\s*\}?\s*(?=[CF]?\s*$)|\\degree[s]?(?=\s*$)", "", text)
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
    """Without blanks, except between words, between numbers, after a command and in lists of grouped digits."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"(?<=\d), ?(?=\d{3}(?!\d))", ",\0", text)
    text = re.sub(r"(?<![a-zA-Z\d]) | (?![a-zA-Z\d])|(?<=\d) (?=[a-zA-Z])", "", text)
    return text.replace("\0", " ")


def number(text: str) -> Fraction | None:
    r"""The exact value of a plain number in normal form: 12, -0.5, 50%, \frac{3}{4}, 6\frac{1}{6}; else None."""
    match = re.fullmatch(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(%?)", text)
    if match:
        value = Fraction(match[2])
        return (-value if match[1] == "-" else value) / (100 if match[3] else 1)
    match = re.fullmatch(r"([+-]?)(\d*) ?\\frac\{(-?\d+)\}\{(\d+)\}", text)
    if match and int(match[4]) != 0:
        value = Fraction(int(match[2] or 0)) + Fraction(int(match[3]), int(match[4]))
        return -value if match[1] == "-" else value
    return Fraction(int(_NUMBER_WORDS[text.casefold()])) if text.casefold() in _NUMBER_WORDS else None


def words_of(text: str) -> str | None:
    r"""The letters of an answer that is words (`\text{Evelyn}`, `(C)`, `6:30 p.m.`), casefolded; None if it is not."""
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
