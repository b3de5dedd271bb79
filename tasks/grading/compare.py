"""Whether two mathematical answers are the same, by their outer structure; an oracle judges single expressions.

What Math-Verify alone gets wrong lies mostly in the outer structure: open and closed intervals, ordered and
unordered lists, words, units, number bases, ±. So the structure is compared here, and only what is one
expression is passed on. Conventions, where a careful reader could differ:

- A unit may be missing, but two known units must agree. A percent sign may be missing: 50 and 50% are the same
  answer, 0.5 is 50% only when it is the gold answer.
- A list "1, 2" is unordered and equals the set {1, 2}; a bracketed tuple is ordered and equals a bare list only
  in order. (1, 2) and [1, 2] differ.
- `x = 5` equals 5, and x ∈ S equals S; `y = 5` is not `x = 5`. A missing number base is tolerated, another is
  wrong. Of an equation between numbers every side must be the answer: 2.56 = 56% is not 0.56.
- A column or row vector equals the tuple of its entries.
- Expressions that stand for a number must be exactly equal: 0.333 is not 1/3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasks.grading.normal import normal, number, words_of
from tasks.grading.units import units_of

__all__ = ["Node", "equal", "structure"]

Oracle = Callable[[str, str], bool]


class Node(NamedTuple):
    """Outer structure: `kind` is tuple, set, list, union, matrix or one; `form` tells the brackets."""

    kind: str
    form: str
    items: tuple[str, ...]


_PAIRS = {"(": ")", "[": "]", "{": "}"}
_MATRIX = re.compile(r"\\begin\{([pbvBV]?(?:small)?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\1\}", re.S)
_SEPARATOR = re.compile(r"[,;]|\\cup(?![a-zA-Z])")
_ASSIGNED = re.compile(
    r"([a-zA-Z]|\([a-z](?:,[a-z])+\)|\\[a-z]+|[a-zA-Z]_\{?\w+\}?|[a-zA-Z]\([a-z]\)|[a-zA-Z]{2,3})(?:=|\\in(?![a-z])|\\approx)(.+)",
    re.S,
)
_BASED = re.compile(r"(-?[0-9A-Z]+(?:\.[0-9A-Z]+)?)(?:_\{?(\d+)\}?)?")
_RELATION = re.compile(r"<|>|\\l[et](?![a-z])|\\g[et](?![a-z])|\\ne(?![a-z])")
_CHAIN = re.compile(r"(.+?)(<|\\l[et](?![a-zA-Z])) ?([a-zA-Z])(<|\\l[et](?![a-zA-Z])) ?(.+)")
_HALF = re.compile(r"([a-zA-Z])(<|>|\\[lg][et](?![a-zA-Z])) ?(.+)")


def equal(gold: str, answer: str, oracle: Oracle) -> bool:
    """Whether `answer` is `gold`, both in a model's notation; `oracle(a, b)` judges single expressions."""
    known = units_of(gold), units_of(answer)
    if all(known) and known[0] != known[1]:
        return False
    words = words_of(gold)
    if words is not None and (words == words_of(answer) or words == (words_of(rf"\text{{{answer}}}"))):
        return True
    left, right = normal(gold), normal(answer)
    if left == right:
        return True
    if words is not None and number(left) is None and "," not in left:
        return False
    return _same(left, right, oracle)


def _same(gold: str, answer: str, oracle: Oracle) -> bool:
    """Two answers in normal form."""
    gold, answer = _unassigned(gold, answer)
    if gold == answer:
        return True
    exact = _same_chain(gold, answer)
    exact = _same_number(gold, answer) if exact is None else exact
    exact = _same_base(gold, answer) if exact is None else exact
    if exact is not None:
        return exact
    left, right = structure(_interval(gold)), structure(_interval(answer))
    if left.kind == right.kind == "one":
        # Math-Verify reads R and r as one variable.
        return not _differ_in_case(gold, answer) and oracle(gold, answer)
    return _same_nodes(left, right, oracle)


def _differ_in_case(gold: str, answer: str) -> bool:
    """Whether the variables are the same but for upper and lower case."""
    a, b = (set(re.sub(r"\\[a-zA-Z]+", " ", text)) - set(" ") for text in (gold, answer))
    a, b = ({char for char in chars if char.isalpha()} for chars in (a, b))
    return a != b and {char.lower() for char in a} == {char.lower() for char in b}


def _same_number(gold: str, answer: str) -> bool | None:
    """Exact equality of two plain numbers; None when one is not plain."""
    a, b = number(gold), number(answer)
    if a is None or b is None:
        return None
    return a == b or (gold.endswith("%") != answer.endswith("%") and gold.rstrip("%") == answer.rstrip("%"))


def _same_chain(gold: str, answer: str) -> bool | None:
    """Whether every side of an equation between numbers is a side of the gold; None for other answers."""
    golds, answers = gold.split("="), answer.split("=")
    if len(golds) == len(answers) == 1 or any(number(side) is None for side in golds + answers):
        return None
    return all(any(_same_number(a, b) for a in golds) for b in answers)


def _unassigned(gold: str, answer: str) -> tuple[str, str]:
    """Both without `x =`, unless the variables differ or the gold answer is a true equation."""
    a, b = _ASSIGNED.fullmatch(gold), _ASSIGNED.fullmatch(answer)
    if a and b:
        return (a[2], b[2]) if a[1] == b[1] and "=" not in a[2] + b[2] else (gold, answer)
    if b and "=" not in gold and "=" not in b[2]:
        return gold, b[2]
    if a and "=" not in answer and "=" not in a[2]:
        return a[2], answer
    return gold, answer


