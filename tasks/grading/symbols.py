"""One notation for mathematical text: LaTeX for unicode, and nothing that only spaces or sizes."""

from __future__ import annotations

import re

__all__ = ["symbols"]

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
_SPACING = re.compile(
    r"(?<!\\)\\(?:[,;:!> ]|quad|qquad|displaystyle|textstyle|limits|nolimits|hspace\*?\{[^}]*\}|"
    r"phantom\{[^}]*\})"
)
_SIZING = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr)(?![a-zA-Z])\s*\.?")


def symbols(text: str) -> str:
    """A text in plain LaTeX. Commas that can only separate thousands (`1{,}000`) are removed too."""
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
