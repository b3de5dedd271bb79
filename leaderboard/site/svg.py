"""SVG that may stand in a page: a closed list of elements and attributes, and no inline style."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from markupsafe import Markup

from leaderboard.errors import LeaderboardError

__all__ = ["safe_svg"]

_ELEMENTS = frozenset(
    (
        "svg g path rect circle ellipse line polyline polygon text tspan title desc defs clipPath use marker "
        "pattern"
    ).split()
)
_ATTRIBUTES = frozenset(
    "xmlns class viewBox width height role id d x y x1 y1 x2 y2 cx cy r rx ry dx dy points transform fill "
    "stroke fill-opacity stroke-opacity opacity stroke-width stroke-dasharray stroke-dashoffset "
    "stroke-linejoin stroke-linecap stroke-miterlimit fill-rule clip-rule clip-path clipPathUnits "
    "clip-path-units font-family font-size font-weight font-style text-anchor dominant-baseline marker-end "
    "marker-start markerWidth markerHeight markerUnits orient refX refY patternUnits patternTransform "
    "preserveAspectRatio aria-labelledby aria-label aria-hidden focusable vector-effect paint-order "
    "letter-spacing alignment-baseline".split()
)
_DROPPED = frozenset({"max-width", "height", "white-space"})
"""Properties that the page's own style sheet has for every picture."""
_LOCAL = re.compile(r"url\((?!#)", re.IGNORECASE)


def safe_svg(svg: str) -> Markup:
    """The picture with its inline styles as attributes. LeaderboardError on anything that is not on the lists."""
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise LeaderboardError(f"a picture is no XML: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag not in _ELEMENTS:
            raise LeaderboardError(f"a picture holds <{element.tag}>, which no page shows")
        element.attrib = dict(_attributes(element))
    return Markup(ET.tostring(root, encoding="unicode", short_empty_elements=True))


def _attributes(element: ET.Element) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for key, value in element.attrib.items():
        name = key.rpartition("}")[2]
        if name == "style":
            found |= _declarations(value)
        elif (name == "href" and element.tag == "use" and value.startswith("#")) or name in _ATTRIBUTES:
            found[name] = value
        elif not name.startswith("data-"):  # those are for programs that read the picture
            raise LeaderboardError(f"a picture has the attribute {name!r}, which no page shows")
    if any(_LOCAL.search(value) for value in found.values()):
        raise LeaderboardError("a picture refers to something outside itself")
    return list(found.items())


def _declarations(style: str) -> dict[str, str]:
    """Inline styles as presentation attributes: the policy of the pages allows no inline style."""
    found: dict[str, str] = {}
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        name = name.strip()
        if colon and name not in _DROPPED:
            if name not in _ATTRIBUTES:
                raise LeaderboardError(f"a picture has the style {name!r}, which no page shows")
            found[name] = value.strip()
    return found
