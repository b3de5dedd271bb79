"""The unit at the end of a mathematical answer."""

from __future__ import annotations

import re

from tasks.grading.symbols import symbols

__all__ = ["cut_units", "units_of"]

_UNITS = re.compile(
    r"(?P<core>.*[\d}\)]|.*\\pi|[a-z])\s*\\(?:text(?:rm|normal|bf|it)?|mbox|mathrm|hbox)\s*\{\s*(?P<unit>[^{}]+)\}"
    r"(?P<power>\s*\^\s*\{?[23]\}?)?[.\s]*",
    re.S,
)
# Outside \\text, letters after a number are a unit only when they cannot be variables: 10 cm, not 2ab.
_BARE_UNITS = re.compile(
    r"(?P<core>.*[\d}]|.*\\pi)"
    r"(?P<unit>(?:\s*(?:[cmk]m|in|ft|yd|mi|kg|lb|oz|mph|USD)|\s+[mgLsh]|\s+[a-zA-Z]{3,})\b\.?"
    r"(?:[\s/]+[a-zA-Z.]+)*)"
    r"(?P<power>\^\{?[23]\}?)?[.\s]*",
    re.S,
)
# What looks like a unit but belongs to the answer: functions, connectives, halves of the day, the number i.
_NO_UNIT = re.compile(
    r"\s*,?\s*(?:sin|cos|tan|cot|sec|csc|log|ln|exp|pi|sqrt|mod|base|or|and)\b|(?:[ap]\.?m\.?|i)$", re.I
)
# Without plural s. All spellings of one unit have one short form.
_UNIT_NAMES = {
    name: unit
    for unit, names in {
        "cm": "centimeter centimetre cm",
        "m": "meter metre m",
        "km": "kilometer kilometre km",
        "mm": "millimeter mm",
        "in": "inch inche in",
        "ft": "foot feet ft",
        "yd": "yard yd",
        "mi": "mile mi",
        "s": "second sec s",
        "min": "minute min",
        "h": "hour hr h",
        "day": "day",
        "week": "week",
        "month": "month",
        "year": "year yr",
        "usd": "dollar usd",
        "cent": "cent",
        "eur": "euro",
        "lb": "pound lb",
        "oz": "ounce oz",
        "g": "gram g",
        "kg": "kilogram kg",
        "l": "liter litre",
        "gal": "gallon",
        "acre": "acre",
        "mi/h": "mph",
        "deg": "degree deg",
        "rad": "radian rad",
        "%": "percent %",
    }.items()
    for name in names.split()
}


def cut_units(text: str) -> tuple[str, str]:
    """An answer without its trailing unit, and the unit ("" if there is none)."""
    body = text.strip().strip("$").rstrip(".").strip()
    match = _UNITS.fullmatch(body) or _BARE_UNITS.fullmatch(body)
    if not match or _NO_UNIT.match(match["unit"]) or re.search(r"\b(?:and|or|cup)\s*$|\\$", match["core"]):
        return text, ""
    return match["core"].strip(), match["unit"].strip() + (match["power"] or "")


def units_of(text: str) -> str:
    """The unit of an answer in canonical short form; "" when it has none or none we know."""
    text = symbols(text)
    unit = cut_units(text)[1].casefold()
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
