"""The chosen letter in a multiple-choice completion: text in, letter out.

The last declaration wins ("Answer: C", "the correct option is (c)", a box, "B is correct"), since a model
that corrects itself does so at the end. Two letters in one declaration are no answer but a malformed one.
Without a declaration, a line that is only a letter counts, and so does a completion that is only an
option's text. As a model can print anything, runs of blanks and marks and the length of a declaration are bounded:
reading takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tasks.grading.extract import Found, boxes

__all__ = ["letter"]


class Claim(NamedTuple):
    """One declaration: where it stands in the text and what it declares."""

    position: int
    found: Found


_ANCHOR = re.compile(
    r"\b(?:answer|choice|option|solution)s?\b(?!\s+(?:choices|options))[^.\n:?!=]{0,50}?"
    r"(?:\b(?:is|are|be|as|was)\b(?:\s*:)?|:|=)|"
    r"\b(?:choose|select|pick|chose|go(?:ing)? with|conclude|it is|it must be|must be)\b",
    re.I,
)
_VERDICT = re.compile(
    r"(?<![a-zA-Z])(?:option|choice|answer)?\s{0,9}[(*\[]{0,9}([A-D])[)*\].:]{0,9}"
    r"\s{1,9}(?:is|must be|seems)\s{1,9}"
    r"(?:thus |therefore |clearly )?"
    r"(?:the\s{1,9})?(?:only\s{1,9})?(?:correct|right|best|true)\b(?!\s+(?:that|only if))"
)
_MARKUP = re.compile(r"\\(?:text(?:bf|rm|it)?|mathrm|mathbf|boxed|fbox)\b|[*_`$\"“”‘’{}\\]")
_NOT = re.compile(
    r"\b(?:not|neither|rather than|instead of)\s+(?:option |choice |the )?\(?[A-Da-d]\b\)?"
    r"(?:\s+(?:n?or|and)\s+\(?[A-Da-d]\b\)?)*\s*[,;]?\s*(?:but|it is|it's|rather)?\s*"
)
_LEAD = re.compile(
    r"(?:\s|[,:;>\-]|(?:the|option|choice|letter|answer|therefore|thus|clearly|indeed|definitely|most|likely|probably|"
    r"actually|simply|indicated|final|correct|best|is|be|with|that|it|number)\b)*",
    re.I,
)
_LETTER = re.compile(r"[(\[]?\s*(?:([A-D])|([a-d]))(?![A-Za-z0-9'])\s*[)\]]?")
_SECOND = re.compile(
    r"\s*(?:,|/|&|\bor\b|\band\b|,\s*or|,\s*and)\s*(?:option |choice )?"
    r"[(\[]?([A-D])(?![A-Za-z0-9'])[)\]]?(?!\s+[a-z])"
)
_LATE = re.compile(
    r"\b(?:so|option|choice|hence|thus|therefore|i\.e\.)[,:]?\s+"
    r"(?:it is |the answer is )?\(?([A-D])(?![A-Za-z0-9'])"
)
_ALONE = re.compile(r"[\W_]*(?:option|choice)?[\W_]*([A-Da-d])[\W_]*", re.I)
_LINE = 80
"""Characters of a line that is a letter and marks around it."""
_SPAN = 2000
"""Characters of a declaration: an option's text is shorter."""
_MARKED = re.compile(r"\(([A-D])\)|\*\*([A-D])[.)]?\*\*")


def letter(text: str, choices: Sequence[str]) -> Found:
    """The letter a completion settles on, "A" for `choices[0]` and so on; the rules stand above."""
    claims = sorted(_claims(text, choices), key=lambda claim: claim.position)
    if claims:
        return claims[-1].found
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return Found(None)
    for line in (lines[-1], lines[0]):
        if len(line) <= _LINE and (alone := _ALONE.fullmatch(line)):
            return Found(alone[1].upper())
    if len(lines) == 1 and (found := _read(text[:_SPAN], choices)).answer:
        return found
    marked = {a or b for a, b in _MARKED.findall(lines[-1])}
    return Found(marked.pop()) if len(marked) == 1 else Found(None)


def _claims(text: str, choices: Sequence[str]) -> Iterator[Claim]:
    for box in boxes(text):
        if box.content:
            yield Claim(box.start, _read(box.content[:_SPAN], choices))
    for match in _ANCHOR.finditer(text):
        found = _read(_tail(text[match.end() : match.end() + _SPAN]), choices)
        if found.answer or found.note:
            yield Claim(match.start(), found)
    for match in _VERDICT.finditer(text):
        yield Claim(match.start(), Found(match[1]))


def _tail(text: str) -> str:
    """What an anchor declares: up to the end of the line, past leading blanks and markup."""
    return text.lstrip(" \t\n:*").split("\n", 1)[0]


def _read(tail: str, choices: Sequence[str]) -> Found:
    """The letter at the start of a declaration, or of the option whose text it gives."""
    plain = _NOT.sub(" ", _MARKUP.sub("", tail))
    if (index := _option(plain, choices)) is not None:
        return Found("ABCD"[index])
    start = _LEAD.match(plain)
    plain = plain[start.end() :] if start else plain
    match = _LETTER.match(plain)
    if match and _counts(match, plain):
        second = _SECOND.match(plain, match.end())
        first = (match[1] or match[2]).upper()
        if second and second[1] != first:
            return Found(None, f"both {first} and {second[1]} are declared")
        return Found(first)
    if (index := _option(plain, choices)) is not None:
        return Found("ABCD"[index])
    late = _LATE.findall(re.split(r"[.?!]\s", plain, maxsplit=1)[0])
    return Found(late[-1] if late else None)


def _counts(match: re.Match[str], plain: str) -> bool:
    """Whether a letter is a choice and not the article "a" or the start of a word.

    A lower-case letter needs a bracket, punctuation or the end after it; so does "A" before a lower-case
    word, unless that word gives a reason.
    """
    rest = plain[match.end() :]
    closed = match[0][-1] in ")]" or re.match(
        r"\s*(?:[.,;:)\-–—]|$|because|since|as\b|for\b|is\b|and\b|or\b)", rest
    )
    return bool(closed) or (match[2] is None and match[1] != "A")


def _plain(text: str) -> str:
    # Signs and decimal points tell options apart ("-1", "1"), so only the ends are stripped.
    return re.sub(r"\s+", " ", _MARKUP.sub("", text)).strip(" .,;:!?()[]'").casefold()


def _option(text: str, choices: Sequence[str]) -> int | None:
    """The option whose text a declaration gives, whole or as its beginning; the longest that fits."""
    words = _plain(text)
    options = [(i, _plain(choice)) for i, choice in enumerate(choices)]
    fits = [(len(option), -i) for i, option in options if _fits(words, option)]
    return -max(fits)[1] if fits else None


def _fits(words: str, option: str) -> bool:
    if not option or re.fullmatch("[a-d]", option):  # a lone letter is a label, whatever an option says
        return False
    prefix = len(option) > 2 and re.match(re.escape(option) + r"(?:\s|[.,;:!?)](?:\s|$))", words)
    return words == option or bool(prefix)
