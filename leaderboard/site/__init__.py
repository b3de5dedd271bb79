"""The leaderboard as a static site: plain pages that open from disk, the same bytes from the same records.

files = dict(build_site(source))      # path → bytes; nothing is written
"""

from __future__ import annotations

from leaderboard.site.build import build_site, chooser
from leaderboard.site.source import FileLine, Source

__all__ = ["FileLine", "Source", "build_site", "chooser"]
