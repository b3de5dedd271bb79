"""Labels that do not overlap, colours that can be seen, and no trace left in matplotlib."""

import matplotlib as mpl
import pytest

from leaderboard.charts import palette_css, variables
from leaderboard.charts.figure import figure_name
from leaderboard.charts.palette import SERIES, colour, light, token_of
from leaderboard.charts.style import canvas, spread
from leaderboard.charts.text import shown


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        ([5], [5]),
        ([0, 100], [0, 100]),
        ([50, 50, 50], [40, 50, 60]),
        ([98, 99, 100], [80, 90, 100]),
        ([2, 1], [10, 0]),
        ([40, 42, 60, 61], [35.75, 45.75, 55.75, 65.75]),
    ],
)
def test_labels_are_moved_apart_as_little_as_can_be(places, expected):
    assert spread(places, 10, 0, 100) == pytest.approx(expected)


def test_more_labels_than_fit_share_the_room():
    assert spread([50] * 21, 10, 0, 100) == pytest.approx([5 * at for at in range(21)])


def _luminance(hexadecimal):
    parts = [int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_stands_out_from_its_paper(scheme):
    """WCAG 2: text at 4.5:1, lines and points at 3:1."""
    colours = dict(part.split(":") for part in variables(scheme).rstrip(";").split(";"))

    def contrast(token):
        a, b = sorted((_luminance(colours[f"--chart-{token}"]), _luminance(colours["--chart-paper"])))
        return (b + 0.05) / (a + 0.05)

    assert {token: round(contrast(token), 2) for token in ("ink", "muted", *SERIES) if contrast(token) < 4.5} == {}
    assert contrast("rest") >= 3


def test_colours_are_variables_with_a_light_fallback():
    assert colour("1") == f"var(--chart-1, {light('1')})"
    assert token_of(light("1").upper()) == "1" and token_of("#123456") is None
    assert palette_css(".chart").count(".chart{--chart-paper") == 2


def test_matplotlib_is_left_as_it_was():
    before = dict(mpl.rcParams)
    with canvas(10, 10) as page:
        page.panel(0, 0, 10, 10)

    assert dict(mpl.rcParams) == before


def test_text_of_others_is_one_harmless_line():
    assert shown("a\x1b[31m b\u202e\n\tc\ufffe") == "a b c"
    assert shown("x" * 50, 10) == "x" * 9 + "…"


def test_names_stay_apart():
    names = [figure_name("a", text) for text in ("b", "B", "<b>", "b ", "../b", "b" * 99, "b" * 98, "很")]

    assert len(set(names)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(name) < 70 for name in names)