def _same_base(gold: str, answer: str) -> bool | None:
    """Whether two numerals agree in digits and base (one may leave it out); None for other answers."""
    a, b = _BASED.fullmatch(gold), _BASED.fullmatch(answer)
    if not a or not b or not (a[2] or b[2]):
        return None
    return a[1] == b[1] and (not a[2] or not b[2] or a[2] == b[2])


def _interval(text: str) -> str:
    """An inequality of one variable as an interval."""
    match = _CHAIN.fullmatch(text)
    if match and not re.search(r"[,;]", match[1] + match[5]) and not _RELATION.search(match[1] + match[5]):
        opening = "[" if match[2] == r"\le" else "("
        return f"{opening}{match[1]},{match[5]}{']' if match[4] == chr(92) + 'le' else ')'}"
    match = _HALF.fullmatch(text)
    if not match or _RELATION.search(match[3]) or "," in match[3]:
        return text
    closed = match[2] in (r"\le", r"\ge")
    if match[2] in (">", r"\ge", r"\gt"):
        return f"{'[' if closed else '('}{match[3]},\\infty)"
    return f"(-\\infty,{match[3]}{']' if closed else ')'}"


def structure(text: str) -> Node:
    r"""The outer structure of a normal form.

    >>> structure(r"[1,\frac{1}{2})")
    Node(kind='tuple', form='[)', items=('1', '\\frac{1}{2}'))
    """
    if matrix := _MATRIX.fullmatch(text):
        rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?|\\cr", matrix[2]) if row.strip()]
        shape = f"{len(rows)}x{len(rows[0].split('&'))}" if rows else "0x0"
        return Node("matrix", shape, tuple(item.strip() for row in rows for item in row.split("&")))
    parts = _split(text, r"\cup")
    if len(parts) > 1:
        return Node("union", "", tuple(parts))
    if inner := _bracketed(text):
        return inner
    parts = _split(text, ",")
    if len(parts) > 1:
        spans = tuple(map(_interval, parts))
        # "x < 1 or x > 3" is a union of intervals.
        union = all(span != part for span, part in zip(spans, parts, strict=True))
        return Node("union", "", spans) if union else Node("list", "", tuple(parts))
    if text.count(r"\pm") == 1:
        return Node("list", "", (text.replace(r"\pm", "+").lstrip("+"), text.replace(r"\pm", "-")))
    return Node("one", "", (text,))


def _bracketed(text: str) -> Node | None:
    """A text that is one bracket from end to end with several items in it."""
    text = text.replace(r"\langle", "(").replace(r"\rangle", ")")
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return Node("set", "", tuple(_split(text[2:-2].strip(), ",")))
    if text[:1] not in ("(", "[") or text[-1:] not in (")", "]") or _depths(text[1:-1]) is None:
        return None
    parts = _split(text[1:-1].strip(), ",")
    return Node("tuple", text[0] + text[-1], tuple(parts)) if len(parts) > 1 else None


def _depths(text: str) -> list[int] | None:
    """The bracket depth before each character; None when a closing bracket comes first or one stays open.

    Brackets only count, they need not match in kind: intervals are half open.
    """
    depth, depths = 0, []
    for i, char in enumerate(text):
        depths.append(depth)
        if text[i - 1 : i] == "\\" and char not in "{}":
            continue
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return None
    return depths if depth == 0 else None


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators outside all brackets."""
    depths = _depths(text)
    if depths is None:
        return [text]
    cuts = [
        match
        for match in _SEPARATOR.finditer(text)
        if depths[match.start()] == 0 and (match[0] == r"\cup") == (separator == r"\cup")
    ]
    ends = [*(match.start() for match in cuts), len(text)]
    starts = [0, *(match.end() for match in cuts)]
    return [part for start, end in zip(starts, ends, strict=True) if (part := text[start:end].strip())]


def _same_nodes(gold: Node, answer: Node, oracle: Oracle) -> bool:
    kinds = gold.kind, answer.kind
    if gold.kind == answer.kind:
        ordered = gold.kind in ("tuple", "matrix")
        compare = _in_order if ordered else _in_any_order
        return gold.form == answer.form and compare(gold.items, answer.items, oracle)
    if set(kinds) <= {"list", "set", "one"}:
        return _in_any_order(_flat(gold), _flat(answer), oracle)
    if set(kinds) == {"list", "tuple"} and "()" in (gold.form, answer.form):
        return _in_order(gold.items, answer.items, oracle)
    if set(kinds) == {"matrix", "tuple"} and "()" in (gold.form, answer.form):
        vector = gold if gold.kind == "matrix" else answer
        return "1" in vector.form.split("x") and _in_order(gold.items, answer.items, oracle)
    return False


def _flat(node: Node) -> tuple[str, ...]:
    """Items of a list, with each ± as two."""
    return tuple(part for item in node.items for part in (structure(item).items if r"\pm" in item else (item,)))


def _in_order(gold: Sequence[str], answer: Sequence[str], oracle: Oracle) -> bool:
    if len(gold) != len(answer):
        return False
    return all(_same(a, b, oracle) for a, b in zip(gold, answer, strict=True))


def _in_any_order(gold: Sequence[str], answer: Sequence[str], oracle: Oracle) -> bool:
    gold, left = _flat(Node("list", "", tuple(gold))), list(_flat(Node("list", "", tuple(answer))))
    if len(gold) != len(left):
        return False
    for item in gold:
        # Equality of the items is transitive but for rounding, so the first match may be taken.
        index = next((i for i, other in enumerate(left) if _same(item, other, oracle)), None)
        if index is None:
            return False
        del left[index]
    return True
