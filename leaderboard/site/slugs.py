"""Names of files and anchors from text that nobody has checked."""

from __future__ import annotations

import hashlib
import re

__all__ = ["slug"]

_LONGEST = 70


def slug(text: str) -> str:
    """Lower-case letters, digits, dots and hyphens; a digest wherever something was lost, so names stay apart.

    A name depends on its own text and on nothing else: no other entry can change it.

    >>> slug("random"), slug("../../etc")[:4]
    ('random', 'etc-')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST].strip("-")
    if plain and plain == text:
        return plain
    return f"{plain or 'x'}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
