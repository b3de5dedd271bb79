"""From matplotlib's SVG to an element that any page can hold, several on one page, the same bytes each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from leaderboard.charts.palette import colour, palette_css, token_of

__all__ = ["DECIMALS", "inline", "standalone"]

DECIMALS = 2
"""Decimals of a coordinate, in pixels: less than anyone sees, and more than platforms differ by."""

_NUMBERED = ("d", "x", "y", "transform", "points", "width", "height", "viewBox")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+(?=\))")
# Text is in the page's own font; matplotlib's list names fonts of the machine that drew it.
_FONTS = re.compile(r"font-family: [^;]*;? ?")
_FONT = re.compile(r"font: (?P<weight>[a-z0-9 ]*?)(?P<size>[\d.]+px) [^;]*")
_NO_TURN = re.compile(r" ?rotate\(-?0(?: [^)]*)?\)")


def inline(drawn: str, name: str, title: str, description: str, tips: Mapping[str, str]) -> str:
    """The drawing as one `<svg>` element with role, title and description.

    name: the prefix of every id. tips: what an element with that id says when pointed at.
    """
    root = _plain(ET.fromstring(drawn))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style"):  # a style would apply to the whole page
                parent.remove(child)
    for element in root.iter():
        _add_tip(element, tips)
        _tidy(element)
    _rename(root, name)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "chart",
        "viewBox": root.attrib["viewBox"],
        "width": f"{width:g}",
        "height": f"{height:g}",
        "style": "max-width:100%;height:auto",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "stroke-linejoin": "round",
    }
    for at, (tag, text) in enumerate((("title", title), ("desc", description))):
        words = ET.Element(tag, {"id": f"{name}-{tag}"})
        words.text = text
        root.insert(at, words)
    _unwrap(root)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def standalone(svg: str) -> str:
    """An inline picture as a file that follows the reader's light or dark by itself, an element a line."""
    style = f"<style>{palette_css('svg')}svg{{background:var(--chart-paper)}}</style>"
    start, rest = svg.split(">", 1)
    lines = f'{start} font-family="system-ui, sans-serif">{style}{rest}'.replace("><", ">\n<")
    return f"{lines}\n"


def _plain(root: ET.Element) -> ET.Element:
    """The same tree without name spaces, which HTML does not need, and without white space between elements."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.tail = None
        if element.tag != "text":
            element.text = None
    return root


def _add_tip(element: ET.Element, tips: Mapping[str, str]) -> None:
    words = tips.get(element.get("id", ""))
    if words is not None:
        tip = ET.Element("title")
        tip.text = words
        element.insert(0, tip)


def _tidy(element: ET.Element) -> None:
    """Colours by variable, the page's font, short numbers."""
    attributes = element.attrib
    if "style" in attributes:
        style = _FONT.sub(r"\g<weight>font-size: \g<size>", attributes["style"])
        style = _COLOUR.sub(_variable, _FONTS.sub("", style))
        attributes["style"] = _short(style).replace(": ", ":").replace("; ", ";").rstrip("; ")
    for key in _NUMBERED:
        if key in attributes:
            attributes[key] = _short(" ".join(_NO_TURN.sub("", attributes[key]).split()))
            if not attributes[key]:
                del attributes[key]


def _variable(found: re.Match[str]) -> str:
    token = token_of(found[0])
    return colour(token) if token else found[0]


def _short(text: str) -> str:
    def number(found: re.Match[str]) -> str:
        short = f"{float(found[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
        return "0" if short == "-0" else short

    return _NUMBER.sub(number, text)


def _rename(root: ET.Element, name: str) -> None:
    """Ids that something refers to become name-1, name-2, …; all others go."""
    used = set(_references(root))
    new: dict[str, str] = {}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in used:
            element.attrib = {"id": new.setdefault(str(old), f"{name}-{len(new) + 1}"), **element.attrib}
    for element in root.iter():
        if "href" in element.attrib:
            element.attrib["href"] = f"#{new[element.attrib['href'].removeprefix('#')]}"
        for key in ("clip-path", "style"):
            if key in element.attrib:
                element.attrib[key] = _REFERENCE.sub(lambda found: new[found[0]], element.attrib[key])


def _references(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        if "href" in element.attrib:
            yield element.attrib["href"].removeprefix("#")
        for key in ("clip-path", "style"):
            yield from _REFERENCE.findall(element.attrib.get(key, ""))


def _unwrap(root: ET.Element) -> None:
    """Groups that say nothing give way to what is in them."""
    for parent in list(root.iter()):
        children: list[ET.Element] = []
        for child in parent:
            children += _inner(child)
        parent[:] = children


def _inner(element: ET.Element) -> list[ET.Element]:
    if element.tag != "g" or element.attrib or (len(element) and element[0].tag == "title"):
        return [element]
    return [inner for child in element for inner in _inner(child)]
