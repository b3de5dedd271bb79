"""Photograph a built site for the documents: desktop, phone, dark.

    isobudget leaderboard results/standard --out site
    python docs/site.py site docs/site

Needs chromium (the system's package). The pictures are reduced to 64 colours, to be small enough for git.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS: dict[str, tuple[str, dict[str, Any]]] = {
    "desktop": ("index.html", {"viewport": {"width": 1280, "height": 900}}),
    "dark": ("index.html", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
    "phone": ("index.html", {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}),
    "pairs": ("pairs.html", {"viewport": {"width": 1280, "height": 900}}),
    "budgets": ("budgets.html", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
    "pareto": ("pareto.html", {"viewport": {"width": 1280, "height": 900}}),
    "graphs": ("graphs.html", {"viewport": {"width": 1280, "height": 900}}),
}
"""Name of a picture to the page and the browser's settings."""


def main(site: Path, out: Path) -> None:
    """Write one PNG a shot."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for name, (page, settings) in SHOTS.items():
            image = _shot(browser, site.resolve() / page, settings)
            image.save(out / f"{name}.png", optimize=True)
            print(f"{out / name}.png: {(out / f'{name}.png').stat().st_size / 1000:.0f} kB")
        browser.close()


def _shot(browser: Browser, page: Path, settings: dict[str, Any]) -> Image.Image:
    context = browser.new_context(**settings)
    tab = context.new_page()
    tab.goto(page.as_uri())
    image = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    context.close()
    return image.quantize(64, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
