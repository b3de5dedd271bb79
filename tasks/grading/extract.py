"""The final answer in a mathematical completion: text in, text out.

Rules, in this order:
1. The last complete, non-empty box (`\\boxed` or `\\fbox`, braces balanced, `\\{` and `\\}` not counted).
   Boxes joined by nothing but commas, "and" or "or" are one answer. A box that never closes is skipped: the
   text was cut off, and an earlier complete box is what the model had declared; without one there is only a
   note.
2. The last answer declared in words ("the answer is", "final answer:", "answer =").
3. A completion of one line that is nothing but mathematics.

A model can print anything, so no rule takes longer than in proportion to the text: what a declaration may span is
bounded, and braces are matched in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Found", "boxes", "math_answer"]


class Found(NamedTuple):
    """What was found: the answer, or None and a note on what is broken ("" when there simply is none)."""

    answer: str | None
    note: str = ""


class Box(NamedTuple):
    """One box: where it begins and ends in the text, and its content (None when it never closes)."""

    start: int
    end: int
    content: str | None


_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])[ \t]*")
_JOINT = re.compile(r"[\s$]*(?:,|;|,?\s*(?:\\text\{\s*)?\b(?:and|or)\b(?:\s*\})?)[\s$]*(?:[a-z]\s*=\s*)?", re.I)
_DECLARED = re.compile(
    r"\b(?:answer|result)\b(?:\s+(?:to|for|of|in)\b[^.:\n]{0,60}?)?\**\s*"
    r"(?:\b(?:is|are|equals|would be|must be|should be)\b\s*:?|:|=)[\s*]*",
    re.I,
)
_MATH_SPAN = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.S)
_SENTENCE_END = re.compile(r"[.!?](?=\s|\*|$)|\n")
_AFTERTHOUGHT = re.compile(r"[,;]?\s+(?:because|since|as|which|so|where|by|when|for|after|obtained|giving)\b")
_NOT_BUT = re.compile(r"not\b.*?\b(?:but|it is|rather)\b\s*", re.I | re.S)
_NO_ANSWER = re.compile(
    r"[$\s]*\\(?:boxed|fbox)|(?:obtained|found|given|correct|right|wrong|incorrect|unique|unknown|"
    r"as follows|the following)\b",
    re.I,
)
_SPAN = 1000
"""Characters after a declaration's opening words that can belong to the answer."""
_UNBRACED = 300
_SAYS = re.compile(r"\w|∞|∅")
_BARE = re.compile(r"[-+\d.,/^()\[\]{}=*√π∞±×°%!<>≤≥∪ a-z]*", re.I)


def boxes(text: str) -> Iterator[Box]:
    """Every box of a text, in order; a box inside a box counts once, as the outer one."""
    end = 0
    closing: dict[int, int] | None = None
    for match in _BOX.finditer(text):
        if match.start() < end:
            continue
        if text[match.end() : match.end() + 1] == "{":
            closing = _closing(text) if closing is None else closing
            box = _braced(text, match, closing.get(match.end()))
        else:
            box = _unbraced(text, match)
        end = box.end
        yield box


def _closing(text: str) -> dict[int, int]:
    """Where each brace that opens is closed; one that never is has no entry. `\\{` and `\\}` do not count."""
    opened: list[int] = []
    closing = {}
    for brace in re.finditer(r"\\.|[{}]", text, re.S):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            closing[opened.pop()] = brace.start()
    return closing


def _braced(text: str, match: re.Match[str], close: int | None) -> Box:
    if close is None:
        # Only the opening is consumed: what follows may hold a complete box.
        return Box(match.start(), match.end() + 1, None)
    return Box(match.start(), close + 1, text[match.end() + 1 : close].strip())


def _unbraced(text: str, match: re.Match[str]) -> Box:
    rest = re.match(r"[^$\n]*(?=\$)|[^\s$]*", text[match.end() : match.end() + _UNBRACED])
    content = rest[0] if rest else ""
    return Box(match.start(), match.end() + len(content), content.strip().rstrip(".,"))


def math_answer(text: str) -> Found:
    """The final answer of a completion, still in the model's notation. The rules stand above."""
    found = list(boxes(text))
    whole = [box for box in found if box.content]
    if whole:
        return Found(_joined(text, whole))
    declared = _declared(text)
    if declared is not None:
        return Found(declared)
    cut = any(box.content is None for box in found)
    line = text.strip().strip("*").strip()
    if not cut and _SAYS.search(line) and "\n" not in line and _is_bare(line):
        return Found(_tidy(line))
    return Found(None, "the box never closes" if cut else "")


def _joined(text: str, whole: list[Box]) -> str:
    last = [whole[-1]]
    for box in reversed(whole[:-1]):
        if not _JOINT.fullmatch(text[box.end : last[0].start]):
            break
        last.insert(0, box)
    return ", ".join(str(box.content) for box in last)


def _declared(text: str) -> str | None:
    for match in reversed(list(_DECLARED.finditer(text))):
        tail = _NOT_BUT.sub("", text[match.end() : match.end() + _SPAN].lstrip(), count=1)
        if _NO_ANSWER.match(tail):
            continue
        answer = _tidy(_clause(tail))
        if _SAYS.search(answer):
            return answer
    return None


def _clause(tail: str) -> str:
    """The declared answer at the start of a tail: its formulas with connectives, or its first sentence."""
    spans = []
    position = 0
    while match := _MATH_SPAN.match(tail, position):
        spans.append(next(group for group in match.groups() if group is not None))
        joint = re.match(r"\s*(?:,?\s*\b(?:and|or)\b|,)\s*(?=\$|\\\(|\\\[)", tail[match.end() :])
        if not joint:
            break
        position = match.end() + joint.end()
    if spans:
        unit = re.match(r"\s*(%|\\%|percent)", tail[match.end() :]) if match else None
        return ", ".join(spans) + (r"\%" if unit else "")
    if "\\begin" in tail.split("\n")[0]:
        return re.split(r"(?<=\})\.?\s*(?:\n|$)", tail, maxsplit=1)[0]
    sentence = _SENTENCE_END.split(tail, maxsplit=1)[0]
    return _without_afterthought(sentence)


def _without_afterthought(sentence: str) -> str:
    """A sentence without a reason at its end, or a remark in brackets."""
    ends = [match.start()] if (match := _AFTERTHOUGHT.search(sentence)) else []
    bracket = sentence.find("(")
    if bracket >= 0 and sentence.endswith(")") and re.search("[a-z]{4}", sentence[bracket:]):
        ends.append(len(sentence[:bracket].rstrip()))
    return sentence[: min(ends)] if ends else sentence


def _tidy(text: str) -> str:
    text = re.sub(r"\*\*|`|\\boxed|\\fbox", "", text)
    text = _MATH_SPAN.sub(lambda m: next(group for group in m.groups() if group is not None), text)
    return text.strip().strip("*_").rstrip(".,;:!").strip().lstrip(":").strip()


def _is_bare(line: str) -> bool:
    """Whether a line is mathematics alone: one formula, or symbols without words."""
    line = line.rstrip(". ")
    if "\\boxed" in line or "\\fbox" in line:
        return False
    if len(line) > 200:
        return False
    if _MATH_SPAN.fullmatch(line):
        return True
    if len(line) > 1 and not re.search(r"[\d\\π∞√+*/^=(-]", line):
        return False
    symbols = re.sub(r"\\(?:[a-zA-Z]+|.)", "", line)
    return bool(symbols or line) and bool(_BARE.fullmatch(symbols)) and not re.search(r"[a-zA-Z]{3}", symbols)
