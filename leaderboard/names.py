"""What may stand where readers look: names, labels and sentences of a submission.

Nothing that a submission says is ever rendered as markup. These checks are the second line: what could only be
meant for a renderer, a terminal or a hasty eye is refused before anybody sees it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["label_problem", "method_problem", "skeleton", "text_problem"]

_METHOD = re.compile(
    r"[a-z0-9]+(-[a-z0-9]+)*(\[[A-Za-z0-9_.+-]+=[A-Za-z0-9_.+-]+(,[A-Za-z0-9_.+-]+=[A-Za-z0-9_.+-]+)*\])?"
)
_MARKUP = re.compile(
    r"<\s*[/!?]?\s*(script|img|iframe|svg|object|embed|link|style|a|form|body|html|meta|base|input|video|audio|details)\b"
    r"|<!|\]\s*\(|\]\s*:|javascript\s*:|data\s*:\s*text|on(error|load|click)\s*=|&(#|lt|gt|quot)",
    re.IGNORECASE,
)
_LOOKS = str.maketrans("0135|!", "olesll")
"""Digits and signs that pass for letters."""


def method_problem(name: str) -> str | None:
    """What is wrong with a method's full name; None when nothing is."""
    if len(name) > 100:
        return f"a name of {len(name)} characters, at most 100"
    if not _METHOD.fullmatch(name):
        return f"{printable(name)} is no name: a-z, 0-9 and single hyphens, then [parameter=value,…]"
    return None


def label_problem(label: str) -> str | None:
    """What is wrong with a label: one short line of Latin letters, digits and common signs."""
    if not label.strip() or label != label.strip() or len(label) > 80:
        return f"{printable(label)} must have 1 to 80 characters and no space at its ends"
    if label != unicodedata.normalize("NFKC", label):
        return f"{printable(label)} has characters that look like others"
    for character in label:
        kind, name = unicodedata.category(character), unicodedata.name(character, "")
        if kind[0] in "CZ" and character != " ":
            return f"{printable(label)} has an invisible or control character"
        if kind[0] in "LMN" and not (character.isascii() or name.startswith("LATIN")):
            return f"{printable(label)} has {name.lower() or 'a character without a name'}, which is not Latin"
    return text_problem(label, 80)


def text_problem(text: str, longest: int, lines: bool = False) -> str | None:
    """What is wrong with a sentence, or with `lines` a text: control characters, hidden direction, markup."""
    if len(text) > longest:
        return f"{len(text)} characters, at most {longest}"
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") and not (
            lines and character in "\n\t"
        ):
            return f"holds the control or invisible character U+{ord(character):04X}"
    if found := _MARKUP.search(text):
        return f"holds markup, {printable(found[0])}: write plain text"
    return None


def skeleton(name: str) -> str:
    """What a hasty eye sees: names with equal skeletons are taken for each other.

    >>> skeleton("Agent-REINFORCE") == skeleton("agent re1nforce")
    True
    """
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKS).replace("i", "l")
    return "".join(character for character in plain if character.isalnum())


def printable(text: str, longest: int = 60) -> str:
    """A text that somebody else wrote, safe to print: escaped, quoted and cut."""
    return ascii(text[:longest]) + ("…" if len(text) > longest else "")


def texts(data: object, at: str = "") -> Iterator[tuple[str, str]]:
    """(Place, text) for every text in JSON data, keys included."""
    if isinstance(data, str):
        yield at, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield f"{at}.{printable(key, 30)}", key
            yield from texts(value, f"{at}.{key[:30]}" if at else key[:30])
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from texts(value, f"{at}.{i}")
