"""Charts as inline SVG: the same bytes from the same tables, light and dark, with the numbers beside them.

figure = effect_chart(Standing(board, ranking), plan)
figure.svg, figure.data
"""

from __future__ import annotations

from leaderboard.charts.anytime import anytime_chart
from leaderboard.charts.cost import cost_chart
from leaderboard.charts.effects import effect_chart
from leaderboard.charts.figure import Figure
from leaderboard.charts.markup import standalone
from leaderboard.charts.palette import palette_css, variables
from leaderboard.charts.pareto import pareto_chart
from leaderboard.charts.ranks import rank_chart
from leaderboard.charts.regret import regret_chart

__all__ = [
    "Figure",
    "anytime_chart",
    "cost_chart",
    "effect_chart",
    "palette_css",
    "pareto_chart",
    "rank_chart",
    "regret_chart",
    "standalone",
    "variables",
]
