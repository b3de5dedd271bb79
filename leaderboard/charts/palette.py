"""Colours as CSS variables: a picture in a page follows the page's light or dark, and falls back to light alone.

Series colours are told apart with the common kinds of colour blindness (after Okabe and Ito, 2008, "Color
universal design"; darkened or lightened until they stand out at 3:1 from their paper), and never carry a meaning
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["SERIES", "colour", "light", "palette_css", "token_of", "variables"]

Scheme = Literal["light", "dark"]

_TOKENS: Mapping[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "muted": ("#59636e", "#9198a1"),
    "grid": ("#d8dee4", "#30363d"),
    "band": ("#eaeef2", "#21262d"),
    "rest": ("#8c959f", "#6e7681"),
    "1": ("#0072b2", "#56b4e9"),
    "2": ("#bf4f00", "#ff8f4d"),
    "3": ("#00805a", "#2fc59a"),
    "4": ("#aa4499", "#de8fd0"),
    "5": ("#8a6d00", "#e3c12b"),
    "6": ("#5f4bb6", "#a99bf5"),
}
"""Token to its colour on light and on dark paper. No two light ones are equal: matplotlib draws with them."""

SERIES: tuple[str, ...] = ("1", "2", "3", "4", "5", "6")
"""Tokens for data, in the order in which they are given out."""


def light(token: str) -> str:
    """The colour to draw with; `colour` takes its place in the finished picture. KeyError on an unknown token."""
    return _TOKENS[token][0]


def colour(token: str) -> str:
    """A CSS value: the token's variable, and its light colour where no page sets one."""
    return f"var(--chart-{token}, {light(token)})"


def token_of(drawn: str) -> str | None:
    """The token of a light colour; None for any other."""
    return next((token for token, (hexadecimal, _) in _TOKENS.items() if hexadecimal == drawn.lower()), None)


def variables(scheme: Scheme) -> str:
    """The declarations of all variables, for a rule of the page's own style sheet."""
    at = 0 if scheme == "light" else 1
    return "".join(f"--chart-{token}:{pair[at]};" for token, pair in _TOKENS.items())


def palette_css(root: str = ":root") -> str:
    """Rules that set the variables on `root` as the reader's system prefers."""
    dark = f"@media (prefers-color-scheme:dark){{{root}{{{variables('dark')}}}}}"
    return f"{root}{{{variables('light')}}}{dark}"
